/*
 * progress: how far a file is, in a line on the terminal that standard error
 * is.  Where it is none, or with -q, nothing is shown.
 */
#ifndef NET_FILE_PROGRESS_H
#define NET_FILE_PROGRESS_H

#include <stdint.h>

/* A file of so many bytes, of which there are some already.  name may come from
 * outside: it is copied, and cleaned. */
void	 progress_begin(const char *name, uint64_t have, uint64_t size);
/* What is read from this descriptor, if it is a file. */
void	 progress_input(const char *name, int fd);
/* So many there are now. */
void	 progress_at(uint64_t have);
/* It is over: the last line stays. */
void	 progress_end(void);
/* Something else is to be written to the terminal: make room. */
void	 progress_clear(void);

#endif

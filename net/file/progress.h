/*
 * progress: how far a file is, in a line on the terminal that standard error
 * is.  Where standard error is no terminal, and with -q, nothing is shown.
 * There is one line for the run, and so one file at a time.
 *
 * A struct progress that is NULL shows nothing, in all functions.
 */
#ifndef NET_FILE_PROGRESS_H
#define NET_FILE_PROGRESS_H

#include <stdint.h>

struct loop;
struct progress;

/* A line that is not there yet; with quiet it will never be.  NULL when out of
 * memory. */
struct progress *progress_new(struct loop *l, int quiet);
/* End the line, and free p. */
void	 progress_free(struct progress *p);

/* Begin the line of a file of size bytes, of which there are already have.  A
 * line that is there ends.  name may come from a peer: it is copied, and
 * cleaned. */
void	 progress_begin(struct progress *p, const char *name, uint64_t have,
	    uint64_t size);
/* Begin the line of what will be read from this descriptor, if that is a
 * regular file: from where it stands to its end. */
void	 progress_input(struct progress *p, const char *name, int fd);
/* There are now have bytes of the file.  Fewer than before change nothing. */
void	 progress_at(struct progress *p, uint64_t have);
/* The file is over: the last line stays, with the mean rate. */
void	 progress_end(struct progress *p);
/* Remove the line from the terminal, where something else is to be written;
 * it is drawn again in time.  For log_set_before(). */
void	 progress_clear(void *progress);

#endif

/*
 * receive: files that peers offer, to the folder of -r or to standard output.
 *
 * receive.c takes them by their streams, receive_file.c knows what there is of
 * them here; receive_si.c takes offers of any program (XEP-0096),
 * receive_words.c those in streams between xcats.
 */
#ifndef NET_FILE_RECEIVE_H
#define NET_FILE_RECEIVE_H

#include <stddef.h>

#include "xml/check.h"

struct elem;
struct file_meta;
struct incoming;
struct channel;
struct partial;

/* The folder of -r: exits, with words, if it is of no use. */
void	 receive_prepare(void);
void	 receive_free(void);
/* A stanza that nobody else took: 1 if it was ours. */
int	 receive_input(const struct elem *e);
/* Is standard output taken, or about to be?  Not if there is a folder. */
int	 receive_busy(void);
/* A partial file in the folder.  NULL and errno; 0 if there is no folder. */
struct partial *receive_partial(const struct file_meta *m);

#endif

/*
 * oob: URLs in the place of files (XEP-0066): one is offered to the peer, or
 * what peers offer is fetched.
 *
 * oob.c takes the stanzas, oob_send.c offers and serves, oob_fetch.c fetches.
 */
#ifndef NET_FILE_OOB_H
#define NET_FILE_OOB_H

#include <stddef.h>

struct elem;

/* Does -s offer one?  Does a listener fetch what it is offered? */
int	 oob_sends(void);
int	 oob_fetches(void);
/* A stanza that nobody else took: 1 if it was ours. */
int	 oob_input(const struct elem *e);

/*
 * oob_send.c
 */

/* Look at what is to be served before the login: exits, with words, if it
 * cannot be. */
void	 oob_send_prepare(char *const *paths, size_t n);
/* Offer it; the session is back, and the answer to the offer is lost. */
void	 oob_send_start(void);
void	 oob_send_back(void);
void	 oob_send_free(void);

/*
 * oob_fetch.c
 */

/* What a listener is told by -o oob: exits, with words, if that makes no
 * sense. */
void	 oob_fetch_prepare(void);
void	 oob_fetch_free(void);
/* Does one go to standard output? */
int	 oob_busy(void);

#endif

/*
 * send: -s with files, one after another.
 *
 * send.c does that, send_ask.c finds out what the peer can take; send_words.c
 * offers a file in a stream between xcats, send_si.c to any other program
 * (XEP-0096).
 */
#ifndef NET_FILE_SEND_H
#define NET_FILE_SEND_H

#include <stddef.h>

struct app;

/* Look at the files before the login: exits, with words, if one cannot be
 * sent. */
void	 send_prepare(char *const *paths, size_t n);
/* Files there are: begin to send them; the session is back, and answers to
 * what was asked before are lost. */
int	 send_files(void);
void	 send_start(void);
void	 send_back(void);
void	 send_free(void);
/* Standard input as it is: call the peer, and show how far it is. */
void	 send_input_start(struct app *app);

#endif

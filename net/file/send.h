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

struct channel;

/* Look at the files before the login: exits, with words, if one cannot be
 * sent. */
void	 send_prepare(char *const *paths, size_t n);
/* Files there are: begin to send them; the session is back, and answers to
 * what was asked before are lost. */
int	 send_files(void);
void	 send_start(void);
void	 send_back(void);
void	 send_free(void);
/* The stream of a file has changed.  1: it is no more. */
int	 send_check(struct channel *l);
/* Bytes of the file that may be read now; they have been; there are no more. */
size_t	 send_room(const struct channel *l, size_t room);
void	 send_wrote(struct channel *l, size_t len);
void	 send_ended(struct channel *l);
/* Its link is over: on to the next file, or to the end. */
void	 send_over(struct channel *l, enum fault fault);
/* What the link's failure is about, for people; "" if that is no file. */
const char *send_about(const struct channel *l);

#endif

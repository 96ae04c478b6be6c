/*
 * accept: the streams that peers offer to a listener.
 */
#ifndef NET_CHANNEL_ACCEPT_H
#define NET_CHANNEL_ACCEPT_H

#include "xml/check.h"

struct app;
struct channel;
struct elem;
struct inband;
struct s5b_offer;

/* Say that we listen, once we can. */
void	 accept_start(struct app *app);
/* We have logged in again; moved: our address is another one, to be told. */
void	 accept_back(struct app *app, int moved);
/* The allowed peers are others: fetch the roster if it is needed. */
void	 accept_reloaded(struct app *app);
/* A stream is offered by this <open/>, as struct ibb_host has it. */
void	 accept_offered(void *app, struct inband *offer,
	    const struct elem *open);
/* A stream over a socket alone is offered (ibb/s5b.h). */
void	 accept_socket_offered(struct app *app, struct s5b_offer *o);
/* A socket to this peer stands, through this proxy (NULL: directly), for the
 * file that was agreed on under this sid: fd is the channel's.  0, or -1, fd is
 * closed, and the file has no channel. */
int	 accept_socket(struct app *app, const char *peer, const char *sid,
	    int fd, const char *proxy) MUST_CHECK;
/* The socket that alone was to carry a stream which a peer has opened is not to
 * be had: 1, and the channel is gone, as if the stream had not been offered.
 * Else 0. */
int	 accept_missed(struct channel *ch);

#endif

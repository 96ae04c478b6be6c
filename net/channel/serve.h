/*
 * serve: a stream and the service that its caller asks for: when that is
 * reached, and how the two are joined.
 */
#ifndef NET_CHANNEL_SERVE_H
#define NET_CHANNEL_SERVE_H

struct channel;
struct target;

/* The stream is offered, for this service: reach it now, or when the session of
 * the stream stands. */
void	 serve_offered(struct channel *ch, const struct target *t);
/* Reach the service, and join the stream to it. */
void	 serve_begin(struct channel *ch, const struct target *t);

#endif

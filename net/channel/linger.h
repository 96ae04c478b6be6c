/*
 * linger: the end of a run behind its last stream, and what the streams of a
 * run ask for in a moment (struct ibb_host).
 *
 * When the only stream has ended well, it may not be known whether its peer
 * knows that: the run stays a little, in case the peer asks.
 */
#ifndef NET_CHANNEL_LINGER_H
#define NET_CHANNEL_LINGER_H

#include "net/channel/app.h"

/* Set the timers of a new run. */
void	 linger_begin(struct app *app);
/* The last stream is over with this fault: end the run, now, or when the peer
 * knows how the stream ended. */
void	 linger_finish(struct app *app, enum fault fault);
/* End a run that was told to end with its last stream (app->draining), once
 * there is none, and each peer knows how its stream ended. */
void	 linger_drained(struct app *app);
/* Is everything done, and we stay only in case the peer asks how it ended? */
int	 linger_is_on(const struct app *app);

/* The functions of struct ibb_host that have these names there. */
void	 linger_settled(void *app);
void	 linger_ask_later(void *app);
void	 linger_answer_later(void *app);

#endif

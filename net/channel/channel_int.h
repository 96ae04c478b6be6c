/*
 * channel_int: what the files of channel share.  channel.c has its life,
 * channel_join.c its local end, channel_check.c looks what has changed,
 * channel_wait.c at what does not, channel_fail.c ends it before its time,
 * channel_file.c asks the file that is attached, and channel_state.c has its
 * states.
 */
#ifndef NET_CHANNEL_CHANNEL_INT_H
#define NET_CHANNEL_CHANNEL_INT_H

#include <stddef.h>
#include <stdint.h>

#include "net/channel/channel.h"

/*
 * channel.c
 */

/* Free a channel whose stream never was one, as its offer lapsed: a listener
 * goes on, even without -k. */
void	 channel_lapsed(struct channel *ch);
/* Is its local end neither a file nor standard input and output? */
int	 channel_is_service(const struct channel *ch);

/*
 * channel_check.c
 */

/* The channel is looked at, or freed: take it out of app->changed. */
void	 channel_unchanged(struct channel *ch);
/* Have the loop look at the channels of this run before it waits. */
void	 channel_check_begin(struct app *app);

/*
 * channel_wait.c
 */

/* Set the timers of a new channel. */
void	 channel_wait_begin(struct channel *ch);
/* Set them anew: the channel has another stream. */
void	 channel_wait_again(struct channel *ch);
/* Clear them. */
void	 channel_wait_end(struct channel *ch);
/* Begin or stop to wait for the peer or the server, as things are. */
void	 channel_wait(struct channel *ch);
/* Bytes have moved: what the channel waits for is there. */
void	 channel_wait_moved(struct channel *ch);
/* The deadline of an answer asked for now, ms: stream_conf.deadline. */
int64_t	 channel_deadline(void *channel);

/*
 * channel_fail.c
 */

/* A timer's, or at the end of streams: give the system the memory back that
 * these have freed. */
void	 channels_trim(void *arg);

/* End what is at the local end, which must not take this for a proper end. */
void	 channel_break_end(struct channel *ch);
/* The stream has failed: end the channel, for the stream's reason. */
void	 channel_broke(struct channel *ch);
/* Its local end has failed, as pump_error() says: end the channel. */
void	 channel_end_failed(struct channel *ch);
/* There is no local end, as ch->unjoined says: end the channel. */
void	 channel_unjoined(struct channel *ch);

/*
 * channel_file.c: what the functions in struct channel_file_ops say, or what
 * stands there for a NULL.
 */
size_t	 channel_file_room(const struct channel *ch, size_t room);
void	 channel_file_wrote(const struct channel *ch, size_t len);
/* The end of what is read; stream_finish() if the file has no say in it. */
void	 channel_file_ended(const struct channel *ch);
size_t	 channel_file_limit(const struct channel *ch, size_t len);
/* Consumes len bytes of the stream's, too. */
void	 channel_file_took(const struct channel *ch, size_t len);
int	 channel_file_check(const struct channel *ch);
int	 channel_file_complete(const struct channel *ch);
void	 channel_file_fails(const struct channel *ch);
int	 channel_file_told(const struct channel *ch);
int	 channel_file_declined(const struct channel *ch);
const char *channel_file_before(const struct channel *ch);
const char *channel_file_behind(const struct channel *ch);
int	 channel_file_more(const struct channel *ch);
int	 channel_file_over(const struct channel *ch, enum fault fault);
void	 channel_file_missed(const struct channel *ch);
void	 channel_file_left(const struct channel *ch);

#endif

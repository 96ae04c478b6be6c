/*
 * place: whose turn it is among the streams that peers offer, and how many may
 * be open at a time.
 *
 * A stream that comes is OFFERED (enum channel_turn).  If it has a session, it
 * is accepted and SHAKING until that stands, in place_stands().  Standard input
 * and output are one place: streams wait for it IN_LINE, and the first of them
 * has TAKEN it.  Services and folders have many places, and a stream has TAKEN
 * one at once.
 */
#ifndef NET_CHANNEL_PLACE_H
#define NET_CHANNEL_PLACE_H

#include "xml/stanza.h"

struct app;
struct channel;

/*
 * Is there no place for one more stream of this peer?  A stream that is apart
 * carries a file to a folder; other streams do not take the places of files,
 * nor files theirs.  Without -k there is one place for all that is not apart.
 * self, which may be NULL, is not counted.
 */
int	 place_is_full(struct app *app, const char *peer, int apart,
	    const struct channel *self);
/* Accept the stream of an offer, and what is offered with it.  A stream that
 * fails from that shows it when it is looked at. */
void	 place_accept(struct channel *ch);
/* Accept the stream, whose session is to stand in 10 s, or which is a probe,
 * that ends in 40 s.  The oldest handshake of the account, or of the account
 * that has most, gives way if there are too many. */
void	 place_shake(struct channel *ch);
/* The stream gets its place now. */
void	 place_take(struct channel *ch);
/* Standard input and output may be free: the stream that has waited longest
 * gets them. */
void	 place_next(struct app *app);
/* The session of a channel that was SHAKING stands: it gets its place, or a
 * place in the line, or is refused, and is gone.  A probe (stream_is_probe())
 * stays as it is. */
void	 place_stands(struct channel *ch);
/* A timer's: the session should stand by now, or the channel fails. */
void	 place_late(void *channel);
/* Refuse the stream of a channel, with a text for people or NULL, and the
 * socket that its caller may have offered for it. */
void	 place_refuse(struct channel *ch, enum stanza_error err,
	    const char *text);
/* place_refuse(), and free the channel. */
void	 place_turn_away(struct channel *ch, enum stanza_error err,
	    const char *text);

#endif

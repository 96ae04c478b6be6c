/*
 * notes: what a listener that goes on (-k) says of each of its streams: a line
 * when it has opened, and one when it has ended.  With -o log=json every run
 * does, in objects.  Files have lines of their own (net/file/receive.h).
 */
#ifndef NET_CHANNEL_NOTES_H
#define NET_CHANNEL_NOTES_H

#include "net/channel/app.h"
#include "net/channel/service.h"

struct channel;

/* Say that the stream has opened, if it is to be noted, once it stands and is
 * joined to its local end.  To be called whenever that may have become so. */
void	 notes_opened(struct channel *ch);
/* The stream has ended, with this fault, in this way: say so at this level
 * (net/io/log.h), with the bytes each way and the seconds.  Returns 1; or 0,
 * and says nothing, if its opening was not noted, or its end has been. */
int	 notes_ended(struct channel *ch, int level, enum fault fault,
	    const char *how);

/* What the stream is for, for people: the name of a service or what else there
 * is; out may be used. */
const char *notes_service(const struct channel *ch, char out[SERVICE_MAX]);

#endif

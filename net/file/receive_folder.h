/*
 * receive_folder: a folder that comes from another xcat in one stream
 * (xcat-protocol(7), Folders).  Each file that is offered is answered in its
 * turn; the bytes of those that are wanted follow in that order.
 */
#ifndef NET_FILE_RECEIVE_FOLDER_H
#define NET_FILE_RECEIVE_FOLDER_H

#include "xml/check.h"

struct channel;
struct receiver;

/* The channel's stream begins with the word for a folder, which has not been
 * consumed: it is for us to take.  0, or -1 when out of memory. */
int	 receive_folder_offered(struct receiver *r, struct channel *ch)
	    MUST_CHECK;
/* Do the len bytes at data begin with the word for a folder?  -1: that cannot
 * be told yet. */
int	 receive_folder_is(const unsigned char *data, size_t len);
/* How many folders are on their way. */
size_t	 receive_folder_count(const struct receiver *r);
/* Free those that are left, which are no channel's any more. */
void	 receive_folder_free_all(struct receiver *r);

#endif

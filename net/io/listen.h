/*
 * listen: a socket on which connections are accepted.
 *
 * When descriptors (or memory) run short, the connection that waits stays
 * there, and poll would say so for ever: so the listener rests a moment
 * before it looks again.  It rests, too, when only those are left that the
 * streams which stand may need; see limits_room().
 */
#ifndef NET_IO_LISTEN_H
#define NET_IO_LISTEN_H

#include <sys/types.h>
#include <sys/socket.h>

#include "net/io/loop.h"

#define LISTENER_REST	200	/* ms */

/* fd has been accepted.  It does not block or survive exec(3), sends small
 * pieces at once, and is the callee's, which may free the listener. */
typedef void listener_fn(void *arg, int fd);

struct listener {
	struct loop	*loop;
	struct watch	 watch;		/* fd -1: closed */
	struct timer	 rest;		/* on: it rests */
	int		 held;		/* see listener_hold() */
	listener_fn	*fn;
	void		*arg;
};

/*
 * A socket that listens on this address: no other process of ours inherits
 * it, it does not block, takes the port over from connections that linger, and
 * is for IPv6 only if sa is.  The descriptor, or -1 and errno.
 */
int	 listener_socket(const struct sockaddr *sa, socklen_t len,
	    int backlog);

/* Accept on fd, a socket that listens, which becomes the listener's also on
 * failure.  0, or -1 and errno. */
int	 listener_open(struct listener *ln, struct loop *l, int fd,
	    listener_fn *fn, void *arg);
/* Accept nothing for now (hold is 1), or again: connections wait meanwhile. */
void	 listener_hold(struct listener *ln, int hold);
/* Fine if it is closed. */
void	 listener_close(struct listener *ln);

#endif

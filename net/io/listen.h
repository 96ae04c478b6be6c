/*
 * listen: a socket on which connections are accepted.
 *
 * When descriptors or memory run short, a connection that waits to be accepted
 * goes on waiting, and poll would return at once, again and again: so the
 * listener rests a moment before it looks again.  It also rests when the only
 * descriptors left are those that open streams may need; see limits_room().
 */
#ifndef NET_IO_LISTEN_H
#define NET_IO_LISTEN_H

#include <sys/types.h>
#include <sys/socket.h>

#include "net/io/loop.h"

#define LISTENER_REST	200	/* ms */

/* fd has been accepted.  It does not block or survive exec(3), sends small
 * pieces at once, and becomes the callee's.  The callee may free the
 * listener. */
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
 * Make a socket that listens on this address.  It does not block or survive
 * exec(3), takes the port over from connections that linger, and is for IPv6
 * alone if sa is of IPv6.  Returns the descriptor, or -1 and errno.
 */
int	 listener_socket(const struct sockaddr *sa, socklen_t len,
	    int backlog);

/* Accept on fd, a socket that listens, which becomes the listener's also on
 * failure.  0, or -1 and errno. */
int	 listener_open(struct listener *ln, struct loop *l, int fd,
	    listener_fn *fn, void *arg);
/* Accept nothing for now (hold is 1), or again: connections wait meanwhile. */
void	 listener_hold(struct listener *ln, int hold);
/* Close the socket, if it is open. */
void	 listener_close(struct listener *ln);

#endif

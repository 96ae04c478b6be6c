/*
 * share_conn: a connection between the process that keeps a login and one of
 * its clients: frames (share_wire.h) and descriptors.
 */
#ifndef NET_SHARE_SHARE_CONN_H
#define NET_SHARE_SHARE_CONN_H

#include <stddef.h>

#include "net/share/share_wire.h"
#include "xml/check.h"

struct loop;
struct share_conn;

#define SHARE_FDS	200	/* descriptors under way, at most */

/* What its owner is told; arg is passed to both.  Neither may free it. */
struct share_conn_user {
	void	(*frame)(void *arg, const struct share_frame *f);
	/* The other end has gone, or does not speak as we do.  Called once,
	 * and frame() not any more. */
	void	(*gone)(void *arg);
	void	*arg;
};

/* fd, which does not block, becomes the connection's, also on failure.  NULL
 * when out of memory. */
struct share_conn *share_conn_new(struct loop *l, int fd,
	    const struct share_conn_user *user);
/* Close it, and the descriptors that came and were not taken.  NULL is
 * fine. */
void	 share_conn_free(struct share_conn *c);

/* Send a frame.  What the other end does not take at once waits here, up to a
 * MiB.  0, or -1 and errno: nothing is sent. */
int	 share_conn_send(struct share_conn *c, enum share_type type,
	    const void *data, size_t len) MUST_CHECK;
/* Send the first frame of all with copies of n descriptors, SHARE_FDS at most,
 * which stay the caller's.  0, or -1 and errno. */
int	 share_conn_send_fds(struct share_conn *c, enum share_type type,
	    const void *data, size_t len, const int *fds, size_t n) MUST_CHECK;
/* The next of the descriptors that came, which is the caller's from now on; -1
 * if there is none. */
int	 share_conn_take_fd(struct share_conn *c);
/* Bytes that wait to be sent. */
size_t	 share_conn_queued(const struct share_conn *c);

#endif

/*
 * service_dial: from a target to the descriptors of a local end.
 */
#ifndef NET_CHANNEL_SERVICE_DIAL_H
#define NET_CHANNEL_SERVICE_DIAL_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

struct loop;
struct service_dial;
struct service_udp;
struct resolver;
struct target;

/* The descriptors, which are one for a socket, and the child's pid (0: none);
 * or -1 and why not, for the peer to read. */
typedef void service_dial_fn(void *arg, int rfd, int wfd, pid_t pid,
	    const char *err);

/* What a command may know of its stream: it is in the environment as
 * XCAT_PEER, XCAT_SID and XCAT_LOCAL; XCAT_SERVICE is the target's name. */
struct service_env {
	const char	*peer, *sid, *local;
	int64_t		 idle;	/* ms that a stream of datagrams may be quiet */
};

/* Connect to the target, which for datagrams is a link to it, or run its
 * command.  fn is called from the loop.
 * NULL when out of memory. */
struct service_dial *service_dial(struct loop *l, struct resolver *r,
	    const struct target *t, const struct service_env *env,
	    service_dial_fn *fn, void *arg);
/* In fn: the target of datagrams, whose link has the descriptor as its other
 * end, and which is the caller's from now on.  NULL: there is none. */
struct service_udp *service_dial_udp(struct service_dial *r);
/* Give it up; not to be called after fn was.  NULL is fine. */
void	 service_dial_cancel(struct service_dial *r);

#endif

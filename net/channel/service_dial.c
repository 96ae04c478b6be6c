#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/service.h"
#include "net/channel/service_dial.h"
#include "net/channel/service_udp.h"
#include "net/dial/dial.h"
#include "net/dial/udp_dial.h"
#include "net/io/child.h"
#include "net/io/fd.h"
#include "net/io/loop.h"

struct service_dial {
	struct loop	*loop;
	struct dial	*dial;		/* TARGET_TCP */
	struct udp_dial	*udp_dial;	/* TARGET_UDP */
	struct service_udp *udp;	/* so, too, until it is taken */
	int64_t		 idle;		/* of that, ms */
	struct timer	 ready;		/* the others: it is done */
	char		 name[SERVICE_MAX];
	int		 fds[2];
	pid_t		 pid;
	char		 err[SERVICE_MAX + 128];
	service_dial_fn	*fn;
	void		*arg;
};

static void
deliver(void *arg)
{
	struct service_dial	*r = arg;

	if (r->fds[0] == -1)
		r->fn(r->arg, -1, -1, 0, r->err);
	else
		r->fn(r->arg, r->fds[0], r->fds[1], r->pid, NULL);
	free(r);
}

static void
dialled(void *arg, int fd, const char *err)
{
	struct service_dial	*r = arg;

	r->fds[0] = r->fds[1] = fd;
	if (fd == -1)
		snprintf(r->err, sizeof(r->err), "%s: %s", r->name, err);
	deliver(r);
}

static void
resolved(void *arg, const struct addr *addrs, size_t n, const char *err)
{
	struct service_dial	*r = arg;

	r->udp_dial = NULL;
	if (n > 0)
		r->udp = service_udp_new(r->loop, r->name, addrs, n, r->idle,
		    &r->fds[0]);
	r->fds[1] = r->fds[0];
	if (r->udp == NULL)
		snprintf(r->err, sizeof(r->err), "%s: %s", r->name, n > 0 ?
		    strerror(errno) : err);
	deliver(r);
}

struct service_udp *
service_dial_udp(struct service_dial *r)
{
	struct service_udp	*udp = r->udp;

	r->udp = NULL;
	return udp;
}

static int
connect_unix(const char *path)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	int			 fd;

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    (fd = fd_ready(fd)) == -1)
		return -1;
	return connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ?
	    fd_give_up(fd) : fd;
}

static void
dial_unix(struct service_dial *r, const char *path)
{
	r->fds[0] = r->fds[1] = connect_unix(path);
	if (r->fds[0] == -1)
		snprintf(r->err, sizeof(r->err), "%s: %s", r->name,
		    strerror(errno));
}

static void
dial_command(struct service_dial *r, const char *command,
    const struct service_env *env)
{
	const char	*const vars[] = {
		"XCAT_PEER", env->peer, "XCAT_SID", env->sid,
		"XCAT_LOCAL", env->local, "XCAT_SERVICE", r->name, NULL
	};

	if (!child_known(command))
		snprintf(r->err, sizeof(r->err), "%s: command not found",
		    r->name);
	else if ((r->pid = child_run(command, vars, r->fds)) == -1) {
		r->fds[0] = -1;
		snprintf(r->err, sizeof(r->err), "%s: cannot run the "
		    "command: %s", r->name, strerror(errno));
	}
}

struct service_dial *
service_dial(struct loop *l, struct resolver *res, const struct target *t,
    const struct service_env *env, service_dial_fn *fn, void *arg)
{
	struct service_dial	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->loop = l;
	r->ready = (struct timer){ .fire = deliver, .arg = r };
	r->fds[0] = r->fds[1] = -1;
	r->fn = fn;
	r->arg = arg;
	memcpy(r->name, t->name, sizeof(r->name));
	if (t->kind == TARGET_TCP) {
		r->dial = dial(l, res, t->host, t->port, AF_UNSPEC, dialled,
		    r);
		if (r->dial == NULL) {
			free(r);
			return NULL;
		}
		return r;
	}
	if (t->kind == TARGET_UDP) {
		r->idle = env->idle;
		r->udp_dial = udp_dial(res, t->host, t->port, resolved, r);
		if (r->udp_dial == NULL) {
			free(r);
			return NULL;
		}
		return r;
	}
	if (t->kind == TARGET_UNIX)
		dial_unix(r, t->path);
	else
		dial_command(r, t->command, env);
	timer_set(l, &r->ready, clock_ms());
	return r;
}

void
service_dial_cancel(struct service_dial *r)
{
	if (r == NULL)
		return;
	dial_cancel(r->dial);
	udp_dial_cancel(r->udp_dial);
	timer_clear(r->loop, &r->ready);
	if (r->fds[0] != -1)
		close(r->fds[0]);
	if (r->fds[1] != -1 && r->fds[1] != r->fds[0])
		close(r->fds[1]);
	if (r->pid > 0)
		child_hangup(r->pid);
	free(r);
}

/* port: see port.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/addr.h"
#include "net/dial/port.h"
#include "net/io/listen.h"
#include "net/io/loop.h"
#include "net/io/systemd.h"

#define BACKLOG		128

struct port {
	struct loop	*loop;
	struct listener	 listeners[PORT_ADDRS];
	size_t		 n;
	char		*path;		/* of a Unix socket to remove */
	port_fn		*fn;
	void		*arg;
};

static void
port_accepted(void *arg, int fd)
{
	struct port	*p = arg;

	p->fn(p->arg, fd);
}

static struct port *
port_new(struct loop *l, port_fn *fn, void *arg)
{
	struct port	*p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->loop = l;
	p->fn = fn;
	p->arg = arg;
	return p;
}

/* Accept on fd, which is the port's from now on.  0 or -1 and errno. */
static int
port_add(struct port *p, int fd)
{
	if (listener_open(&p->listeners[p->n], p->loop, fd, port_accepted,
	    p) == -1)
		return -1;
	p->n++;
	return 0;
}

/* 0 or -1 and errno. */
static int
bind_to(struct port *p, const struct sockaddr *sa, socklen_t len)
{
	int	 fd = listener_socket(sa, len, BACKLOG);

	return fd == -1 ? -1 : port_add(p, fd);
}

static void
close_all(void *arg)
{
	struct port	*p = arg;

	while (p->n > 0)
		listener_close(&p->listeners[--p->n]);
}

/* As struct port_binder has it. */
static int
bind_tcp(void *arg, const struct sockaddr *sa, socklen_t len)
{
	return bind_to(arg, sa, len);
}

static uint16_t
bound_number(void *arg)
{
	return port_number(arg);
}

static int
listen_tcp(struct port *p, const char *where, char *err)
{
	const struct port_binder	 b = {
		.bind = bind_tcp,
		.number = bound_number,
		.undo = close_all,
		.arg = p,
	};

	return port_bind(where, SOCK_STREAM, &b, err);
}

/* A socket on which no process listens is left over and may go. */
static void
remove_stale(const struct sockaddr_un *sun)
{
	struct stat	 st;
	int		 fd;

	if (lstat(sun->sun_path, &st) == -1 || !S_ISSOCK(st.st_mode) ||
	    (fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1)
		return;
	if (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == -1 &&
	    errno == ECONNREFUSED)
		unlink(sun->sun_path);
	close(fd);
}

static int
listen_unix(struct port *p, const char *path, char *err)
{
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	mode_t			 mask;
	int			 r;

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >=
	    sizeof(sun.sun_path)) {
		snprintf(err, PORT_ERR, "%.100s: too long for a Unix socket",
		    path);
		return -1;
	}
	remove_stale(&sun);
	mask = umask(0177);	/* for this user only */
	r = bind_to(p, (struct sockaddr *)&sun, sizeof(sun));
	umask(mask);
	if (r == -1 || (p->path = strdup(path)) == NULL) {
		snprintf(err, PORT_ERR, "cannot listen on %.100s: %s", path,
		    strerror(errno));
		return -1;
	}
	return 0;
}

int
port_check(const char *where, char *err)
{
	return *where == '/' ? 0 : port_bind_check(where, err);
}

struct port *
port_listen(struct loop *l, const char *where, port_fn *fn, void *arg,
    char *err)
{
	struct port	*p;

	if ((p = port_new(l, fn, arg)) == NULL) {
		snprintf(err, PORT_ERR, "out of memory");
		return NULL;
	}
	if ((*where == '/' ? listen_unix(p, where, err) :
	    listen_tcp(p, where, err)) == -1) {
		port_free(p);
		return NULL;
	}
	return p;
}

struct port *
port_inherit(struct loop *l, int fd, port_fn *fn, void *arg)
{
	struct port	*p;

	if ((p = port_new(l, fn, arg)) != NULL && port_add(p, fd) == -1) {
		port_free(p);
		return NULL;
	}
	return p;
}

uint16_t
port_number(const struct port *p)
{
	return addr_local_port(p->listeners[0].watch.fd);
}

void
port_hold(struct port *p, int hold)
{
	size_t	 i;

	for (i = 0; i < p->n; i++)
		listener_hold(&p->listeners[i], hold);
}

void
port_free(struct port *p)
{
	if (p == NULL)
		return;
	close_all(p);
	if (p->path != NULL)
		unlink(p->path);
	free(p->path);
	free(p);
}

struct ports {
	struct loop	*loop;
	struct port	**list;		/* first those handed over */
	size_t		 n;
	size_t		 given;		/* sockets handed over */
	size_t		 opened;	/* times ports_open() was called */
};

struct ports *
ports_new(struct loop *l)
{
	struct ports	*p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->loop = l;
	p->given = (size_t)systemd_sockets();
	return p;
}

size_t
ports_given(const struct ports *p)
{
	return p->given;
}

void
ports_free(struct ports *p)
{
	if (p == NULL)
		return;
	while (p->n > 0)
		port_free(p->list[--p->n]);
	free(p->list);
	free(p);
}

static int
append(struct ports *p, struct port *port)
{
	struct port	**list;

	if (port == NULL)
		return -1;
	list = reallocarray(p->list, p->n + 1, sizeof(*list));
	if (list == NULL) {
		port_free(port);
		return -1;
	}
	p->list = list;
	p->list[p->n++] = port;
	return 0;
}

static int
inherit(struct ports *p, char *err)
{
	socklen_t	 len;
	size_t		 i;
	int		 fd, listens;

	for (i = 0; i < p->given; i++) {
		fd = SYSTEMD_FIRST + (int)i;
		len = sizeof(listens);
		if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens,
		    &len) == -1 || !listens) {
			snprintf(err, PORT_ERR, "LISTEN_FDS is %zu, but "
			    "descriptor %d is not a socket that listens; see "
			    "to the socket unit", p->given, fd);
			return -1;
		}
		if (append(p, port_inherit(p->loop, fd, NULL, NULL)) == -1)
			return -1;
	}
	return 0;
}

int
ports_open(struct ports *p, const char *where, port_fn *fn, void *arg,
    char *err)
{
	size_t	 i;

	snprintf(err, PORT_ERR, "out of memory");
	if (p->opened == 0 && inherit(p, err) == -1)
		return -1;
	if (p->opened >= p->given)
		return append(p, port_listen(p->loop, where, fn, arg, err));
	/* All that are left, until the next one comes for its own. */
	for (i = p->opened++; i < p->given; i++) {
		p->list[i]->fn = fn;
		p->list[i]->arg = arg;
	}
	return 0;
}

char *
ports_text(const struct ports *p, size_t i, const char *where, char *out)
{
	/* What has been handed over may be anything. */
	if (*where == '/' || i < p->given || i >= p->n)
		strlcpy(out, where, PORT_TEXT);
	else
		port_bind_text(where, port_number(p->list[i]), out);
	return out;
}

void
ports_hold(struct ports *p, int hold)
{
	size_t	 i;

	for (i = 0; i < p->n; i++)
		port_hold(p->list[i], hold);
}

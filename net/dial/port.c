#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <netinet/in.h>

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/dial/addr.h"
#include "net/dial/port.h"
#include "net/io/listen.h"
#include "net/io/loop.h"
#include "net/io/systemd.h"
#include "xml/number.h"

#define FDS_MAX		4	/* addresses of one port */
#define BACKLOG		128
#define PLACE_MAX	300	/* bytes of "addr:port", with NUL */
#define ANY_PORT_TRIES	16	/* to get one port of several addresses */

struct port {
	struct loop	*loop;
	struct listener	 listeners[FDS_MAX];
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

#define PLACE_MAX	300	/* bytes of "[addr:]port", with NUL */

/* "[addr:]port", taken apart. */
struct place {
	char		 copy[PLACE_MAX];
	char		*host;		/* in there; NULL: the loopback */
	uint16_t	 port;		/* 0: any */
};

/* 0, or -1 with a message. */
static int
parse_place(const char *where, struct place *w, char *err)
{
	char		*digits;
	uint64_t	 n;

	if (strlcpy(w->copy, where, sizeof(w->copy)) >= sizeof(w->copy) ||
	    addr_split(w->copy, &w->host, &digits) == -1) {
		snprintf(err, PORT_ERR, "%.100s: give [addr:]port or /path",
		    where);
		return -1;
	}
	if (digits == NULL) {
		digits = w->host;
		w->host = NULL;
	}
	if (number_read(digits, 0, UINT16_MAX, &n) == -1) {
		snprintf(err, PORT_ERR, "%.100s: give [addr:]port or /path; "
		    "a port is a number from 0, which is any, to 65535",
		    where);
		return -1;
	}
	w->port = (uint16_t)n;
	return 0;
}

static void
close_all(struct port *p)
{
	while (p->n > 0)
		listener_close(&p->listeners[--p->n]);
}

static void
set_port(struct sockaddr *sa, uint16_t port)
{
	if (sa->sa_family == AF_INET6)
		((struct sockaddr_in6 *)(void *)sa)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)(void *)sa)->sin_port = htons(port);
}

/* One port of all these addresses, as far as they exist here.  If any port will
 * do, the first address gets it, and it may be taken at the next one.  Returns
 * 0 or an errno. */
static int
bind_all(struct port *p, const struct addrinfo *all, uint16_t port)
{
	const struct addrinfo	*ai;

	for (ai = all; ai != NULL && p->n < FDS_MAX; ai = ai->ai_next) {
		if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6)
			continue;
		set_port(ai->ai_addr, p->n > 0 ? port_number(p) : port);
		if (bind_to(p, ai->ai_addr, ai->ai_addrlen) == -1 &&
		    errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL)
			return errno;
	}
	return p->n > 0 ? 0 : EADDRNOTAVAIL;
}

static int
listen_tcp(struct port *p, const char *where, char *err)
{
	struct addrinfo	 hints = { .ai_family = AF_UNSPEC,
			    .ai_socktype = SOCK_STREAM,
			    .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo	*res;
	struct place	 w;
	int		 r, tries = ANY_PORT_TRIES;

	if (parse_place(where, &w, err) == -1)
		return -1;
	r = getaddrinfo(w.host == NULL ? "localhost" :
	    strcmp(w.host, "*") == 0 ? NULL : w.host, "0", &hints, &res);
	if (r != 0) {
		snprintf(err, PORT_ERR, "%.100s: %s", where, gai_strerror(r));
		return -1;
	}
	while ((r = bind_all(p, res, w.port)) == EADDRINUSE && w.port == 0 &&
	    --tries > 0)
		close_all(p);
	freeaddrinfo(res);
	if (r == 0)
		return 0;
	snprintf(err, PORT_ERR, "cannot listen on %.100s: %s", where,
	    strerror(r));
	return -1;
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
	struct place	 w;

	return *where == '/' ? 0 : parse_place(where, &w, err);
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
	struct sockaddr_storage	 ss;
	socklen_t		 len = sizeof(ss);

	if (getsockname(p->listeners[0].watch.fd, (struct sockaddr *)&ss,
	    &len) == -1)
		return 0;
	return addr_port((struct sockaddr *)&ss);
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
	const char	*colon = strrchr(where, ':');
	int		 before = colon != NULL ? (int)(colon + 1 - where) : 0;

	/* What has been handed over may be anything. */
	if (*where == '/' || i < p->given || i >= p->n)
		strlcpy(out, where, PORT_TEXT);
	else
		snprintf(out, PORT_TEXT, "%.*s%u", before, where,
		    port_number(p->list[i]));
	return out;
}

void
ports_hold(struct ports *p, int hold)
{
	size_t	 i, j;

	for (i = 0; i < p->n; i++)
		for (j = 0; j < p->list[i]->n; j++)
			listener_hold(&p->list[i]->listeners[j], hold);
}

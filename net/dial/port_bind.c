/* port_bind: see port_bind.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "net/dial/addr.h"
#include "net/dial/port_bind.h"
#include "xml/number.h"

#define PLACE_MAX	300	/* bytes of "[addr:]port", with NUL */
#define ANY_PORT_TRIES	16	/* to get one port of several addresses */

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

int
port_bind_check(const char *where, char *err)
{
	struct place	 w;

	return parse_place(where, &w, err);
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
bind_all(const struct port_binder *b, const struct addrinfo *all, uint16_t port)
{
	const struct addrinfo	*ai;
	size_t			 n = 0;

	for (ai = all; ai != NULL && n < PORT_ADDRS; ai = ai->ai_next) {
		if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6)
			continue;
		set_port(ai->ai_addr, n > 0 ? b->number(b->arg) : port);
		if (b->bind(b->arg, ai->ai_addr, ai->ai_addrlen) == 0)
			n++;
		else if (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL)
			return errno;
	}
	return n > 0 ? 0 : EADDRNOTAVAIL;
}

int
port_bind(const char *where, int type, const struct port_binder *b, char *err)
{
	struct addrinfo	 hints = { .ai_family = AF_UNSPEC,
			    .ai_socktype = type,
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
	while ((r = bind_all(b, res, w.port)) == EADDRINUSE && w.port == 0 &&
	    --tries > 0)
		b->undo(b->arg);
	freeaddrinfo(res);
	if (r == 0)
		return 0;
	snprintf(err, PORT_ERR, "cannot listen on %.100s: %s", where,
	    strerror(r));
	return -1;
}

char *
port_bind_text(const char *where, uint16_t number, char *out)
{
	const char	*colon = strrchr(where, ':');

	snprintf(out, PORT_TEXT, "%.*s%u", colon != NULL ?
	    (int)(colon + 1 - where) : 0, where, number);
	return out;
}

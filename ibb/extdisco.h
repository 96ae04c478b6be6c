/*
 * extdisco: which servers of STUN the own server names (XEP-0215).
 */
#ifndef IBB_EXTDISCO_H
#define IBB_EXTDISCO_H

#include <stddef.h>
#include <stdint.h>

struct extdisco;
struct iq_table;

#define EXTDISCO_MAX	8	/* services that are looked at */
#define STUN_PORT	3478	/* where none is given: RFC 8489 section 18.6 */

/* What makes a service worth asking; the smaller, the better. */
enum extdisco_kind {
	EXTDISCO_STUN_TCP,
	EXTDISCO_TURN_TCP,	/* TURN servers answer STUN, too */
	EXTDISCO_STUN_UDP,	/* named for UDP only; most have TCP on the
				 * port of that number */
	EXTDISCO_TURN_UDP
};

struct extdisco_service {
	enum extdisco_kind kind;
	char		 host[256];	/* a name or an address */
	uint16_t	 port;		/* STUN_PORT where none is named */
};

/* The n services that are known, best first, each host and port once; n is 0 if
 * the server names none, or does not answer. */
typedef void extdisco_fn(void *arg, const struct extdisco_service *services,
	    size_t n);

/* Ask a server (section 3.1).  fn is called once, by deadline (monotonic
 * milliseconds) at the latest.  NULL if that cannot be sent.  Services over TLS
 * (stuns, turns) are left out. */
struct extdisco *extdisco_ask(struct iq_table *t, const char *server,
	    int64_t deadline, extdisco_fn *fn, void *arg);
/* Ignore the answer; not to be called after fn was.  NULL is fine. */
void	 extdisco_cancel(struct extdisco *x);

#endif

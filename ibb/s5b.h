/*
 * s5b: the stanzas of SOCKS5 bytestreams (XEP-0065): which hosts are offered,
 * which host is used, what a proxy is told; and how proxies are found
 * (XEP-0030).  Connections are made in net/s5b/.
 *
 * The requester offers, the target connects and says where it got through;
 * if that is a proxy, the requester connects there, too, and has it activated.
 */
#ifndef IBB_S5B_H
#define IBB_S5B_H

#include <stddef.h>
#include <stdint.h>

#include "xml/check.h"
#include "xml/jid.h"
#include "xml/stanza.h"

struct elem;
struct iq_table;
struct xw;

#define S5B_HOSTS	16	/* most that are looked at in an offer */
#define S5B_HASH	41	/* SHA-1 in hexadecimal, and NUL */
#define S5B_PORT	1080	/* section 12.2: where none is given */

struct streamhost {
	char		 jid[JID_MAX];	/* verbatim, for comparison */
	char		 host[256];	/* a name or an address */
	uint16_t	 port;
};

/* SOCKS5's name for a stream (section 5.3.2): SHA-1 of sid and of both JIDs,
 * prepared and in UTF-8, into out[S5B_HASH]. */
void	 s5b_hash(const char *sid, const char *requester, const char *target,
	    char *out);

/*
 * The requester
 */

struct s5b_ask;

/* The target has connected to hosts[used], and its answer was this <query/>
 * (NULL from a proxy); or used is -1 and err says why not (SE_NONE: no answer,
 * or an answer that makes no sense, as why says). */
typedef void s5b_used_fn(void *arg, const struct elem *query, int used,
	    enum stanza_error err, const char *why);

/*
 * Offer n hosts (copied) for stream sid to peer.  extra (may be NULL) writes
 * children, or attributes, into <query/>.  The answer comes once, by deadline
 * (monotonic milliseconds) at the latest.  NULL if it cannot be sent.
 */
struct s5b_ask *s5b_offer(struct iq_table *t, const char *peer,
	    const char *sid, const struct streamhost *hosts, size_t n,
	    void (*extra)(void *arg, struct xw *w), int64_t deadline,
	    s5b_used_fn *fn, void *arg);
/* Have the proxy relay (section 6.3.5).  Answered with used 0 or -1, as
 * s5b_offer() by deadline.  NULL if it cannot be sent. */
struct s5b_ask *s5b_activate(struct iq_table *t, const char *proxy,
	    const char *sid, const char *target, int64_t deadline,
	    s5b_used_fn *fn, void *arg);
/* Ignore the answer, and free it; not to be called after fn was.  NULL is
 * fine. */
void	 s5b_cancel(struct s5b_ask *a);

/*
 * The target
 */

/* An offer as it came: valid as long as its stanza. */
struct s5b_offer {
	const char	 *from, *id, *sid;
	const struct elem *query;
	const char	 *dstaddr;	/* the hash, if it gives one */
	struct streamhost *hosts;	/* allocated; the taker frees it */
	size_t		  n;
};

/*
 * Is this iq an offer?  1: it is, and o is filled in (o->hosts NULL if memory
 * is out); -1: the offer makes no sense and has been refused; 0: the iq is
 * something else.
 */
int	 s5b_parse(struct iq_table *t, const struct elem *iq,
	    struct s5b_offer *o);
/* Answer an offer: we got through to the host with this JID.  id, from and sid
 * are the offer's.  extra (may be NULL) writes children into <query/>.  0, or
 * -1 if it cannot be sent. */
int	 s5b_accept(struct iq_table *t, const char *from, const char *id,
	    const char *sid, const char *jid,
	    void (*extra)(void *arg, struct xw *w), void *arg) MUST_CHECK;

/*
 * Proxies (section 4)
 */

struct s5b_search;

/* Called for each proxy as it is found, and with NULL at the end, by deadline
 * (monotonic milliseconds) at the latest. */
typedef void s5b_proxy_fn(void *arg, const struct streamhost *proxy);

/* Ask the proxy with this JID for its address.  NULL if that cannot be sent. */
struct s5b_search *s5b_search_proxy(struct iq_table *t, const char *jid,
	    int64_t deadline, s5b_proxy_fn *fn, void *arg);
/* Ask the items of a server whether they are proxies, and for their addresses.
 * NULL if that cannot be sent. */
struct s5b_search *s5b_search_server(struct iq_table *t, const char *jid,
	    int64_t deadline, s5b_proxy_fn *fn, void *arg);
/* End a search; not to be called after fn had NULL.  NULL is fine. */
void	 s5b_search_free(struct s5b_search *s);

#endif

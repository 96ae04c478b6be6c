/*
 * s5b: the stanzas of SOCKS5 bytestreams (XEP-0065).
 */
#include <openssl/evp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/items.h"
#include "ibb/s5b.h"
#include "ibb/sid.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/ns.h"
#include "xml/number.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define PROXIES_MAX	4	/* proxies of a server that are used */

/*
 * For requesters and targets
 */

static void
s5b_digest_jid(EVP_MD_CTX *md, const char *jid)
{
	char	 prepared[JID_MAX];

	/* A JID that cannot be prepared is hashed as it is, at both ends. */
	if (jid_prep(jid, prepared, NULL) == 0)
		jid = prepared;
	EVP_DigestUpdate(md, jid, strlen(jid));
}

void
s5b_hash(const char *sid, const char *requester, const char *target, char *out)
{
	unsigned char	 sha[EVP_MAX_MD_SIZE];
	EVP_MD_CTX	*md;

	memset(sha, 0, sizeof(sha));
	if ((md = EVP_MD_CTX_new()) != NULL &&
	    EVP_DigestInit_ex(md, EVP_sha1(), NULL) == 1) {
		EVP_DigestUpdate(md, sid, strlen(sid));
		s5b_digest_jid(md, requester);
		s5b_digest_jid(md, target);
		EVP_DigestFinal_ex(md, sha, NULL);
	}
	EVP_MD_CTX_free(md);
	number_to_hex(sha, (S5B_HASH - 1) / 2, out);
}

/* A port as section 12.2 has it; 0 if s is not a port. */
static uint16_t
s5b_parse_port(const char *s)
{
	uint16_t	 port;

	if (s == NULL)
		return S5B_PORT;
	return number_port(s, &port) == 0 ? port : 0;
}

/* Read a <streamhost/>: 0, or -1 if it lacks something. */
static int
s5b_parse_host(const struct elem *e, struct streamhost *h)
{
	const char	*jid = elem_attr(e, "jid"), *host;

	host = elem_attr(e, "host");
	h->port = s5b_parse_port(elem_attr(e, "port"));
	if (jid == NULL || *jid == '\0' || host == NULL || *host == '\0' ||
	    h->port == 0)
		return -1;
	return strlcpy(h->jid, jid, sizeof(h->jid)) >= sizeof(h->jid) ||
	    strlcpy(h->host, host, sizeof(h->host)) >= sizeof(h->host) ?
	    -1 : 0;
}

/*
 * The requester
 */

struct s5b_ask {
	struct iq_table		*iqs;
	struct streamhost	*hosts;
	size_t			 n;
	s5b_used_fn		*fn;
	void			*arg;
};

void
s5b_cancel(struct s5b_ask *a)
{
	if (a == NULL)
		return;
	iq_forget(a->iqs, a);
	free(a->hosts);
	free(a);
}

static void
s5b_ask_finish(struct s5b_ask *a, const struct elem *query, int used,
    enum stanza_error err, const char *why)
{
	s5b_used_fn	*fn = a->fn;
	void		*arg = a->arg;

	s5b_cancel(a);
	fn(arg, query, used, err, why);
}

static int
s5b_find_host(const struct s5b_ask *a, const char *jid)
{
	char	 prepared[JID_MAX];
	size_t	 i;

	if (jid == NULL)
		return -1;
	for (i = 0; i < a->n; i++)
		if (strcmp(a->hosts[i].jid, jid) == 0)
			return (int)i;
	if (jid_prep(jid, prepared, NULL) == -1)
		return -1;
	for (i = 0; i < a->n; i++)
		if (strcmp(a->hosts[i].jid, prepared) == 0)
			return (int)i;
	return -1;
}

/* End the request with the error of this answer and its text. */
static void
s5b_ask_refused(struct s5b_ask *a, const struct elem *answer)
{
	enum stanza_error	 err = stanza_error(answer);
	const char		*text = stanza_errortext(answer);
	char			 why[256];

	snprintf(why, sizeof(why), "%s%s%s", stanza_strerror(err),
	    *text != '\0' ? ": " : "", text);
	s5b_ask_finish(a, NULL, -1, err, why);
}

static void
s5b_offer_answered(void *arg, const struct elem *answer)
{
	struct s5b_ask		*a = arg;
	const struct elem	*query, *e;
	int			 used;

	if (answer == NULL) {
		s5b_ask_finish(a, NULL, -1, SE_NONE, "no answer in time");
		return;
	}
	if (stanza_error(answer) != SE_NONE) {
		s5b_ask_refused(a, answer);
		return;
	}
	query = elem_child(answer, NS_BYTESTREAMS, "query");
	e = elem_child(query, NS_BYTESTREAMS, "streamhost-used");
	used = s5b_find_host(a, elem_attr(e, "jid"));
	s5b_ask_finish(a, query, used, SE_NONE, used != -1 ? NULL :
	    "it uses a host that was not offered");
}

static struct s5b_ask *
s5b_ask_new(struct iq_table *t, s5b_used_fn *fn, void *arg)
{
	struct s5b_ask	*a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->iqs = t;
	a->fn = fn;
	a->arg = arg;
	return a;
}

static void
s5b_write_host(struct xw *w, const struct streamhost *h)
{
	xw_start(w, "streamhost", NULL);
	xw_attr(w, "jid", h->jid);
	xw_attr(w, "host", h->host);
	xw_attrf(w, "port", "%u", h->port);
	xw_end(w);
}

struct s5b_ask *
s5b_offer(struct iq_table *t, const char *peer, const char *sid,
    const struct streamhost *hosts, size_t n,
    void (*extra)(void *, struct xw *), int64_t deadline, s5b_used_fn *fn,
    void *arg)
{
	struct s5b_ask	*a;
	struct xw	*w;
	size_t		 i;

	if ((a = s5b_ask_new(t, fn, arg)) == NULL ||
	    (a->hosts = reallocarray(NULL, n, sizeof(*hosts))) == NULL) {
		s5b_cancel(a);
		return NULL;
	}
	memcpy(a->hosts, hosts, n * sizeof(*hosts));
	a->n = n;
	w = iq_request(t, "set", peer);
	xw_start(w, "query", NS_BYTESTREAMS);
	xw_attr(w, "sid", sid);
	xw_attr(w, "mode", "tcp");
	if (extra != NULL)
		extra(arg, w);
	for (i = 0; i < n; i++)
		s5b_write_host(w, &hosts[i]);
	if (iq_ask(t, s5b_offer_answered, a, deadline) == -1) {
		s5b_cancel(a);
		return NULL;
	}
	return a;
}

static void
s5b_activate_answered(void *arg, const struct elem *answer)
{
	struct s5b_ask	*a = arg;

	if (answer == NULL)
		s5b_ask_finish(a, NULL, -1, SE_NONE,
		    "the proxy does not answer");
	else if (stanza_error(answer) != SE_NONE)
		s5b_ask_refused(a, answer);
	else
		s5b_ask_finish(a, NULL, 0, SE_NONE, NULL);
}

struct s5b_ask *
s5b_activate(struct iq_table *t, const char *proxy, const char *sid,
    const char *target, int64_t deadline, s5b_used_fn *fn, void *arg)
{
	struct s5b_ask	*a;
	struct xw	*w;

	if ((a = s5b_ask_new(t, fn, arg)) == NULL)
		return NULL;
	w = iq_request(t, "set", proxy);
	xw_start(w, "query", NS_BYTESTREAMS);
	xw_attr(w, "sid", sid);
	xw_elem(w, "activate", NULL, target);
	if (iq_ask(t, s5b_activate_answered, a, deadline) == -1) {
		s5b_cancel(a);
		return NULL;
	}
	return a;
}

/*
 * The target
 */

static int
s5b_good_hash(const char *s)
{
	return s != NULL && strlen(s) == S5B_HASH - 1 &&
	    strspn(s, NUMBER_HEX_LOWER) == S5B_HASH - 1;
}

/* Read the offered hosts that have what they must have, at most S5B_HOSTS. */
static void
s5b_take_hosts(struct s5b_offer *o)
{
	const struct elem	*e;

	if ((o->hosts = calloc(S5B_HOSTS, sizeof(*o->hosts))) == NULL)
		return;
	for (e = elem_child(o->query, NS_BYTESTREAMS, "streamhost");
	    e != NULL && o->n < S5B_HOSTS;
	    e = elem_next(e, NS_BYTESTREAMS, "streamhost"))
		if (s5b_parse_host(e, &o->hosts[o->n]) == 0)
			o->n++;
}

static int
s5b_refuse(struct iq_table *t, const struct elem *iq, enum stanza_error err)
{
	iq_refuse(t, iq, err, NULL);
	return -1;
}

int
s5b_parse(struct iq_table *t, const struct elem *iq, struct s5b_offer *o)
{
	const char	*mode;

	memset(o, 0, sizeof(*o));
	o->query = elem_child(iq, NS_BYTESTREAMS, "query");
	if (o->query == NULL || !stanza_is(iq, "iq") ||
	    !stanza_type(iq, "set"))
		return 0;
	o->from = elem_attr(iq, "from");
	o->id = elem_attr(iq, "id");
	o->sid = elem_attr(o->query, "sid");
	mode = elem_attr(o->query, "mode");
	if (o->from == NULL || o->id == NULL || o->sid == NULL ||
	    *o->sid == '\0' || strlen(o->sid) > STREAM_SID_MAX ||
	    elem_child(o->query, NS_BYTESTREAMS, "streamhost") == NULL)
		return s5b_refuse(t, iq, SE_BAD_REQUEST);
	if (mode != NULL && strcmp(mode, "tcp") != 0)
		return s5b_refuse(t, iq, strcmp(mode, "udp") == 0 ?
		    SE_NOT_ACCEPTABLE : SE_BAD_REQUEST);
	if (s5b_good_hash(elem_attr(o->query, "dstaddr")))
		o->dstaddr = elem_attr(o->query, "dstaddr");
	s5b_take_hosts(o);
	return 1;
}

int
s5b_accept(struct iq_table *t, const char *from, const char *id,
    const char *sid, const char *jid, void (*extra)(void *, struct xw *),
    void *arg)
{
	struct xw	*w = iq_resultto(t, from, id);

	xw_start(w, "query", NS_BYTESTREAMS);
	xw_attr(w, "sid", sid);
	xw_start(w, "streamhost-used", NULL);
	xw_attr(w, "jid", jid);
	xw_end(w);
	if (extra != NULL)
		extra(arg, w);
	return iq_send(t);
}

/*
 * Proxies
 */

struct s5b_search {
	struct iq_table	*iqs;
	int64_t		 deadline;
	struct items	*items;		/* of a server, until all are known */
	size_t		 pending;	/* proxies that have not answered */
	size_t		 found;
	s5b_proxy_fn	*fn;
	void		*arg;
};

void
s5b_search_free(struct s5b_search *s)
{
	if (s == NULL)
		return;
	items_cancel(s->items);
	iq_forget(s->iqs, s);
	free(s);
}

/* After the last answer the search is over. */
static void
s5b_search_answered(struct s5b_search *s)
{
	s5b_proxy_fn	*fn = s->fn;
	void		*arg = s->arg;

	if (s->pending > 0 || s->items != NULL)
		return;
	s5b_search_free(s);
	fn(arg, NULL);
}

static void
s5b_got_address(void *arg, const struct elem *answer)
{
	struct s5b_search	*s = arg;
	const struct elem	*e;
	struct streamhost	 h;

	e = elem_child(answer, NS_BYTESTREAMS, "query");
	if (answer != NULL && stanza_error(answer) == SE_NONE)
		for (e = elem_child(e, NS_BYTESTREAMS, "streamhost");
		    e != NULL && s->found < PROXIES_MAX;
		    e = elem_next(e, NS_BYTESTREAMS, "streamhost"))
			if (s5b_parse_host(e, &h) == 0) {
				s->found++;
				s->fn(s->arg, &h);
			}
	s->pending--;
	s5b_search_answered(s);
}

static void
s5b_search_ask(struct s5b_search *s, const char *proxy)
{
	xw_elem(iq_request(s->iqs, "get", proxy), "query", NS_BYTESTREAMS,
	    NULL);
	if (iq_ask(s->iqs, s5b_got_address, s, s->deadline) == 0)
		s->pending++;
}

static void
s5b_got_item(void *arg, const char *jid, const struct elem *query)
{
	struct s5b_search	*s = arg;

	if (query == NULL) {
		s->items = NULL;
		s5b_search_answered(s);
	} else if (items_identity(query, "proxy", "bytestreams")) {
		s5b_search_ask(s, jid);
	}
}

static struct s5b_search *
s5b_search_new(struct iq_table *t, int64_t deadline, s5b_proxy_fn *fn,
    void *arg)
{
	struct s5b_search	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->iqs = t;
	s->deadline = deadline;
	s->fn = fn;
	s->arg = arg;
	return s;
}

struct s5b_search *
s5b_search_proxy(struct iq_table *t, const char *jid, int64_t deadline,
    s5b_proxy_fn *fn, void *arg)
{
	struct s5b_search	*s = s5b_search_new(t, deadline, fn, arg);

	if (s == NULL)
		return NULL;
	s5b_search_ask(s, jid);
	if (s->pending == 0) {
		s5b_search_free(s);
		return NULL;
	}
	return s;
}

struct s5b_search *
s5b_search_server(struct iq_table *t, const char *jid, int64_t deadline,
    s5b_proxy_fn *fn, void *arg)
{
	struct s5b_search	*s = s5b_search_new(t, deadline, fn, arg);

	if (s == NULL)
		return NULL;
	s->items = items_ask(t, jid, 0, deadline, s5b_got_item, s);
	if (s->items == NULL) {
		s5b_search_free(s);
		return NULL;
	}
	return s;
}

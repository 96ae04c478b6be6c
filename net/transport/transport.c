/* transport: from endpoints to a stream; see transport.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/dial/proxy.h"
#include "net/io/io.h"
#include "net/io/tls.h"
#include "net/transport/race.h"
#include "net/transport/transport_int.h"
#include "xml/elem.h"
#include "xml/parse.h"
#include "xml/stanza.h"

#define PATIENCE	8000	/* ms to connect, while there are others */
#define OPENING		10000	/* ms from there to features, in that case */
#define SILENCE		90000	/* ms of silence that routers bear */
#define HOPS_MAX	3	/* see-other-host, in a row */

/*
 * What failed
 */

/* Of several failures, the user is told of that with the highest rank. */
static int
transport_rank(enum transport_fault fault)
{
	return fault == TRANSPORT_NOMEM ? 4 : fault == TRANSPORT_UNTRUSTED ? 3 :
	    fault == TRANSPORT_PROTOCOL || fault == TRANSPORT_HANDSHAKE ? 2 :
	    fault == TRANSPORT_LOST ? 1 : 0;
}

static void
set_error(struct transport *r, enum transport_fault fault, const char *why)
{
	r->fault = fault;
	if (fault == TRANSPORT_UNREACHED)
		snprintf(r->err, sizeof(r->err), "cannot reach it: %s; check "
		    "%s-c and the network", why,
		    discover_conf(r->conf.ways)->proxy != NULL ? "-x, " : "");
	else if (fault == TRANSPORT_LOST)
		snprintf(r->err, sizeof(r->err), "the connection broke: %s; "
		    "check the network and try again", why);
	else
		strlcpy(r->err, why, sizeof(r->err));
}

/* w has failed; there may be other endpoints. */
static void
transport_failed(struct transport *r, const struct endpoint *w,
    enum transport_fault fault, const char *why)
{
	char	 text[ENDPOINT_TEXT];

	endpoint_text(w, text);
	transport_log(r, 1, "%s: %s", text, why);
	discover_failed(r->conf.ways, w);
	if (strlen(r->history) + strlen(text) + strlen(why) + 8 <
	    sizeof(r->history))
		snprintf(r->history + strlen(r->history),
		    sizeof(r->history) - strlen(r->history), "; %s: %s",
		    text, why);
	if (r->tried++ == 0 || transport_rank(fault) > transport_rank(r->fault))
		set_error(r, fault, why);
}

static void
transport_tell(struct transport *r, enum transport_event ev,
    const struct elem *e)
{
	if (!r->over)
		r->fn(r->arg, ev, e);
}

static void
transport_give_up(struct transport *r)
{
	size_t	 len = strlen(r->err);

	if (len == 0)
		set_error(r, TRANSPORT_UNREACHED, "no transport leads to it");
	else if (r->tried > 1)
		snprintf(r->err + len, sizeof(r->err) - len, " (%u ways "
		    "failed; -v shows them)", r->tried);
	transport_tell(r, TRANSPORT_ERROR, NULL);
	r->over = 1;
}

/*
 * From endpoint to endpoint
 */

static void	 transport_raced(void *, size_t, int, const char *);

static int
transport_has_more(const struct transport *r)
{
	size_t	 i;

	for (i = 0; i < r->nways; i++)
		if ((r->gone >> i & 1) == 0)
			return 1;
	return 0;
}

static void
transport_leave(struct transport *r)
{
	race_free(r->race);
	r->race = NULL;
	if (r->k != NULL)
		r->kind->free(r->k);
	r->k = NULL;
	timer_clear(r->loop, &r->timer);
	r->failed = r->owes = 0;
}

/* Without memory to look any further, the transport has failed. */
static void
transport_no_memory(struct transport *r)
{
	if (r->over)
		return;
	set_error(r, TRANSPORT_NOMEM, "out of memory");
	transport_tell(r, TRANSPORT_ERROR, NULL);
	r->over = 1;
}

/* Race the endpoints that are left; if there are none, search for others. */
static void
transport_go_on(struct transport *r)
{
	const struct discover_conf	*wc = discover_conf(r->conf.ways);
	int64_t			 patience = PATIENCE;

	transport_leave(r);
	/* A single endpoint has as much time as the login. */
	if (r->nways == 1 && !discover_search_goes_on(r->search))
		patience = 0;
	errno = 0;
	r->race = race(r->loop, r->resolver, wc->proxy, wc->family, r->ways,
	    r->nways, r->gone, patience, transport_raced, r);
	if (r->race != NULL)
		return;
	if (errno == ENOMEM)
		transport_no_memory(r);
	else
		discover_search_next(r->search);
}

static void
transport_found(void *arg, const struct endpoint *ways, size_t n,
    const char *note)
{
	struct transport	*r = arg;

	if (note != NULL) {
		transport_log(r, 1, "%s", note);
		/* Until an endpoint fails, the note is the only reason. */
		if (r->tried == 0)
			set_error(r, TRANSPORT_UNREACHED, note);
	}
	r->ways = ways;
	r->nways = n;
	r->gone = 0;
	if (n > 0)
		transport_go_on(r);
	else
		transport_give_up(r);
}

/* Try the next endpoint, from the timer: this is inside a callback of the
 * transport that would be freed. */
static void
transport_next(struct transport *r)
{
	r->failed = 1;
	timer_set(r->loop, &r->timer, clock_ms());
}

static void
transport_fire(void *arg)
{
	struct transport	*r = arg;

	if (!r->failed)
		transport_failed(r, &r->way, TRANSPORT_UNREACHED,
		    "no answer in time");
	transport_go_on(r);
}

static const struct transport_kind *
kind_of(enum endpoint_kind kind)
{
	switch (kind) {
	case ENDPOINT_WEBSOCKET:
		return transport_websocket();
	case ENDPOINT_BOSH:
		return transport_bosh();
	default:
		return transport_tcp();
	}
}

static void
transport_raced(void *arg, size_t i, int fd, const char *err)
{
	struct transport	*r = arg;

	r->gone |= UINT32_C(1) << i;
	if (fd == -1) {
		transport_failed(r, &r->ways[i], err != NULL ?
		    TRANSPORT_UNREACHED :
		    TRANSPORT_NOMEM, err != NULL ? err : "out of memory");
		if (!race_runs(r->race))
			transport_next(r);
		return;
	}
	race_free(r->race);
	r->race = NULL;
	r->way = r->ways[i];
	transport_log(r, 1, "connected to %s port %u, from %s", r->way.host,
	    r->way.port, r->way.source);
	r->kind = kind_of(r->way.kind);
	if ((r->k = r->kind->begin(r, fd)) == NULL)
		transport_broke(r, TRANSPORT_NOMEM, "out of memory");
	else if (transport_has_more(r) || discover_search_goes_on(r->search))
		timer_set(r->loop, &r->timer, clock_ms() + OPENING);
}

/*
 * What the kinds tell
 */

void
transport_secure(struct transport *r)
{
	transport_tell(r, TRANSPORT_SECURE, NULL);
}

void
transport_opened(struct transport *r, const struct elem *header)
{
	transport_tell(r, TRANSPORT_OPEN, header);
}

/* RFC 6120 section 4.9.3.19: go elsewhere, but only behind TLS, where the
 * server itself says so.  0, or -1 if it is not to be followed. */
static int
see_other_host(struct transport *r, const struct elem *e)
{
	const struct elem	*other;

	other = elem_child(e, NS_STREAM_ERROR, "see-other-host");
	if (other == NULL || transport_ssl(r) == NULL || r->hops == HOPS_MAX)
		return -1;
	return transport_moved(r, elem_text(other));
}

/* The stream ends before it has begun.  0 if another endpoint is tried. */
static int
rejected(struct transport *r, const struct elem *e)
{
	const struct elem	*c = e->first;
	char			 why[128];

	if (see_other_host(r, e) == 0)
		return 0;
	if (!transport_has_more(r))
		return -1;
	snprintf(why, sizeof(why), "the server ends the stream (%.64s)",
	    c != NULL ? c->name : "no reason given");
	transport_failed(r, &r->way, TRANSPORT_LOST, why);
	transport_next(r);
	return 0;
}

int
transport_moved(struct transport *r, const char *to)
{
	if (discover_elsewhere(r->conf.ways, &r->way, to, "see-other-host") ==
	    -1)
		return -1;
	transport_log(r, 1, "the server sends us to %.255s", to);
	if (r->committed)
		return 0;	/* the next transport will go there */
	r->hops++;
	discover_search_restart(r->search);
	r->nways = 0;
	transport_next(r);
	return 0;
}

void
transport_stanza(struct transport *r, const struct elem *e)
{
	int	 error = elem_is(e, NS_STREAMS, "error");

	if (r->failed)
		return;
	if (error && r->committed)
		see_other_host(r, e);
	else if (error && rejected(r, e) == 0)
		return;
	if (!r->committed && !error) {
		r->committed = 1;
		timer_clear(r->loop, &r->timer);
		discover_worked(r->conf.ways, &r->way);
	}
	transport_tell(r, TRANSPORT_STANZA, e);
}

/* No server has a reason to send a large stanza before its features. */
void
transport_cut(struct transport *r, const struct elem *e)
{
	if (!r->committed)
		transport_broke(r, TRANSPORT_PROTOCOL,
		    "it sent more than a server has "
		    "to say then: check -c");
	else if (!r->failed)
		transport_tell(r, TRANSPORT_CUT, e);
}

static int
piece(void *arg, const struct elem *e)
{
	struct transport	*r = arg;

	return r->committed && r->conf.piece != NULL &&
	    r->conf.piece(r->arg, e);
}

struct parse *
transport_parser(struct transport *r)
{
	struct parse	*p = parse_new(parse_defaults());

	if (p != NULL)
		parse_pieces(p, piece, r);
	return p;
}

void
transport_ended(struct transport *r)
{
	if (r->over || r->failed)
		return;
	if (!r->committed && (transport_has_more(r) ||
	    discover_search_goes_on(r->search))) {
		transport_broke(r, TRANSPORT_LOST, "the server closed it");
		return;
	}
	transport_tell(r, TRANSPORT_CLOSE, NULL);
	r->over = 1;
}

void
transport_broke(struct transport *r, enum transport_fault fault,
    const char *why)
{
	if (r->over || r->failed)
		return;
	if (!r->committed) {
		transport_failed(r, &r->way, fault, why);
		transport_next(r);
		return;
	}
	set_error(r, fault, why);
	transport_tell(r, TRANSPORT_ERROR, NULL);
	r->over = 1;
}

int
transport_deaf(const struct transport *r)
{
	return r->over || r->failed;
}

void
transport_log(struct transport *r, int level, const char *fmt, ...)
{
	char	 line[1024];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	r->conf.log(r->arg, level, line);
}

int
transport_tls(struct transport *r, struct io *io, const char *alpn)
{
	SSL_CTX		*ctx = discover_conf(r->conf.ways)->tls;
	const char	*domain = r->conf.tls_name, *host;
	SSL		*ssl;

	host = *r->way.origin != '\0' ? r->way.origin : r->way.host;
	ssl = r->way.kind == ENDPOINT_TCP ?
	    tls_client(ctx, io_fd(io), domain, alpn) :
	    tls_client_url(ctx, io_fd(io), host, domain, alpn);
	if (ssl == NULL)
		return -1;
	io_secure(io, ssl, domain);
	return 0;
}

/*
 * Life and death
 */

struct transport *
transport_new(struct loop *l, struct resolver *res,
    const struct transport_conf *conf, transport_fn *fn, void *arg)
{
	struct transport	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->loop = l;
	r->resolver = res;
	r->conf = *conf;
	r->timer = (struct timer){ .fire = transport_fire, .arg = r };
	r->fn = fn;
	r->arg = arg;
	if ((r->search = discover_search_new(l, res, conf->ways,
	    transport_found, r)) ==
	    NULL) {
		free(r);
		return NULL;
	}
	discover_search_next(r->search);
	return r;
}

void
transport_free(struct transport *r)
{
	if (r == NULL)
		return;
	transport_leave(r);
	discover_search_free(r->search);
	free(r);
}

/*
 * What the kinds do
 */

int
transport_send(struct transport *r, const void *data, size_t len)
{
	if (r == NULL || r->k == NULL || transport_deaf(r))
		return -1;
	return r->kind->send(r->k, data, len);
}

void
transport_keepalive(struct transport *r)
{
	if (r != NULL && r->k != NULL && !r->over)
		r->kind->keepalive(r->k);
}

int64_t
transport_silence(const struct transport *r)
{
	return r != NULL && r->k != NULL && r->kind->silence > 0 ?
	    r->kind->silence : SILENCE;
}

int64_t
transport_holds(const struct transport *r)
{
	return r != NULL && r->k != NULL && r->kind->holds != NULL ?
	    r->kind->holds(r->k) : 0;
}

int
transport_repeats(const struct transport *r)
{
	return r != NULL && r->k != NULL && r->kind->repeats;
}

size_t
transport_queued(const struct transport *r)
{
	return r != NULL && r->k != NULL ? r->kind->queued(r->k) : 0;
}

void
transport_restart(struct transport *r)
{
	if (r->k != NULL && !r->over)
		r->kind->restart(r->k);
}

void
transport_limit(struct transport *r, size_t bytes)
{
	r->limit = bytes;
}

void
transport_pause(struct transport *r, int pause)
{
	if (r != NULL && r->k != NULL)
		r->kind->pause(r->k, pause);
}

void
transport_close(struct transport *r)
{
	if (r == NULL)
		return;
	if (r->k != NULL && !r->over)
		r->kind->close(r->k);
	else if (!r->committed)
		r->over = 1;	/* there is nothing to be closed */
}

int
transport_connected(const struct transport *r)
{
	return r != NULL && r->k != NULL;
}

int
transport_owes(const struct transport *r)
{
	return r != NULL && r->owes;
}

const struct endpoint *
transport_way(const struct transport *r)
{
	return r != NULL && r->k != NULL ? &r->way : NULL;
}

const char *
transport_story(struct transport *r)
{
	char	 text[ENDPOINT_TEXT];

	if (r == NULL)
		return "no connection";
	snprintf(r->story, sizeof(r->story), "%s (from %s)%s",
	    endpoint_text(&r->way, text),
	    r->way.source != NULL ? r->way.source : "nowhere", r->history);
	return r->story;
}

SSL *
transport_ssl(struct transport *r)
{
	return r != NULL && r->k != NULL ? r->kind->ssl(r->k) : NULL;
}

SSL *
transport_binding(struct transport *r)
{
	return r == NULL || r->way.kind == ENDPOINT_BOSH ? NULL
	    : transport_ssl(r);
}

enum transport_fault
transport_fault(const struct transport *r)
{
	return r != NULL ? r->fault : TRANSPORT_NOMEM;
}

const char *
transport_error(const struct transport *r)
{
	return r != NULL ? r->err : "out of memory";
}

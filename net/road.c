/* road: from a way to a stream, of whichever kind. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/io.h"
#include "net/proxy.h"
#include "net/race.h"
#include "net/road_int.h"
#include "net/tls.h"
#include "xml/elem.h"
#include "xml/parse.h"
#include "xml/stanza.h"

#define PATIENCE	8000	/* ms to connect, while there are others */
#define OPENING		10000	/* ms from there to features, likewise */
#define SILENCE		90000	/* ms that routers bear */
#define HOPS_MAX	3	/* see-other-host, in a row */

/*
 * What failed
 */

/* The worse a failure is, the more it should be heard of. */
static int
rank(enum road_fault fault)
{
	return fault == ROAD_NOMEM ? 4 : fault == ROAD_UNTRUSTED ? 3 :
	    fault == ROAD_PROTOCOL || fault == ROAD_HANDSHAKE ? 2 :
	    fault == ROAD_LOST ? 1 : 0;
}

static void
set_error(struct road *r, enum road_fault fault, const char *why)
{
	r->fault = fault;
	if (fault == ROAD_UNREACHED)
		snprintf(r->err, sizeof(r->err), "cannot reach it: %s; check "
		    "%s-c and the network", why,
		    ways_conf(r->conf.ways)->proxy != NULL ? "-x, " : "");
	else if (fault == ROAD_LOST)
		snprintf(r->err, sizeof(r->err), "the connection broke: %s; "
		    "check the network and try again", why);
	else
		strlcpy(r->err, why, sizeof(r->err));
}

/* w has failed; there may be others. */
static void
failed(struct road *r, const struct way *w, enum road_fault fault,
    const char *why)
{
	char	 text[WAY_TEXT];

	way_text(w, text);
	road_log(r, 1, "%s: %s", text, why);
	ways_failed(r->conf.ways, w);
	if (strlen(r->history) + strlen(text) + strlen(why) + 8 <
	    sizeof(r->history))
		snprintf(r->history + strlen(r->history),
		    sizeof(r->history) - strlen(r->history), "; %s: %s",
		    text, why);
	if (r->tried++ == 0 || rank(fault) > rank(r->fault))
		set_error(r, fault, why);
}

static void
tell(struct road *r, enum road_event ev, const struct elem *e)
{
	if (!r->over)
		r->fn(r->arg, ev, e);
}

static void
give_up(struct road *r)
{
	size_t	 len = strlen(r->err);

	if (len == 0)
		set_error(r, ROAD_UNREACHED, "there is no road to it");
	else if (r->tried > 1)
		snprintf(r->err + len, sizeof(r->err) - len, " (%u ways "
		    "failed; -v shows them)", r->tried);
	tell(r, ROAD_ERROR, NULL);
	r->over = 1;
}

/*
 * From way to way
 */

static void	 connected(void *, size_t, int, const char *);

static int
more(const struct road *r)
{
	size_t	 i;

	for (i = 0; i < r->nways; i++)
		if ((r->gone >> i & 1) == 0)
			return 1;
	return 0;
}

static void
leave(struct road *r)
{
	race_free(r->race);
	r->race = NULL;
	if (r->k != NULL)
		r->kind->free(r->k);
	r->k = NULL;
	timer_clear(r->loop, &r->timer);
	r->failed = r->owes = 0;
}

/* Without memory to look any further, this is the end of it. */
static void
no_memory(struct road *r)
{
	if (r->over)
		return;
	set_error(r, ROAD_NOMEM, "out of memory");
	tell(r, ROAD_ERROR, NULL);
	r->over = 1;
}

/* Race those that are left; if there are none, seek others. */
static void
go_on(struct road *r)
{
	const struct ways_conf	*wc = ways_conf(r->conf.ways);
	int64_t			 patience = PATIENCE;

	leave(r);
	/* The only one has as much time as the login. */
	if (r->nways == 1 && !search_goes_on(r->search))
		patience = 0;
	errno = 0;
	r->race = race(r->loop, r->resolver, wc->proxy, wc->family, r->ways,
	    r->nways, r->gone, patience, connected, r);
	if (r->race != NULL)
		return;
	if (errno == ENOMEM)
		no_memory(r);
	else
		search_next(r->search);
}

static void
found(void *arg, const struct way *ways, size_t n, const char *note)
{
	struct road	*r = arg;

	if (note != NULL) {
		road_log(r, 1, "%s", note);
		/* It is all there is to say about it. */
		if (r->tried == 0)
			set_error(r, ROAD_UNREACHED, note);
	}
	r->ways = ways;
	r->nways = n;
	r->gone = 0;
	if (n > 0)
		go_on(r);
	else
		give_up(r);
}

/* The way is no good.  Not now: this is inside of a callback. */
static void
next(struct road *r)
{
	r->failed = 1;
	timer_set(r->loop, &r->timer, clock_ms());
}

static void
fire(void *arg)
{
	struct road	*r = arg;

	if (!r->failed)
		failed(r, &r->way, ROAD_UNREACHED, "no answer in time");
	go_on(r);
}

static void
connected(void *arg, size_t i, int fd, const char *err)
{
	static const struct road_kind *const	 kinds[] = {
		[WAY_TCP] = &road_tcp,
		[WAY_WEBSOCKET] = &road_ws,
		[WAY_BOSH] = &road_bosh,
	};
	struct road	*r = arg;

	r->gone |= UINT32_C(1) << i;
	if (fd == -1) {
		failed(r, &r->ways[i], err != NULL ? ROAD_UNREACHED :
		    ROAD_NOMEM, err != NULL ? err : "out of memory");
		if (!race_runs(r->race))
			next(r);
		return;
	}
	race_free(r->race);
	r->race = NULL;
	r->way = r->ways[i];
	road_log(r, 1, "connected to %s port %u, from %s", r->way.host,
	    r->way.port, r->way.source);
	r->kind = kinds[r->way.kind];
	if ((r->k = r->kind->begin(r, fd)) == NULL)
		road_broke(r, ROAD_NOMEM, "out of memory");
	else if (more(r) || search_goes_on(r->search))
		timer_set(r->loop, &r->timer, clock_ms() + OPENING);
}

/*
 * What the kinds tell
 */

void
road_secure(struct road *r)
{
	tell(r, ROAD_SECURE, NULL);
}

void
road_opened(struct road *r, const struct elem *header)
{
	tell(r, ROAD_OPEN, header);
}

/* RFC 6120 section 4.9.3.19: only behind TLS is it the server that says so.
 * 0, or -1 if it is not to be followed. */
static int
see_other_host(struct road *r, const struct elem *e)
{
	const struct elem	*other;

	other = elem_child(e, NS_STREAM_ERROR, "see-other-host");
	if (other == NULL || road_ssl(r) == NULL || r->hops == HOPS_MAX)
		return -1;
	return road_moved(r, elem_text(other));
}

/* The stream ends before it has begun.  0 if something else is tried. */
static int
rejected(struct road *r, const struct elem *e)
{
	const struct elem	*c = e->first;
	char			 why[128];

	if (see_other_host(r, e) == 0)
		return 0;
	if (!more(r))
		return -1;
	snprintf(why, sizeof(why), "the server ends the stream (%.64s)",
	    c != NULL ? c->name : "no reason given");
	failed(r, &r->way, ROAD_LOST, why);
	next(r);
	return 0;
}

int
road_moved(struct road *r, const char *to)
{
	if (ways_elsewhere(r->conf.ways, &r->way, to, "see-other-host") == -1)
		return -1;
	road_log(r, 1, "the server sends us to %.255s", to);
	if (r->committed)
		return 0;	/* for the next road */
	r->hops++;
	search_restart(r->search);
	r->nways = 0;
	next(r);
	return 0;
}

void
road_stanza(struct road *r, const struct elem *e)
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
		ways_worked(r->conf.ways, &r->way);
	}
	tell(r, ROAD_STANZA, e);
}

/* No server has a stanza to say that is too large before it has said who it
 * is. */
void
road_cut(struct road *r, const struct elem *e)
{
	if (!r->committed)
		road_broke(r, ROAD_PROTOCOL, "it sent more than a server has "
		    "to say then: check -c");
	else if (!r->failed)
		tell(r, ROAD_CUT, e);
}

static int
piece(void *arg, const struct elem *e)
{
	struct road	*r = arg;

	return r->committed && r->conf.piece != NULL &&
	    r->conf.piece(r->arg, e);
}

struct parse *
road_parser(struct road *r)
{
	struct parse	*p = parse_new(&parse_defaults);

	if (p != NULL)
		parse_pieces(p, piece, r);
	return p;
}

void
road_ended(struct road *r)
{
	if (r->over || r->failed)
		return;
	if (!r->committed && (more(r) || search_goes_on(r->search))) {
		road_broke(r, ROAD_LOST, "the server closed it");
		return;
	}
	tell(r, ROAD_CLOSE, NULL);
	r->over = 1;
}

void
road_broke(struct road *r, enum road_fault fault, const char *why)
{
	if (r->over || r->failed)
		return;
	if (!r->committed) {
		failed(r, &r->way, fault, why);
		next(r);
		return;
	}
	set_error(r, fault, why);
	tell(r, ROAD_ERROR, NULL);
	r->over = 1;
}

int
road_deaf(const struct road *r)
{
	return r->over || r->failed;
}

void
road_log(struct road *r, int level, const char *fmt, ...)
{
	char	 line[1024];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	r->conf.log(r->arg, level, line);
}

int
road_tls(struct road *r, struct io *io, const char *alpn)
{
	SSL_CTX		*ctx = ways_conf(r->conf.ways)->tls;
	const char	*domain = r->conf.tls_name, *host;
	SSL		*ssl;

	host = *r->way.origin != '\0' ? r->way.origin : r->way.host;
	ssl = r->way.kind == WAY_TCP ?
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

struct road *
road_new(struct loop *l, struct resolver *res, const struct road_conf *conf,
    road_fn *fn, void *arg)
{
	struct road	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->loop = l;
	r->resolver = res;
	r->conf = *conf;
	r->timer = (struct timer){ .fire = fire, .arg = r };
	r->fn = fn;
	r->arg = arg;
	if ((r->search = search_new(l, res, conf->ways, found, r)) == NULL) {
		free(r);
		return NULL;
	}
	search_next(r->search);
	return r;
}

void
road_free(struct road *r)
{
	if (r == NULL)
		return;
	leave(r);
	search_free(r->search);
	free(r);
}

/*
 * What the kinds do
 */

int
road_send(struct road *r, const void *data, size_t len)
{
	if (r == NULL || r->k == NULL || road_deaf(r))
		return -1;
	return r->kind->send(r->k, data, len);
}

void
road_keepalive(struct road *r)
{
	if (r != NULL && r->k != NULL && !r->over)
		r->kind->keepalive(r->k);
}

int64_t
road_silence(const struct road *r)
{
	return r != NULL && r->k != NULL && r->kind->silence > 0 ?
	    r->kind->silence : SILENCE;
}

size_t
road_queued(const struct road *r)
{
	return r != NULL && r->k != NULL ? r->kind->queued(r->k) : 0;
}

void
road_restart(struct road *r)
{
	if (r->k != NULL && !r->over)
		r->kind->restart(r->k);
}

void
road_limit(struct road *r, size_t bytes)
{
	r->limit = bytes;
}

void
road_pause(struct road *r, int pause)
{
	if (r != NULL && r->k != NULL)
		r->kind->pause(r->k, pause);
}

void
road_close(struct road *r)
{
	if (r == NULL)
		return;
	if (r->k != NULL && !r->over)
		r->kind->close(r->k);
	else if (!r->committed)
		r->over = 1;	/* there is nothing to be closed */
}

int
road_connected(const struct road *r)
{
	return r != NULL && r->k != NULL;
}

int
road_owes(const struct road *r)
{
	return r != NULL && r->owes;
}

const struct way *
road_way(const struct road *r)
{
	return r != NULL && r->k != NULL ? &r->way : NULL;
}

const char *
road_story(struct road *r)
{
	char	 text[WAY_TEXT];

	if (r == NULL)
		return "no connection";
	snprintf(r->story, sizeof(r->story), "%s (from %s)%s",
	    way_text(&r->way, text), r->way.source != NULL ? r->way.source :
	    "nowhere", r->history);
	return r->story;
}

SSL *
road_ssl(struct road *r)
{
	return r != NULL && r->k != NULL ? r->kind->ssl(r->k) : NULL;
}

SSL *
road_binding(struct road *r)
{
	return r == NULL || r->way.kind == WAY_BOSH ? NULL : road_ssl(r);
}

enum road_fault
road_fault(const struct road *r)
{
	return r != NULL ? r->fault : ROAD_NOMEM;
}

const char *
road_error(const struct road *r)
{
	return r != NULL ? r->err : "out of memory";
}

/* hostmeta: see hostmeta.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/dial/fetch.h"
#include "net/http/jrd.h"
#include "net/io/loop.h"
#include "net/transport/discover.h"
#include "net/transport/endpoint_parse.h"
#include "net/transport/hostmeta.h"
#include "xml/elem.h"
#include "xml/ns.h"
#include "xml/parse.h"

#define REL_WEBSOCKET	"urn:xmpp:alt-connections:websocket"
#define REL_BOSH	"urn:xmpp:alt-connections:xbosh"

#define DOCUMENT_MAX	(256 * 1024)
#define PATIENCE	8000	/* ms for each of the two documents */

struct hostmeta {
	struct loop		*loop;
	struct resolver		*resolver;
	const struct discover_conf	*conf;
	int			 json;		/* the second document */
	struct fetch		*fetch;
	char			 note[512];
	hostmeta_fn		*fn;
	void			*arg;
};

/* The endpoints found so far. */
struct found {
	int		 kinds;
	struct endpoint	*ways;
	int		 n;
};

/*
 * The documents
 */

static void
hostmeta_add(void *arg, const char *rel, const char *href)
{
	struct found	*f = arg;
	struct endpoint	 w;
	int		 ws = strcmp(rel, REL_WEBSOCKET) == 0;

	if ((!ws && strcmp(rel, REL_BOSH) != 0) || f->n == HOSTMETA_MAX ||
	    endpoint_secure(href, &w) == -1 ||
	    w.kind != (ws ? ENDPOINT_WEBSOCKET : ENDPOINT_BOSH) ||
	    (f->kinds != DISCOVER_ANY &&
	    f->kinds != (ws ? DISCOVER_WEBSOCKET : DISCOVER_BOSH)))
		return;
	w.source = "host-meta";
	f->ways[f->n++] = w;
}

static int
hostmeta_compare(const void *a, const void *b)
{
	const struct endpoint	*x = a, *y = b;

	return (int)x->kind - (int)y->kind;
}

int
hostmeta_json(const void *data, size_t len, int kinds, struct endpoint *ways)
{
	struct found	 f = { .kinds = kinds, .ways = ways };

	if (jrd_links(data, len, hostmeta_add, &f) == -1)
		return -1;
	qsort(ways, (size_t)f.n, sizeof(*ways), hostmeta_compare);
	return f.n;
}

/* The document may have comments, which the parser takes for an attack: feed it
 * what is between them. */
static int
hostmeta_feed(struct parse *p, const char *s, size_t len)
{
	const char	*c, *end;

	while ((c = memmem(s, len, "<!--", 4)) != NULL) {
		if ((end = memmem(c + 4, len - (size_t)(c + 4 - s), "-->",
		    3)) == NULL)
			return -1;
		if (parse_feed(p, s, (size_t)(c - s)) == -1)
			return -1;
		len -= (size_t)(end + 3 - s);
		s = end + 3;
	}
	return parse_feed(p, s, len);
}

static enum parse_event
read_xml(struct parse *p, struct found *f)
{
	enum parse_event	 ev;
	struct elem		*e;
	const char		*rel, *href;

	while ((ev = parse_next(p, &e)) == PARSE_OPEN || ev == PARSE_STANZA) {
		if (ev == PARSE_OPEN && !elem_is(e, NS_XRD, "XRD")) {
			elem_free(e);
			return PARSE_ERROR;
		}
		rel = elem_attr(e, "rel");
		href = elem_attr(e, "href");
		if (ev == PARSE_STANZA && elem_is(e, NS_XRD, "Link") &&
		    rel != NULL && href != NULL)
			hostmeta_add(f, rel, href);
		elem_free(e);
	}
	return ev;
}

int
hostmeta_xml(const void *data, size_t len, int kinds, struct endpoint *ways)
{
	struct found		 f = { .kinds = kinds, .ways = ways };
	struct parse		*p;
	enum parse_event	 ev = PARSE_ERROR;

	if ((p = parse_new(parse_defaults())) == NULL)
		return -1;
	if (hostmeta_feed(p, data, len) == 0)
		ev = read_xml(p, &f);
	parse_free(p);
	if (ev != PARSE_CLOSE)
		return -1;
	qsort(ways, (size_t)f.n, sizeof(*ways), hostmeta_compare);
	return f.n;
}

/*
 * Getting them
 */

static int	 get(struct hostmeta *);

static void
hostmeta_tell(struct hostmeta *a, const struct endpoint *ways, int n)
{
	hostmeta_fn	*fn = a->fn;
	void		*arg = a->arg;
	char		 note[sizeof(a->note)];

	memcpy(note, a->note, sizeof(note));
	hostmeta_free(a);
	fn(arg, ways, n > 0 ? (size_t)n : 0, n > 0 ? NULL : note);
}

static void
hostmeta_fetched(void *arg, const void *data, size_t len, const char *err)
{
	struct hostmeta	*a = arg;
	struct endpoint	 ways[HOSTMETA_MAX];
	int		 n = -1;

	a->fetch = NULL;
	if (err == NULL) {
		n = a->json ? hostmeta_json(data, len, a->conf->kinds, ways) :
		    hostmeta_xml(data, len, a->conf->kinds, ways);
		err = n == -1 ? "it cannot be read" :
		    "it names nothing that can be used";
	}
	/* The note about the first document says more. */
	if (!a->json)
		snprintf(a->note, sizeof(a->note), "host-meta of %.200s: %s",
		    a->conf->domain, err);
	if (n > 0 || a->json || (a->json = 1, get(a)) == -1)
		hostmeta_tell(a, ways, n);
}

static int
get(struct hostmeta *a)
{
	struct fetch_conf	 conf = {
		.proxy = a->conf->proxy,
		.family = a->conf->family,
		.tls = a->conf->tls,
		.accept = a->json ? "application/json" :
		    "application/xrd+xml",
		.max = DOCUMENT_MAX,
		.deadline = clock_ms() + PATIENCE,
	};
	char			 url[ENDPOINT_HOST + 64];
	int			 v6 = strchr(a->conf->domain, ':') != NULL;

	snprintf(url, sizeof(url), "https://%s%.255s%s/.well-known/host-meta%s",
	    v6 ? "[" : "", a->conf->domain, v6 ? "]" : "",
	    a->json ? ".json" : "");
	a->fetch = fetch(a->loop, a->resolver, &conf, url, hostmeta_fetched, a);
	return a->fetch == NULL ? -1 : 0;
}

struct hostmeta *
hostmeta(struct loop *l, struct resolver *r, const struct discover_conf *conf,
    hostmeta_fn *fn, void *arg)
{
	struct hostmeta	*a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->loop = l;
	a->resolver = r;
	a->conf = conf;
	a->fn = fn;
	a->arg = arg;
	if (get(a) == -1) {
		free(a);
		return NULL;
	}
	return a;
}

void
hostmeta_free(struct hostmeta *a)
{
	if (a == NULL)
		return;
	fetch_free(a->fetch);
	free(a);
}

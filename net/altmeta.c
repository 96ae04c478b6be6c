#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/altmeta.h"
#include "net/fetch.h"
#include "net/jrd.h"
#include "net/loop.h"
#include "net/ways.h"
#include "net/where.h"
#include "xml/elem.h"
#include "xml/parse.h"

#define NS_XRD		"http://docs.oasis-open.org/ns/xri/xrd-1.0"
#define REL_WEBSOCKET	"urn:xmpp:alt-connections:websocket"
#define REL_BOSH	"urn:xmpp:alt-connections:xbosh"

#define DOCUMENT_MAX	(256 * 1024)
#define PATIENCE	8000	/* ms for each of the two documents */

struct altmeta {
	struct loop		*loop;
	struct resolver		*resolver;
	const struct ways_conf	*conf;
	int			 json;		/* the second document */
	struct fetch		*fetch;
	char			 note[512];
	altmeta_fn		*fn;
	void			*arg;
};

/* What is being collected. */
struct found {
	int		 kinds;
	struct way	*ways;
	int		 n;
};

/*
 * The documents
 */

static void
add(void *arg, const char *rel, const char *href)
{
	struct found	*f = arg;
	struct way	 w;
	int		 ws = strcmp(rel, REL_WEBSOCKET) == 0;

	if ((!ws && strcmp(rel, REL_BOSH) != 0) || f->n == ALTMETA_MAX ||
	    where_secure(href, &w) == -1 ||
	    w.kind != (ws ? WAY_WEBSOCKET : WAY_BOSH) ||
	    (f->kinds != WAYS_ANY &&
	    f->kinds != (ws ? WAYS_WEBSOCKET : WAYS_BOSH)))
		return;
	w.source = "host-meta";
	f->ways[f->n++] = w;
}

static int
compare(const void *a, const void *b)
{
	const struct way	*x = a, *y = b;

	return (int)x->kind - (int)y->kind;
}

int
altmeta_json(const void *data, size_t len, int kinds, struct way *ways)
{
	struct found	 f = { .kinds = kinds, .ways = ways };

	if (jrd_links(data, len, add, &f) == -1)
		return -1;
	qsort(ways, (size_t)f.n, sizeof(*ways), compare);
	return f.n;
}

/* People write comments into such files, which the parser takes for an
 * attack.  Feed it what is between them. */
static int
feed(struct parse *p, const char *s, size_t len)
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
			add(f, rel, href);
		elem_free(e);
	}
	return ev;
}

int
altmeta_xml(const void *data, size_t len, int kinds, struct way *ways)
{
	struct found		 f = { .kinds = kinds, .ways = ways };
	struct parse		*p;
	enum parse_event	 ev = PARSE_ERROR;

	if ((p = parse_new(&parse_defaults)) == NULL)
		return -1;
	if (feed(p, data, len) == 0)
		ev = read_xml(p, &f);
	parse_free(p);
	if (ev != PARSE_CLOSE)
		return -1;
	qsort(ways, (size_t)f.n, sizeof(*ways), compare);
	return f.n;
}

/*
 * Getting them
 */

static int	 get(struct altmeta *);

static void
tell(struct altmeta *a, const struct way *ways, int n)
{
	altmeta_fn	*fn = a->fn;
	void		*arg = a->arg;
	char		 note[sizeof(a->note)];

	memcpy(note, a->note, sizeof(note));
	altmeta_free(a);
	fn(arg, ways, n > 0 ? (size_t)n : 0, n > 0 ? NULL : note);
}

static void
fetched(void *arg, const void *data, size_t len, const char *err)
{
	struct altmeta	*a = arg;
	struct way	 ways[ALTMETA_MAX];
	int		 n = -1;

	a->fetch = NULL;
	if (err == NULL) {
		n = a->json ? altmeta_json(data, len, a->conf->kinds, ways) :
		    altmeta_xml(data, len, a->conf->kinds, ways);
		err = n == -1 ? "it cannot be read" :
		    "it names nothing that can be used";
	}
	/* What is said of the first one is worth more. */
	if (!a->json)
		snprintf(a->note, sizeof(a->note), "host-meta of %.200s: %s",
		    a->conf->domain, err);
	if (n > 0 || a->json || (a->json = 1, get(a)) == -1)
		tell(a, ways, n);
}

static int
get(struct altmeta *a)
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
	char			 url[WAY_HOST + 64];
	int			 v6 = strchr(a->conf->domain, ':') != NULL;

	snprintf(url, sizeof(url), "https://%s%.255s%s/.well-known/host-meta%s",
	    v6 ? "[" : "", a->conf->domain, v6 ? "]" : "",
	    a->json ? ".json" : "");
	a->fetch = fetch(a->loop, a->resolver, &conf, url, fetched, a);
	return a->fetch == NULL ? -1 : 0;
}

struct altmeta *
altmeta(struct loop *l, struct resolver *r, const struct ways_conf *conf,
    altmeta_fn *fn, void *arg)
{
	struct altmeta	*a;

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
altmeta_free(struct altmeta *a)
{
	if (a == NULL)
		return;
	fetch_free(a->fetch);
	free(a);
}

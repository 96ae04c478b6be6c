/*
 * Fuzzing of the stanzas of XEP-0065: an offer that a peer makes, and what it
 * answers to ours.  The input is the inside of the <iq/>.  Whatever it is, an
 * offer is taken, refused once or not ours; a host that is said to be used is
 * one that was offered.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/bytestreams.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/parse.h"

#define must(x)	do { if (!(x)) abort(); } while (0)
#define HEADER	"<stream:stream xmlns='jabber:client' version='1.0' " \
		"xmlns:stream='http://etherx.jabber.org/streams'>"
#define INPUT	8192

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int	 answers, calls, found;
static char	 id[17];

static int
take(void *arg, const void *data, size_t len)
{
	const char	*p;

	(void)arg;
	answers++;
	if ((p = memmem(data, len, "id='", 4)) != NULL)
		snprintf(id, sizeof(id), "%.16s", p + 4);
	return 0;
}

static void
on_used(void *arg, int used, enum stanza_error err, const char *why)
{
	(void)arg;
	(void)err;
	must(used >= -1 && used < 2);
	must(used != -1 || why != NULL);
	calls++;
}

static void
on_proxy(void *arg, const struct streamhost *h)
{
	(void)arg;
	if (h == NULL)
		calls++;
	else
		must(*h->jid != '\0' && *h->host != '\0' && h->port > 0 &&
		    ++found <= 4);
}

/* NULL if it is no stanza. */
static struct elem *
parsed(const char *type, const char *from, const uint8_t *data, size_t size)
{
	static char	 xml[INPUT + 256];
	struct parse	*p = parse_new(&parse_defaults);
	struct elem	*e = NULL;
	int		 n;

	n = snprintf(xml, sizeof(xml), HEADER "<iq type='%s' id='%s' "
	    "from='%s'>%.*s</iq>", type, id, from, (int)size,
	    (const char *)data);
	parse_feed(p, xml, (size_t)n);
	must(parse_next(p, &e) == PARSE_OPEN);
	elem_free(e);
	if (parse_next(p, &e) != PARSE_STANZA)
		e = NULL;
	parse_free(p);
	return e;
}

static void
try_offer(struct iq_table *t, const uint8_t *data, size_t size)
{
	struct elem		*e = parsed("set", "p@q/r", data, size);
	struct s5b_offer	 o;
	int			 r;

	if (e == NULL)
		return;
	answers = 0;
	r = s5b_parse(t, e, &o);
	must(answers == (r == -1));
	must(o.n <= S5B_HOSTS && (r == 1 || o.hosts == NULL));
	free(o.hosts);
	elem_free(e);
}

static void
try_answer(struct iq_table *t, const uint8_t *data, size_t size)
{
	static const struct streamhost	 hosts[] = {
		{ "us@here/x", "192.0.2.1", 1 },
		{ "proxy.example", "192.0.2.2", 2 }
	};
	struct elem	*e;

	calls = 0;
	must(s5b_offer(t, "p@q/r", "s", hosts, 2, NULL, 1, on_used, NULL) !=
	    NULL);
	if ((e = parsed("result", "p@q/r", data, size)) != NULL)
		iq_answer(t, e);
	elem_free(e);
	iq_expire(t, 2);
	must(calls == 1);
}

/* The same answer to whatever is asked. */
static void
try_search(struct iq_table *t, const uint8_t *data, size_t size)
{
	struct elem	*e;

	calls = found = 0;
	must(s5b_search_server(t, "q", 1, on_proxy, NULL) != NULL);
	if ((e = parsed("result", "q", data, size)) != NULL)
		iq_answer(t, e);
	elem_free(e);
	if (calls == 0 && (e = parsed("result", "proxy.example", data, size))
	    != NULL) {
		iq_answer(t, e);
		elem_free(e);
	}
	iq_expire(t, 2);
	must(calls == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct iq_table	*t;

	if (size > INPUT)
		return 0;
	must((t = iq_new(take, NULL)) != NULL);
	must(iq_setjid(t, "us@here/x") == 0);
	snprintf(id, sizeof(id), "i");
	try_offer(t, data, size);
	try_answer(t, data, size);
	try_search(t, data, size);
	iq_free(t);
	return 0;
}

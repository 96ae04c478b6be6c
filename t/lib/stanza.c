/* stanza.h says what this is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "xml/elem.h"
#include "xml/parse.h"

int	 stanza_count;
char	 stanza_sent[64 * 1024];

int
stanza_take(void *unused, const void *data, size_t len)
{
	(void)unused;
	stanza_count++;
	snprintf(stanza_sent, sizeof(stanza_sent), "%.*s", (int)len,
	    (const char *)data);
	return 0;
}

int
stanza_has(const char *s)
{
	return strstr(stanza_sent, s) != NULL;
}

const char *
stanza_id(void)
{
	static char	 id[64];
	const char	*p = strstr(stanza_sent, " id='");

	if (p == NULL)
		return "i";
	snprintf(id, sizeof(id), "%.*s", (int)strcspn(p + 5, "'"), p + 5);
	return id;
}

struct elem *
stanza_parse(const char *xml)
{
	struct parse	*p = parse_new(parse_defaults());
	struct elem	*e = NULL;

	if (p == NULL || parse_feed(p, HEADER, strlen(HEADER)) == -1 ||
	    parse_next(p, &e) != PARSE_OPEN)
		abort();
	elem_free(e);
	if (parse_next(p, &e) != PARSE_MORE ||
	    parse_feed(p, xml, strlen(xml)) == -1)
		abort();
	if (parse_next(p, &e) != PARSE_STANZA) {
		elem_free(e);
		e = NULL;
	}
	parse_free(p);
	return e;
}

struct elem *
stanza_iq(const char *type, const char *from, const void *inside, size_t len)
{
	static char	 xml[sizeof(stanza_sent)];

	snprintf(xml, sizeof(xml), "<iq type='%s' id='%s' from='%s'>%.*s</iq>",
	    type, stanza_id(), from, (int)len, (const char *)inside);
	return stanza_parse(xml);
}

struct elem *
stanza_from(struct parse *p, const char *from, const char *xml)
{
	struct elem	*e = NULL;
	char		 head[64];

	must(strncmp(xml, "<iq ", 4) == 0);
	snprintf(head, sizeof(head), "<iq from='%s' ", from);
	must(parse_feed(p, head, strlen(head)) == 0);
	must(parse_next(p, &e) == PARSE_MORE);
	must(parse_feed(p, xml + 4, strlen(xml) - 4) == 0);
	must(parse_next(p, &e) == PARSE_STANZA);
	return e;
}

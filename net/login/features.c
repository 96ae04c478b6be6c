/* features: see features.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/io/tls.h"
#include "net/io/tls_binding.h"
#include "net/login/features.h"
#include "net/login/sasl.h"
#include "net/login/sasl2.h"
#include "net/login/sm.h"
#include "xml/elem.h"
#include "xml/ns.h"
#include "xml/number.h"

#define BYTES_LEAST	1000	/* no login is possible with less */

#define BINDING		"cb:"
#define SASL2		"2:"
#define FAST		"fast:"
#define RESUME2		"2-resume"
#define BIND2		"2-bind"
#define BIND2_SM	"2-bind-sm"

/* Names that make no sense are ignored, and so are those for which there is no
 * room. */
void
features_add(char *words, const char *prefix, const char *name)
{
	static const char	 good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	size_t			 len = strlen(words);

	if (name == NULL || *name == '\0' || name[strspn(name, good)] != '\0' ||
	    len + strlen(prefix) + strlen(name) + 2 > FEATURES_CACHE_MAX)
		return;
	snprintf(words + len, FEATURES_CACHE_MAX - len, "%s%s%s",
	    len > 0 ? " " : "", prefix, name);
}

/* The mechanisms that are children of list. */
static void
add_mechanisms(const struct elem *list, const char *ns, const char *prefix,
    char *words)
{
	const struct elem	*e;

	for (e = elem_child(list, ns, "mechanism"); e != NULL;
	    e = elem_next(e, ns, "mechanism"))
		features_add(words, prefix, elem_text(e));
}

static void
add_bind2(const struct elem *bind, char *words)
{
	const struct elem	*e;
	const char		*var;

	if (bind == NULL)
		return;
	features_add(words, "", BIND2);
	e = elem_child(elem_child(bind, NS_BIND2, "inline"), NS_BIND2,
	    "feature");
	for (; e != NULL; e = elem_next(e, NS_BIND2, "feature"))
		if ((var = elem_attr(e, "var")) != NULL &&
		    strcmp(var, NS_SM) == 0 && !features_has(words, BIND2_SM))
			features_add(words, "", BIND2_SM);
}

static void
add_sasl2(const struct elem *features, char *words)
{
	const struct elem	*list, *more;

	list = elem_child(features, NS_SASL2, "authentication");
	add_mechanisms(list, NS_SASL2, SASL2, words);
	more = elem_child(list, NS_SASL2, "inline");
	if (elem_child(more, NS_SM, "sm") != NULL)
		features_add(words, "", RESUME2);
	add_bind2(elem_child(more, NS_BIND2, "bind"), words);
	add_mechanisms(elem_child(more, NS_FAST, "fast"), NS_FAST, FAST,
	    words);
}

void
features_first(const struct elem *features, char *words)
{
	const struct elem	*list, *e;

	*words = '\0';
	add_mechanisms(elem_child(features, NS_SASL, "mechanisms"), NS_SASL,
	    "", words);
	add_sasl2(features, words);
	list = elem_child(features, NS_SASL_CB, "sasl-channel-binding");
	for (e = elem_child(list, NS_SASL_CB, "channel-binding"); e != NULL;
	    e = elem_next(e, NS_SASL_CB, "channel-binding"))
		features_add(words, BINDING, elem_attr(e, "type"));
}

void
features_second(const struct elem *features, char *words)
{
	const struct elem	*old;

	*words = '\0';
	old = elem_child(features, NS_SESSION, "session");
	if (old != NULL && elem_child(old, NS_SESSION, "optional") == NULL)
		features_add(words, "", "session");
	if (elem_child(features, NS_SM, "sm") != NULL)
		features_add(words, "", "sm");
}

static int64_t
limit(const struct elem *limits, const char *name, uint64_t least)
{
	const struct elem	*e = elem_child(limits, NS_LIMITS, name);
	uint64_t		 n;

	if (number_read(elem_text(e), least, UINT32_MAX, &n) == -1)
		return 0;
	return (int64_t)n;
}

void
features_limits(const struct elem *features, struct features_limits *out)
{
	const struct elem	*limits;

	limits = elem_child(features, NS_LIMITS, "limits");
	out->bytes = (size_t)limit(limits, "max-bytes", BYTES_LEAST);
	out->silence = limit(limits, "idle-seconds", 1);
}

int
features_has(const char *words, const char *word)
{
	size_t		 len = strlen(word);
	const char	*p = words;

	for (; (p = strstr(p, word)) != NULL; p += len)
		if ((p == words || p[-1] == ' ') &&
		    (p[len] == '\0' || p[len] == ' '))
			return 1;
	return 0;
}

/* The word without its prefix into list, if it has that prefix. */
static int
parse_name(const char *word, const char *prefix, const char **list, size_t *n)
{
	size_t	 len = strlen(prefix);

	if (strncmp(word, prefix, len) != 0)
		return 0;
	if (*n < MECHS_MAX)
		list[(*n)++] = word + len;
	return 1;
}

static void
parse_word(struct features *o, const char *word)
{
	if (*word == '\0' ||
	    parse_name(word, BINDING, o->bindings, &o->nbindings) ||
	    parse_name(word, SASL2, o->mechs2, &o->nmechs2) ||
	    parse_name(word, FAST, o->fast, &o->nfast))
		return;
	if (strcmp(word, RESUME2) == 0)
		o->resume2 = 1;
	else if (strcmp(word, BIND2) == 0)
		o->bind2 = 1;
	else if (strcmp(word, BIND2_SM) == 0)
		o->bind2_sm = 1;
	else
		parse_name(word, "", o->mechs, &o->nmechs);
}

void
features_parse(struct features *o, const char *words)
{
	char	*p = o->words, *word;

	memset(o, 0, sizeof(*o));
	strlcpy(o->words, words, sizeof(o->words));
	while ((word = strsep(&p, " ")) != NULL)
		parse_word(o, word);
}

int
features_names(const char *const *list, size_t n, const char *name)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return 1;
	return 0;
}

static int
any_plus(const char *const *mechs, size_t n)
{
	size_t	 i, len;

	for (i = 0; i < n; i++)
		if ((len = strlen(mechs[i])) > 5 &&
		    strcmp(mechs[i] + len - 5, "-PLUS") == 0)
			return 1;
	return 0;
}

static int
offers_binding(const struct features *o)
{
	return any_plus(o->mechs, o->nmechs) ||
	    any_plus(o->mechs2, o->nmechs2);
}

/*
 * Of the bindings that TLS can do, keep those that the server names (XEP-0440).
 * A server that offers to bind but names none predates XEP-0440 and means what
 * TLS 1.3 does not have (ejabberd 23.01), so none is kept.  A server that
 * offers none is told that we could (RFC 5802 section 6), hence all are.
 */
size_t
features_bindings(const struct features *o, SSL *ssl, struct tls_binding *out)
{
	struct tls_binding	 ours[2];
	size_t			 i, n, kept = 0;

	if (ssl == NULL)
		return 0;
	n = tls_bindings(ssl, ours);
	for (i = 0; i < n; i++)
		if (features_names(o->bindings, o->nbindings, ours[i].type) ||
		    !offers_binding(o))
			out[kept++] = ours[i];
	return kept;
}

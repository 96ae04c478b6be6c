/* offer: see offer.h. */
#include <stdio.h>
#include <string.h>

#include "net/offer.h"
#include "net/sasl.h"
#include "net/sm.h"
#include "net/tls.h"
#include "xml/elem.h"

#define NS_SASL_CB	"urn:xmpp:sasl-cb:0"
#define NS_SESSION	"urn:ietf:params:xml:ns:xmpp-session"

#define BINDING		"cb:"

/* Names that are none are no offers.  A few more than there is room for are
 * not remembered. */
void
offer_add(char *words, const char *prefix, const char *name)
{
	static const char	 good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	size_t			 len = strlen(words);

	if (name == NULL || *name == '\0' || name[strspn(name, good)] != '\0' ||
	    len + strlen(prefix) + strlen(name) + 2 > MANNERS_MAX)
		return;
	snprintf(words + len, MANNERS_MAX - len, "%s%s%s",
	    len > 0 ? " " : "", prefix, name);
}

void
offer_first(const struct elem *features, char *words)
{
	const struct elem	*list, *e;

	*words = '\0';
	list = elem_child(features, NS_SASL, "mechanisms");
	for (e = elem_child(list, NS_SASL, "mechanism"); e != NULL;
	    e = elem_next(e, NS_SASL, "mechanism"))
		offer_add(words, "", elem_text(e));
	list = elem_child(features, NS_SASL_CB, "sasl-channel-binding");
	for (e = elem_child(list, NS_SASL_CB, "channel-binding"); e != NULL;
	    e = elem_next(e, NS_SASL_CB, "channel-binding"))
		offer_add(words, BINDING, elem_attr(e, "type"));
}

void
offer_second(const struct elem *features, char *words)
{
	const struct elem	*old;

	*words = '\0';
	old = elem_child(features, NS_SESSION, "session");
	if (old != NULL && elem_child(old, NS_SESSION, "optional") == NULL)
		offer_add(words, "", "session");
	if (elem_child(features, NS_SM, "sm") != NULL)
		offer_add(words, "", "sm");
}

int
offer_has(const char *words, const char *word)
{
	size_t		 len = strlen(word);
	const char	*p = words;

	for (; (p = strstr(p, word)) != NULL; p += len)
		if ((p == words || p[-1] == ' ') &&
		    (p[len] == '\0' || p[len] == ' '))
			return 1;
	return 0;
}

void
offer_parse(struct offer *o, const char *words)
{
	char	*p = o->words, *word;

	o->nmechs = o->nbindings = 0;
	strlcpy(o->words, words, sizeof(o->words));
	while ((word = strsep(&p, " ")) != NULL) {
		if (strncmp(word, BINDING, strlen(BINDING)) == 0) {
			if (o->nbindings < MECHS_MAX)
				o->bindings[o->nbindings++] =
				    word + strlen(BINDING);
		} else if (*word != '\0' && o->nmechs < MECHS_MAX) {
			o->mechs[o->nmechs++] = word;
		}
	}
}

static int
names_binding(const struct offer *o, const char *type)
{
	size_t	 i;

	for (i = 0; i < o->nbindings; i++)
		if (strcmp(o->bindings[i], type) == 0)
			return 1;
	return 0;
}

static int
offers_binding(const struct offer *o)
{
	size_t	 i, len;

	for (i = 0; i < o->nmechs; i++)
		if ((len = strlen(o->mechs[i])) > 5 &&
		    strcmp(o->mechs[i] + len - 5, "-PLUS") == 0)
			return 1;
	return 0;
}

/*
 * Of the bindings that TLS can do, keep those that the server names (XEP-0440).
 * One that offers to bind but names none predates XEP-0440 and means what
 * TLS 1.3 does not have (ejabberd 23.01), so none is kept.  One that offers
 * none is told that we could (RFC 5802 section 6), hence all are.
 */
size_t
offer_bindings(const struct offer *o, SSL *ssl, struct sasl_binding *out)
{
	struct sasl_binding	 ours[2];
	size_t			 i, n, kept = 0;

	if (ssl == NULL)
		return 0;
	n = tls_bindings(ssl, ours);
	for (i = 0; i < n; i++)
		if (names_binding(o, ours[i].type) || !offers_binding(o))
			out[kept++] = ours[i];
	return kept;
}


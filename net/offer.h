/*
 * offer: what a server offers in its stream features, as it says or as it did
 * last time (see manners.h): the names of SASL mechanisms, those of channel
 * bindings (XEP-0440) with "cb:" before, "sm", "session" (RFC 3921's, if it is
 * demanded), and "granted" if the resource was the one that we named.  The
 * words, with a space between, in MANNERS_MAX bytes.
 */
#ifndef NET_OFFER_H
#define NET_OFFER_H

#include <stddef.h>

#include <openssl/ssl.h>

#include "net/manners.h"

#define NS_SASL		"urn:ietf:params:xml:ns:xmpp-sasl"

#define OFFER_GRANTED	"granted"
#define OFFER_SESSION	"session"
#define OFFER_SM	"sm"

#define MECHS_MAX	32

struct elem;
struct sasl_binding;

/* The words about logging in, taken apart. */
struct offer {
	char		 words[MANNERS_MAX];
	const char	*mechs[MECHS_MAX];
	const char	*bindings[MECHS_MAX];
	size_t		 nmechs, nbindings;
};

/* The words of the features before SASL; of those after it. */
void	 offer_first(const struct elem *features, char *words);
void	 offer_second(const struct elem *features, char *words);
/* Add one, with prefix; is one there? */
void	 offer_add(char *words, const char *prefix, const char *name);
int	 offer_has(const char *words, const char *word);

/* Take the words of offer_first() apart. */
void	 offer_parse(struct offer *o, const char *words);
/* The bindings to ssl (NULL: none) that both sides can do, best first, in out,
 * which has room for 2.  Returns how many. */
size_t	 offer_bindings(const struct offer *o, SSL *ssl,
	    struct sasl_binding *out);

#endif

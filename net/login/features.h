/*
 * features: what a server offers in its stream features, as it says or as it
 * did last time (features_cache.h): the names of SASL mechanisms, those of
 * channel bindings (XEP-0440) with "cb:" before, "sm", "session" (RFC 3921's,
 * if it is demanded), and "granted" if the resource was what we named.
 *
 * Of SASL2 (XEP-0388) there are the mechanisms with "2:" before, "2-resume" if
 * a session can be resumed inline, "2-bind" and "2-bind-sm" (XEP-0386, with
 * stream management), and the mechanisms for tokens (XEP-0484) with "fast:".
 *
 * The words, with a space between, in FEATURES_CACHE_MAX bytes.
 */
#ifndef NET_LOGIN_FEATURES_H
#define NET_LOGIN_FEATURES_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "net/login/features_cache.h"
#include "xml/ns.h"

#define FEATURES_GRANTED	"granted"
#define FEATURES_SESSION	"session"
#define FEATURES_SM	"sm"

#define MECHS_MAX	32

struct elem;
struct tls_binding;

/* The words about logging in, taken apart. */
struct features {
	char		 words[FEATURES_CACHE_MAX];
	const char	*mechs[MECHS_MAX];
	const char	*bindings[MECHS_MAX];
	const char	*mechs2[MECHS_MAX];	/* SASL2 */
	const char	*fast[MECHS_MAX];
	size_t		 nmechs, nbindings, nmechs2, nfast;
	int		 resume2, bind2, bind2_sm;
};

/* Put the words of the features before SASL into words[FEATURES_CACHE_MAX]. */
void	 features_first(const struct elem *features, char *words);
/* Put those of the features after SASL into words[FEATURES_CACHE_MAX]. */
void	 features_second(const struct elem *features, char *words);
/* Add a word, prefix and name. */
void	 features_add(char *words, const char *prefix, const char *name);
/* Is the word among words? */
int	 features_has(const char *words, const char *word);

/* What a server says that it bears (XEP-0478): the bytes of an element, and the
 * seconds of silence.  0: it does not say, or what it says makes no sense. */
struct features_limits {
	size_t		 bytes;
	int64_t		 silence;
};
/* The limits that these features name. */
void	 features_limits(const struct elem *features,
	    struct features_limits *out);

/* Take the words of features_first() apart. */
void	 features_parse(struct features *o, const char *words);
/* Is the name one of these n? */
int	 features_names(const char *const *list, size_t n, const char *name);
/* The bindings to ssl (NULL: none) that both sides can do, best first, in out,
 * which has room for 2.  Returns how many. */
size_t	 features_bindings(const struct features *o, SSL *ssl,
	    struct tls_binding *out);

#endif

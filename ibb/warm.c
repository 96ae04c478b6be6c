/* warm: see warm.h. */
#include <sys/queue.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "ibb/warm.h"
#include "xml/number.h"

#define PREFIX		"xcat:again:"	/* of the name of a key */
#define NAME		16		/* bytes: a secret's name */
#define SECOND		INT64_C(1000000)
#define OLD		(1500 * SECOND)	/* a caller asks for another secret */
#define CALLER_MOST	(3000 * SECOND)	/* it uses this one no more */
#define LISTENER_MOST	(3600 * SECOND)

/* The key of a session that has not come, though one behind it has. */
struct skipped {
	int			 kept;
	uint64_t		 number;
	unsigned char		 key[WARM_KEY];
};

struct secret {
	char			 name[2 * NAME + 1];
	unsigned char		 chain[WARM_KEY];	/* of key number next */
	uint64_t		 next;
	struct skipped		 skipped[WARM_SKIPPED];	/* a listener's */
	int			 calling;
	int			 asked;		/* for another one */
	int64_t			 born;
	char			 fingerprint[E2E_FINGERPRINT];
	TAILQ_ENTRY(secret)	 entry;
	char			 peer[];
};

struct warm {
	TAILQ_HEAD(secrets, secret) secrets;	/* the oldest first */
	size_t			 nsecrets;
	int64_t			(*now)(void);
};

struct warm *
warm_new(int64_t (*now)(void))
{
	struct warm	*w;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	TAILQ_INIT(&w->secrets);
	w->now = now;
	return w;
}

static void
warm_drop(struct warm *w, struct secret *s)
{
	TAILQ_REMOVE(&w->secrets, s, entry);
	w->nsecrets--;
	OPENSSL_cleanse(s, sizeof(*s));
	free(s);
}

void
warm_free(struct warm *w)
{
	struct secret	*s;

	if (w == NULL)
		return;
	while ((s = TAILQ_FIRST(&w->secrets)) != NULL)
		warm_drop(w, s);
	free(w);
}

/* Drop the secrets that are too old. */
static void
warm_expire(struct warm *w)
{
	struct secret	*s, *next;

	TAILQ_FOREACH_SAFE(s, &w->secrets, entry, next)
		if (w->now() - s->born > (s->calling ? CALLER_MOST :
		    LISTENER_MOST))
			warm_drop(w, s);
}

/* Drop the oldest secret of this peer, if there are too many. */
static void
warm_make_room(struct warm *w, const char *peer)
{
	struct secret	*s, *oldest = NULL;
	size_t		 n = 0;

	TAILQ_FOREACH(s, &w->secrets, entry)
		if (strcmp(s->peer, peer) == 0 && n++ == 0)
			oldest = s;
	if (n >= WARM_OF_PEER)
		warm_drop(w, oldest);
	else if (w->nsecrets >= WARM_SECRETS)
		warm_drop(w, TAILQ_FIRST(&w->secrets));
}

void
warm_add(struct warm *w, int calling, const char *peer,
    const char *fingerprint, const unsigned char *root)
{
	struct secret	*s;
	size_t		 size = strlen(peer) + 1;

	warm_expire(w);
	if ((s = calloc(1, sizeof(*s) + size)) == NULL)
		return;
	warm_make_room(w, peer);
	number_to_hex(root, NAME, s->name);
	memcpy(s->chain, root + NAME, sizeof(s->chain));
	s->calling = calling;
	s->born = w->now();
	strlcpy(s->fingerprint, fingerprint, sizeof(s->fingerprint));
	memcpy(s->peer, peer, size);
	TAILQ_INSERT_TAIL(&w->secrets, s, entry);
	w->nsecrets++;
}

_Static_assert(WARM_ROOT == NAME + WARM_KEY, "a name and a secret");

/*
 * Keys
 */

/* What follows from a secret, for this purpose.  0 or -1. */
static int
warm_derive(const unsigned char *chain, const char *what, unsigned char *out)
{
	unsigned int	 len;

	return HMAC(EVP_sha256(), chain, WARM_KEY, (const unsigned char *)what,
	    strlen(what), out, &len) != NULL ? 0 : -1;
}

/* The key of the present number into key, and on to the next number. */
static int
warm_step(unsigned char *chain, unsigned char *key)
{
	unsigned char	 next[WARM_KEY];

	if (warm_derive(chain, "key", key) == -1 ||
	    warm_derive(chain, "next", next) == -1)
		return -1;
	memcpy(chain, next, sizeof(next));
	OPENSSL_cleanse(next, sizeof(next));
	return 0;
}

/* The newest secret of a caller for peer; NULL if there is none. */
static struct secret *
warm_newest(struct warm *w, const char *peer)
{
	struct secret	*s;

	warm_expire(w);
	TAILQ_FOREACH_REVERSE(s, &w->secrets, secrets, entry)
		if (s->calling && strcmp(s->peer, peer) == 0)
			break;
	return s;
}

int
warm_wants(struct warm *w, const char *peer)
{
	struct secret	*s = warm_newest(w, peer);

	if (s == NULL)
		return 1;
	if (s->asked || w->now() - s->born <= OLD)
		return 0;
	s->asked = 1;
	return 1;
}

static void
warm_fill(const struct secret *s, uint64_t number, struct warm_pass *pass)
{
	snprintf(pass->id, sizeof(pass->id), PREFIX "%s:%" PRIu64, s->name,
	    number);
	strlcpy(pass->peer, s->fingerprint, sizeof(pass->peer));
}

int
warm_take(struct warm *w, const char *peer, struct warm_pass *pass)
{
	struct secret	*s = warm_newest(w, peer);

	if (s == NULL || s->next > UINT32_MAX ||
	    warm_step(s->chain, pass->key) == -1)
		return 0;
	warm_fill(s, s->next++, pass);
	return 1;
}

/*
 * A listener's
 */

/* The secret whose key has this name, and the key's number. */
static struct secret *
warm_named(struct warm *w, const char *id, size_t len, uint64_t *number)
{
	const size_t	 prefix = sizeof(PREFIX) - 1;
	struct secret	*s;

	if (len <= prefix + 2 * NAME + 1 || id[prefix + 2 * NAME] != ':' ||
	    memcmp(id, PREFIX, prefix) != 0 ||
	    number_decimal(id + prefix + 2 * NAME + 1,
	    len - prefix - 2 * NAME - 1, 0, UINT32_MAX, number) == -1)
		return NULL;
	TAILQ_FOREACH(s, &w->secrets, entry)
		if (memcmp(s->name, id + prefix, 2 * NAME) == 0)
			break;
	return s;
}

static struct skipped *
warm_skipped(struct secret *s, uint64_t number)
{
	struct skipped	*k = &s->skipped[number % WARM_SKIPPED];

	return k->kept && k->number == number ? k : NULL;
}

/* The key of a number that is to come, from a copy of the chain. */
static int
warm_ahead(const struct secret *s, uint64_t number, unsigned char *key)
{
	unsigned char	 chain[WARM_KEY];
	uint64_t	 n;
	int		 r = 0;

	if (number - s->next >= WARM_AHEAD)
		return -1;
	memcpy(chain, s->chain, sizeof(chain));
	for (n = s->next; n <= number && r == 0; n++)
		r = warm_step(chain, key);
	OPENSSL_cleanse(chain, sizeof(chain));
	return r;
}

int
warm_find(struct warm *w, const char *peer, const void *id, size_t len,
    struct warm_pass *pass)
{
	struct secret		*s;
	const struct skipped	*k;
	uint64_t		 number;

	warm_expire(w);
	s = warm_named(w, id, len, &number);
	if (s == NULL || s->calling || strcmp(s->peer, peer) != 0)
		return 0;
	if (number >= s->next) {
		if (warm_ahead(s, number, pass->key) == -1)
			return 0;
	} else if ((k = warm_skipped(s, number)) != NULL) {
		memcpy(pass->key, k->key, sizeof(pass->key));
	} else {
		return 0;
	}
	warm_fill(s, number, pass);
	return 1;
}

/* Keep the keys up to this number, which have not come. */
static int
warm_pass_over(struct secret *s, uint64_t number)
{
	struct skipped	*k;

	for (; s->next < number; s->next++) {
		k = &s->skipped[s->next % WARM_SKIPPED];
		k->kept = 1;
		k->number = s->next;
		if (warm_step(s->chain, k->key) == -1)
			return -1;
	}
	return 0;
}

void
warm_use(struct warm *w, const struct warm_pass *pass)
{
	unsigned char	 key[WARM_KEY];
	struct skipped	*k;
	struct secret	*s;
	uint64_t	 number;

	s = warm_named(w, pass->id, strlen(pass->id), &number);
	if (s == NULL)
		return;
	if (number < s->next) {
		if ((k = warm_skipped(s, number)) != NULL)
			OPENSSL_cleanse(k, sizeof(*k));
		return;
	}
	/* Without memory this secret ends, so that no key comes twice. */
	if (warm_pass_over(s, number) == -1 || warm_step(s->chain, key) == -1) {
		warm_drop(w, s);
		return;
	}
	s->next++;
	OPENSSL_cleanse(key, sizeof(key));
}

void
warm_forget(struct warm *w, const struct warm_pass *pass)
{
	struct secret	*s;
	uint64_t	 number;

	s = warm_named(w, pass->id, strlen(pass->id), &number);
	if (s != NULL)
		warm_drop(w, s);
}

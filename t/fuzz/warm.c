/*
 * Fuzzer of the names of keys that callers send (ibb/warm): the tables of a
 * caller and a listener, line by line, where a key is named by its number of
 * those that the caller has taken, the last being 0:
 *
 *	+, -		a session has left a secret at both ends; at the
 *			caller's alone
 *	T n		the caller takes so many keys
 *	F n, O n	the name of a key comes from the caller; from another
 *			address
 *	?...		this name comes from the caller
 *	U n		the caller shows that it has a key
 *	X n		it hears that the listener has not known a key
 *	W		does it want another secret?
 *	R		the listener begins anew
 *	A n		so many seconds pass
 *
 * Whatever comes, a key is found by its name, from its caller, and until it is
 * used; it is the caller's; and no key comes twice.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/warm.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/script.h"
#include "t/lib/must.h"

#define CALLER	"a@h/x"
#define OTHER	"a@h/z"
#define LISTENER "b@h/y"
#define STEPS	200
#define KEYS	1024
#define SECOND	INT64_C(1000000)

/* A key that one of the two has given. */
struct key {
	struct warm_pass pass;
	int		 used;
};

static struct warm	*caller, *listener;
static struct key	 keys[KEYS];
static size_t		 nkeys;
static size_t		 taken[KEYS];	/* of these, by the caller */
static size_t		 ntaken;
static unsigned char	 nsecrets;
static int64_t		 now;

static int64_t
on_now(void)
{
	return now;
}

/* The key of this name.  A key whose name was not known differs from all other
 * keys. */
static struct key *
key_of(const struct warm_pass *pass)
{
	size_t	 i;

	for (i = 0; i < nkeys; i++) {
		if (strcmp(keys[i].pass.id, pass->id) == 0)
			break;
		must(memcmp(keys[i].pass.key, pass->key, WARM_KEY) != 0);
	}
	if (i == nkeys) {
		must(nkeys < KEYS);
		keys[nkeys].pass = *pass;
		keys[nkeys++].used = 0;
	}
	must(memcmp(keys[i].pass.key, pass->key, WARM_KEY) == 0);
	return &keys[i];
}

/* Secrets are random, so each is another one. */
static void
leave(int both)
{
	unsigned char	 root[WARM_ROOT];

	if (nsecrets == UINT8_MAX)
		return;
	memset(root, ++nsecrets, sizeof(root));
	warm_add(caller, 1, LISTENER, "key of b", root);
	if (both)
		warm_add(listener, 0, CALLER, "key of a", root);
	must(!warm_wants(caller, LISTENER) && warm_wants(caller, OTHER));
}

static void
take(size_t n)
{
	struct warm_pass	 pass;

	for (; n > 0 && nkeys < KEYS / 2; n--) {
		if (!warm_take(caller, LISTENER, &pass))
			return;
		must(strcmp(pass.peer, "key of b") == 0);
		taken[ntaken++] = (size_t)(key_of(&pass) - keys);
	}
}

/* A name that comes to the listener: 1 with the key that it has found. */
static int
come(const char *peer, const char *id, struct warm_pass *pass)
{
	size_t	 len = strlen(id);

	must(!warm_find(caller, peer, id, len, pass));
	if (nkeys == KEYS || !warm_find(listener, peer, id, len, pass))
		return 0;
	must(strcmp(peer, CALLER) == 0 &&
	    strcmp(pass->peer, "key of a") == 0 && !key_of(pass)->used);
	return 1;
}

static void
use(struct key *k)
{
	struct warm_pass	 pass;

	if (!come(CALLER, k->pass.id, &pass))
		return;
	must(strcmp(pass.id, k->pass.id) == 0);
	warm_use(listener, &pass);
	k->used = 1;
	must(!come(CALLER, k->pass.id, &pass));
}

static void
begin_listener(void)
{
	warm_free(listener);
	must((listener = warm_new(on_now)) != NULL);
}

/* What needs a key that the caller has taken. */
static void
step_key(char what, struct key *k)
{
	struct warm_pass	 pass;

	switch (what) {
	case 'F':
		come(CALLER, k->pass.id, &pass);
		break;
	case 'O':
		come(OTHER, k->pass.id, &pass);
		break;
	case 'U':
		use(k);
		break;
	case 'X':
		warm_forget(caller, &k->pass);
		break;
	default:
		break;
	}
}

static void
step(const char *line)
{
	struct warm_pass	 pass;
	size_t			 n = *line == '\0' ? 0 :
				     strtoul(line + 1, NULL, 10);

	switch (*line) {
	case '+':
	case '-':
		leave(*line == '+');
		break;
	case 'T':
		take(n);
		break;
	case '?':
		come(CALLER, line + 1, &pass);
		break;
	case 'W':
		must(!warm_wants(caller, LISTENER) ||
		    !warm_wants(caller, LISTENER) ||
		    !warm_take(caller, LISTENER, &pass));
		break;
	case 'R':
		begin_listener();
		break;
	case 'A':
		now += (int64_t)(n & 0xffff) * SECOND;
		break;
	default:
		if (n < ntaken)
			step_key(*line, &keys[taken[ntaken - 1 - n]]);
		break;
	}
}

int
fuzz_warm(const uint8_t *data, size_t size)
{
	struct script	 s;
	const char	*line;
	int		 steps;

	now = 0;
	nkeys = ntaken = nsecrets = 0;
	must((caller = warm_new(on_now)) != NULL);
	begin_listener();
	script_begin(&s, data, size);
	for (steps = 0; steps < STEPS && (line = script_line(&s)) != NULL;
	    steps++)
		step(line);
	warm_free(caller);
	warm_free(listener);
	listener = NULL;
	return 0;
}

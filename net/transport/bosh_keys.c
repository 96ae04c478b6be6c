/* bosh_keys: see bosh_keys.h. */
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "net/transport/bosh_keys.h"
#include "xml/number.h"

#define LENGTH_LEAST	256
#define LENGTH_MORE	256		/* or as many more */

static void
hash(const void *data, size_t len, char *key)
{
	unsigned char	 digest[SHA_DIGEST_LENGTH];

	SHA1(data, len, digest);
	number_to_hex(digest, sizeof(digest), key);
}

/* K(n).  That takes time, but no memory: some hundred hashes of 40 bytes. */
static void
nth(const struct bosh_keys *k, unsigned n, char *key)
{
	hash(k->seed, sizeof(k->seed), key);
	while (--n > 0)
		hash(key, BOSH_KEYS_KEY - 1, key);
}

void
bosh_keys_begin(struct bosh_keys *k, char *key)
{
	arc4random_buf(k->seed, sizeof(k->seed));
	k->left = LENGTH_LEAST + arc4random_uniform(LENGTH_MORE);
	nth(k, k->left--, key);
}

unsigned
bosh_keys_next(struct bosh_keys *k, char *key)
{
	nth(k, k->left, key);
	return --k->left;
}

/* hash: names of hash functions, and sums in stanzas; see hash.h. */
#include <string.h>

#include "ibb/hash.h"
#include "xml/base64.h"
#include "xml/elem.h"

static const struct {
	const char	*name, *evp, *shown;
	size_t		 size;
} hashes[] = {
	[HASH_NONE] = { "", NULL, "no hash", 0 },
	[HASH_MD5] = { "md5", "MD5", "MD5", 16 },
	[HASH_SHA1] = { "sha-1", "SHA1", "SHA-1", 20 },
	[HASH_SHA256] = { "sha-256", "SHA256", "SHA-256", 32 },
	[HASH_SHA3_256] = { "sha3-256", "SHA3-256", "SHA3-256", 32 },
	[HASH_SHA512] = { "sha-512", "SHA512", "SHA-512", 64 },
	[HASH_SHA3_512] = { "sha3-512", "SHA3-512", "SHA3-512", 64 },
	[HASH_BLAKE2B_512] = { "blake2b-512", "BLAKE2b512", "BLAKE2b-512", 64 },
};

const char *
hash_name(enum hash_algo algo)
{
	return hashes[algo].name;
}

const char *
hash_evp(enum hash_algo algo)
{
	return hashes[algo].evp;
}

const char *
hash_shown(enum hash_algo algo)
{
	return hashes[algo].shown;
}

enum hash_algo
hash_find(const char *name)
{
	size_t	 i;

	for (i = 1; name != NULL && i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (strcmp(name, hashes[i].name) == 0)
			return (enum hash_algo)i;
	return HASH_NONE;
}

size_t
hash_size(enum hash_algo algo)
{
	return hashes[algo].size;
}

int
hash_read(enum hash_algo algo, const struct elem *hash,
    unsigned char out[HASH_BYTES])
{
	unsigned char	 sum[BASE64_DECODED(2 * HASH_BYTES)];
	size_t		 n;

	if (base64_decode(sum, sizeof(sum), &n, elem_text(hash),
	    hash->textlen) == -1 || n != hash_size(algo))
		return -1;
	memcpy(out, sum, n);
	return 0;
}

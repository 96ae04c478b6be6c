/*
 * hash: the hash functions by which peers say what is in a file, and their
 * names in stanzas (XEP-0300 section 3).
 */
#ifndef IBB_HASH_H
#define IBB_HASH_H

#include <stddef.h>

#include "xml/check.h"

struct elem;

/* The functions that we know, the stronger ones behind the weaker ones. */
enum hash_algo {
	HASH_NONE,
	HASH_MD5,		/* XEP-0096 knows no other */
	HASH_SHA1,
	HASH_SHA256,
	HASH_SHA3_256,
	HASH_SHA512,
	HASH_SHA3_512,
	HASH_BLAKE2B_512
};

#define HASH_BYTES	64	/* of the longest */
#define HASH_HEX	(2 * HASH_BYTES + 1)	/* in hexadecimal, with NUL */

/* Its name in stanzas, for example "sha-256"; "" for HASH_NONE. */
const char *hash_name(enum hash_algo algo);
/* Its name in OpenSSL; NULL for HASH_NONE. */
const char *hash_evp(enum hash_algo algo);
/* Its name for people, for example "SHA-256". */
const char *hash_shown(enum hash_algo algo);
/* The function that stanzas call so; HASH_NONE if we do not know it, or name is
 * NULL. */
enum hash_algo hash_find(const char *name);
/* The length of its sums in bytes; 0 for HASH_NONE. */
size_t	 hash_size(enum hash_algo algo);
/* Read the sum in a <hash/>, which is in base64: hash_size() bytes.  0, or -1
 * if it is none. */
int	 hash_read(enum hash_algo algo, const struct elem *hash,
	    unsigned char out[HASH_BYTES]) MUST_CHECK;

#endif

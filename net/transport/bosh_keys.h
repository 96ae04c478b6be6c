/*
 * keyseq: a sequence of keys, each the hash of the next, so that an
 * eavesdropper that knows the last used key does not know the next (XEP-0124
 * section 15).
 */
#ifndef NET_TRANSPORT_BOSH_KEYS_H
#define NET_TRANSPORT_BOSH_KEYS_H

#define KEYSEQ_SEED	20
#define KEYSEQ_KEY	41	/* bytes of a key in hexadecimal, with NUL */

struct bosh_keys {
	unsigned char	 seed[KEYSEQ_SEED];
	unsigned	 left;		/* keys that were not used yet */
};

/* A fresh sequence; into key[KEYSEQ_KEY] goes what announces it. */
void	 bosh_keys_begin(struct bosh_keys *k, char *key);
/* The next key, into key[KEYSEQ_KEY].  How many are left: after the last one,
 * 0, a new sequence has to begin. */
unsigned bosh_keys_next(struct bosh_keys *k, char *key);

#endif

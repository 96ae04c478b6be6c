/*
 * bosh_keys: a sequence of keys, each the hash of the next, so that an
 * eavesdropper that knows the last used key does not know the next (XEP-0124
 * section 15).
 */
#ifndef NET_TRANSPORT_BOSH_KEYS_H
#define NET_TRANSPORT_BOSH_KEYS_H

#define BOSH_KEYS_SEED	20
#define BOSH_KEYS_KEY	41	/* bytes of a key in hexadecimal, with NUL */

struct bosh_keys {
	unsigned char	 seed[BOSH_KEYS_SEED];
	unsigned	 left;		/* keys that were not used yet */
};

/* Begin a sequence, and put the key that announces it into
 * key[BOSH_KEYS_KEY]. */
void	 bosh_keys_begin(struct bosh_keys *k, char *key);
/* Put the next key into key[BOSH_KEYS_KEY].  Returns how many are left: at 0, a
 * new sequence has to begin. */
unsigned bosh_keys_next(struct bosh_keys *k, char *key);

#endif

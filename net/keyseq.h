/*
 * keyseq: a sequence of keys, each the hash of the next, so that who knows
 * the one that was used last knows nobody else's next (XEP-0124 section 15).
 */
#ifndef NET_KEYSEQ_H
#define NET_KEYSEQ_H

#define KEYSEQ_SEED	20
#define KEYSEQ_KEY	41	/* bytes of a key in hexadecimal, with NUL */

struct keyseq {
	unsigned char	 seed[KEYSEQ_SEED];
	unsigned	 left;		/* keys that were not used yet */
};

/* A fresh sequence; into key[KEYSEQ_KEY] goes what announces it. */
void	 keyseq_begin(struct keyseq *k, char *key);
/* The next key, into key[KEYSEQ_KEY].  How many are left: after the last one,
 * 0, a new sequence has to begin. */
unsigned keyseq_next(struct keyseq *k, char *key);

#endif

/* proof: see proof.h. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdlib.h>
#include <string.h>

#include "net/s5b/proof.h"

#define CHOICE	'!'

static void
add_output(struct proof *p, const void *data, size_t len)
{
	memcpy(p->out + p->outlen, data, len);
	p->outlen += len;
}

/* The HMAC of the side with this letter.  Returns 0, or -1 without memory. */
static int
make_mac(const struct proof *p, char letter, const unsigned char *peer,
    unsigned char *mac)
{
	unsigned char	 text[1 + 2 * PROOF_NONCE];
	unsigned int	 len = PROOF_MAC;

	text[0] = (unsigned char)letter;
	memcpy(text + 1, p->initiator ? p->nonce : peer, PROOF_NONCE);
	memcpy(text + 1 + PROOF_NONCE, p->initiator ? peer : p->nonce,
	    PROOF_NONCE);
	return HMAC(EVP_sha256(), p->key, sizeof(p->key), text, sizeof(text),
	    mac, &len) != NULL ? 0 : -1;
}

void
proof_init(struct proof *p, const unsigned char key[PROOF_KEY], int initiator)
{
	memset(p, 0, sizeof(*p));
	p->state = PROOF_NONCE_DUE;
	p->initiator = initiator;
	memcpy(p->key, key, sizeof(p->key));
	arc4random_buf(p->nonce, sizeof(p->nonce));
	add_output(p, p->nonce, sizeof(p->nonce));
}

void
proof_wipe(struct proof *p)
{
	OPENSSL_cleanse(p->key, sizeof(p->key));
	OPENSSL_cleanse(p->want, sizeof(p->want));
}

/* How many bytes the present part has. */
static size_t
part_size(const struct proof *p)
{
	switch (p->state) {
	case PROOF_NONCE_DUE:
		return PROOF_NONCE;
	case PROOF_MAC_DUE:
		return PROOF_MAC;
	case PROOF_HOLDS:
		return p->initiator ? 0 : 1;
	default:
		return 0;
	}
}

size_t
proof_need(const struct proof *p)
{
	return part_size(p) - p->got;
}

static enum proof_state
nonce_came(struct proof *p)
{
	unsigned char	 mac[PROOF_MAC];

	if (make_mac(p, p->initiator ? 'I' : 'R', p->in, mac) == -1 ||
	    make_mac(p, p->initiator ? 'R' : 'I', p->in, p->want) == -1)
		return PROOF_WRONG;
	add_output(p, mac, sizeof(mac));
	return PROOF_MAC_DUE;
}

/* A part is complete: what is next? */
static enum proof_state
part_came(struct proof *p)
{
	switch (p->state) {
	case PROOF_NONCE_DUE:
		return nonce_came(p);
	case PROOF_MAC_DUE:
		return CRYPTO_memcmp(p->in, p->want, sizeof(p->want)) == 0 ?
		    PROOF_HOLDS : PROOF_WRONG;
	default:
		return p->in[0] == CHOICE ? PROOF_CHOSEN : PROOF_WRONG;
	}
}

enum proof_state
proof_input(struct proof *p, const void *data, size_t len)
{
	if (len > proof_need(p)) {
		p->state = PROOF_WRONG;
		p->got = 0;
		return p->state;
	}
	memcpy(p->in + p->got, data, len);
	p->got += len;
	if (len > 0 && p->got == part_size(p)) {
		p->got = 0;
		p->state = part_came(p);
	}
	return p->state;
}

void
proof_choose(struct proof *p)
{
	static const char	 choice = CHOICE;

	if (!p->initiator || p->state != PROOF_HOLDS)
		return;
	add_output(p, &choice, 1);
	p->state = PROOF_CHOSEN;
}

const void *
proof_output(struct proof *p, size_t *len)
{
	*len = p->outlen;
	p->outlen = 0;
	return p->out;
}

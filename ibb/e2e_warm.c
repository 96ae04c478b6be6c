/*
 * e2e_warm: sessions that stand by what an earlier session between these two
 * ends has left (ibb/warm.h), and whose first payload comes before the
 * handshake: early data, RFC 8446 sections 2.3 and 4.2.10.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ibb/e2e_int.h"
#include "ibb/warm.h"
#include "xml/buf.h"

#define LABEL	"EXPORTER-xcat-again"

_Static_assert(WARM_KEY == E2E_SECRET, "a key is a secret");

/* The session that the key stands for, which allows early data for the stream
 * that both ends mean. */
static SSL_SESSION *
e2e_warm_session(struct e2e *e)
{
	SSL_SESSION	*session = e2e_psk_session(e->ssl, e->pass.key);

	if (session == NULL)
		return NULL;
	if (SSL_SESSION_set_max_early_data(session, E2E_EARLY_MOST) == 1 &&
	    SSL_SESSION_set1_alpn_selected(session,
	    (const unsigned char *)e->about, strlen(e->about)) == 1)
		return session;
	SSL_SESSION_free(session);
	return NULL;
}

/* A caller's: it says which key it has. */
static int
e2e_warm_offer(SSL *ssl, const EVP_MD *md, const unsigned char **id,
    size_t *idlen, SSL_SESSION **session)
{
	struct e2e	*e = SSL_get_app_data(ssl);

	*session = NULL;
	*id = (const unsigned char *)e->pass.id;
	*idlen = strlen(e->pass.id);
	if (md != NULL && !EVP_MD_is_a(md, "SHA256"))
		return 1;
	return (*session = e2e_warm_session(e)) != NULL;
}

/* A listener's: is the key known, and may the caller still be one?  If not, the
 * handshake goes on as without it. */
static int
e2e_warm_find(SSL *ssl, const unsigned char *id, size_t idlen,
    SSL_SESSION **session)
{
	struct e2e	*e = SSL_get_app_data(ssl);

	*session = NULL;
	if (e->warmth != E2E_WARM_MAY ||
	    !warm_find(e->warm, e->warm_peer, id, idlen, &e->pass) ||
	    e->judge(e->arg, e->pass.peer) != NULL)
		return 1;
	e->warmth = E2E_WARM_SHOWN;
	return (*session = e2e_warm_session(e)) != NULL;
}

void
e2e_set_warm(struct e2e *e, struct warm *w, const char *peer)
{
	if (e->calling) {
		if (!warm_take(w, peer, &e->pass))
			return;
		if (e->judge(e->arg, e->pass.peer) != NULL)
			return;
		SSL_set_psk_use_session_callback(e->ssl, e2e_warm_offer);
		e->warmth = E2E_WARM_OFFERED;
	} else {
		if ((e->warm_peer = strdup(peer)) == NULL ||
		    SSL_set_max_early_data(e->ssl, E2E_EARLY_MOST) != 1 ||
		    SSL_set_session_id_context(e->ssl,
		    (const unsigned char *)LABEL, sizeof(LABEL) - 1) != 1)
			return;
		SSL_set_psk_find_session_callback(e->ssl, e2e_warm_find);
		e->warmth = E2E_WARM_MAY;
	}
	e->warm = w;
}

/*
 * The handshake
 */

/* The ClientHello announces early data, though there may be none yet: a write
 * of nothing sends it, and then fails. */
static int
e2e_warm_begin(struct e2e *e)
{
	size_t	 n;

	if (!SSL_in_before(e->ssl))
		return 0;
	return SSL_write_early_data(e->ssl, "", 0, &n) == 1 ? 0 :
	    e2e_waits(e, 0);
}

static void
e2e_warm_stands(struct e2e *e)
{
	e->warmth = E2E_WARM_STANDS;
	memcpy(e->peer, e->pass.peer, sizeof(e->peer));
	OPENSSL_cleanse(e->pass.key, sizeof(e->pass.key));
}

/* The caller has shown that it has the key, which no other <open/> can show
 * from now on: it need not say more before it is heard. */
static void
e2e_warm_believe(struct e2e *e)
{
	if (e->warmth != E2E_WARM_SHOWN ||
	    SSL_get_early_data_status(e->ssl) != SSL_EARLY_DATA_ACCEPTED)
		return;
	warm_use(e->warm, &e->pass);
	e2e_warm_stands(e);
	e->state = E2E_EARLY;
}

static int
e2e_warm_read(struct e2e *e, struct buf *out)
{
	unsigned char	*p;
	size_t		 n;

	for (;;) {
		if ((p = buf_reserve(out, E2E_RECORD)) == NULL)
			return e2e_without_memory(e);
		switch (SSL_read_early_data(e->ssl, p, E2E_RECORD, &n)) {
		case SSL_READ_EARLY_DATA_SUCCESS:
			buf_commit(out, n);
			break;
		case SSL_READ_EARLY_DATA_FINISH:
			e2e_warm_believe(e);
			e->early_over = 1;
			return 1;
		default:
			if (e2e_waits(e, 0) == -1)
				return -1;
			e2e_warm_believe(e);
			return 0;
		}
	}
}

int
e2e_warm_take(struct e2e *e, struct buf *out)
{
	if (e->calling)
		return e->warmth != E2E_WARM_OFFERED || e->inlen > 0 ? 1 :
		    e2e_warm_begin(e);
	return e->warmth == E2E_COLD || e->early_over ? 1 :
	    e2e_warm_read(e, out);
}

int
e2e_warm_write(struct e2e *e, const void *data, size_t len)
{
	size_t	 n;

	if (SSL_write_early_data(e->ssl, data, len, &n) != 1)
		return -1;
	e->early += n;
	return (int)n;
}

void
e2e_warm_shaken(struct e2e *e)
{
	if (e->warmth != E2E_WARM_OFFERED && e->warmth != E2E_WARM_SHOWN)
		return;
	e->early_refused = e->calling && e->early > 0 &&
	    SSL_get_early_data_status(e->ssl) != SSL_EARLY_DATA_ACCEPTED;
	if (SSL_session_reused(e->ssl) == 1) {
		if (!e->calling)
			warm_use(e->warm, &e->pass);
		e2e_warm_stands(e);
		return;
	}
	if (e->calling)
		warm_forget(e->warm, &e->pass);
	e->warmth = E2E_COLD;
}

void
e2e_warm_free(struct e2e *e)
{
	free(e->warm_peer);
	OPENSSL_cleanse(&e->pass, sizeof(e->pass));
}

/*
 * What is known of it
 */

int
e2e_is_warm(const struct e2e *e)
{
	return e->warmth == E2E_WARM_OFFERED || e->warmth == E2E_WARM_STANDS;
}

size_t
e2e_early_room(const struct e2e *e)
{
	return e->calling && e->state == E2E_SHAKING &&
	    e->warmth == E2E_WARM_OFFERED && e->fault == E2E_FINE ?
	    E2E_EARLY_MOST - e->early : 0;
}

int
e2e_early_refused(const struct e2e *e)
{
	return e->early_refused;
}

int
e2e_early_comes(const struct e2e *e)
{
	return !e->calling && e->state <= E2E_EARLY &&
	    SSL_get_early_data_status(e->ssl) != SSL_EARLY_DATA_NOT_SENT;
}

void
e2e_leave_warm(struct e2e *e, struct warm *w, const char *peer)
{
	unsigned char	 root[WARM_ROOT];

	if (e2e_established(e) && SSL_export_keying_material(e->ssl, root,
	    sizeof(root), LABEL, sizeof(LABEL) - 1, NULL, 0, 0) == 1)
		warm_add(w, e->calling, peer, e->peer, root);
	OPENSSL_cleanse(root, sizeof(root));
}

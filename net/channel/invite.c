/* invite: see invite.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "ibb/stream.h"
#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "net/channel/invite.h"
#include "net/conf/code.h"
#include "net/conf/known_peers.h"
#include "net/conf/trust.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/ns.h"
#include "xml/stanza.h"

#define FAILURES	3		/* wrong codes, which end it */
#define REST		1000		/* ms after a wrong one */
#define SHAKING		4		/* handshakes by it at a time */

enum invite_state {
	INVITE_ALIVE,
	INVITE_USED,
	INVITE_SPENT,			/* by wrong codes */
	INVITE_EXPIRED
};

struct invite {
	enum invite_state	 state;
	unsigned char		 bits[CODE_BYTES];
	unsigned char		 secret[CODE_SECRET];
	char			 jid[JID_MAX];	/* it is for */
	char			 passed[JID_MAX]; /* with its last stanza */
	unsigned		 failures;
	int64_t			 rests;		/* until then, clock_ms() */
	struct timer		 expiry;
};

/* The setter of the state, which traces the move: a code is alive, and then it
 * is not any more. */
static void
invite_set_state(struct invite *inv, enum invite_state state)
{
	static const char *const	 names[] = {
		"alive", "used", "spent", "expired"
	};

	if (inv->state != INVITE_ALIVE)
		return;
	log_line(LOG_DETAIL, "code: %s -> %s", names[inv->state],
	    names[state]);
	inv->state = state;
	OPENSSL_cleanse(inv->bits, sizeof(inv->bits));
	OPENSSL_cleanse(inv->secret, sizeof(inv->secret));
}

static void
invite_expired(void *arg)
{
	struct invite	*inv = arg;

	if (inv->state != INVITE_ALIVE)
		return;
	log_line(LOG_EVENT, "the code has expired");
	invite_set_state(inv, INVITE_EXPIRED);
}

static struct invite *
invite_new(struct app *app)
{
	struct invite	*inv;

	if ((inv = calloc(1, sizeof(*inv))) == NULL)
		return NULL;
	if (code_make(inv->bits) == -1) {
		free(inv);
		return NULL;
	}
	inv->rests = clock_ms();
	inv->expiry = (struct timer){ .fire = invite_expired, .arg = inv };
	timer_set(app->loop, &inv->expiry, clock_ms() +
	    1000 * (int64_t)app->conf.invite_time);
	return inv;
}

int
invite_begin(struct app *app)
{
	struct invite	*inv;

	if (!app->conf.invite)
		return 0;
	if (app->invite == NULL && (app->invite = invite_new(app)) == NULL)
		return -1;
	inv = app->invite;
	if (inv->state != INVITE_ALIVE ||
	    strcmp(inv->jid, iq_jid(app->iqs)) == 0)
		return 0;
	strlcpy(inv->jid, iq_jid(app->iqs), sizeof(inv->jid));
	return code_stretch(inv->bits, inv->jid, inv->secret);
}

void
invite_free(struct app *app)
{
	struct invite	*inv = app->invite;

	if (inv == NULL)
		return;
	timer_clear(app->loop, &inv->expiry);
	OPENSSL_cleanse(inv, sizeof(*inv));
	free(inv);
	app->invite = NULL;
}

long
invite_address(const struct app *app, char *out, size_t size)
{
	const struct invite	*inv = app->invite;
	char			 code[CODE_TEXT];

	if (inv == NULL || inv->state != INVITE_ALIVE)
		return 0;
	code_write(inv->bits, code);
	snprintf(out, size, "%s=%s", inv->jid, code);
	OPENSSL_cleanse(code, sizeof(code));
	return (app->conf.invite_time + 59) / 60;
}

/*
 * Callers
 */

static size_t
invite_shaking(const struct app *app)
{
	struct channel	*ch;
	size_t		 n = 0;

	TAILQ_FOREACH(ch, &app->channels, next)
		n += ch->stream != NULL && stream_shakes(ch->stream) &&
		    stream_by_secret(ch->stream);
	return n;
}

/* May a code be looked at now?  If not, its caller is one without. */
static int
invite_looks(const struct app *app)
{
	const struct invite	*inv = app->invite;

	return inv != NULL && inv->state == INVITE_ALIVE &&
	    app->e2e != NULL && clock_ms() >= inv->rests &&
	    strcmp(inv->jid, iq_jid(app->iqs)) == 0 &&
	    invite_shaking(app) < SHAKING;
}

static void
invite_missed(struct invite *inv, const char *peer)
{
	unsigned	 left = FAILURES - ++inv->failures;

	inv->rests = clock_ms() + REST;
	if (left > 0) {
		log_line(LOG_EVENT, "%s: came with a wrong code; after %u more "
		    "the code is good for nothing", peer, left);
		return;
	}
	log_line(LOG_EVENT, "%s: came with a wrong code, the third; the code "
	    "is good for nothing now: xcat -l -I makes a new one", peer);
	invite_set_state(inv, INVITE_SPENT);
}

/* Does this <open/> of peer show the code?  As invite_shown(). */
static int
invite_try(struct app *app, const char *peer, const struct elem *open,
    struct stream_conf *conf)
{
	int	 r;

	conf->secret = app->invite->secret;
	conf->secret_only = 1;
	r = stream_shows_secret(peer, open, conf);
	if (r == -1)
		invite_missed(app->invite, peer);
	if (r != 1)
		conf->secret = NULL;
	return r;
}

void
invite_next_stanza(struct app *app)
{
	if (app->invite != NULL)
		*app->invite->passed = '\0';
}

int
invite_shown(struct app *app, const struct elem *stanza)
{
	const char		*from = elem_attr(stanza, "from");
	const struct elem	*open = elem_child(stanza, NS_IBB, "open");
	struct stream_conf	 conf;
	int			 r;

	if (!invite_looks(app) || from == NULL || open == NULL ||
	    !stanza_is(stanza, "iq") || !stanza_type(stanza, "set"))
		return 0;
	conf = channel_stream_conf(app);
	if ((r = invite_try(app, from, open, &conf)) == 1)
		strlcpy(app->invite->passed, from, sizeof(app->invite->passed));
	return r;
}

int
invite_passes(const struct app *app, const char *jid)
{
	return app->invite != NULL && strcmp(app->invite->passed, jid) == 0;
}

int
invite_offered(struct app *app, const char *peer, const struct elem *open,
    struct stream_conf *conf)
{
	if (invite_passes(app, peer)) {
		conf->secret = app->invite->secret;
		conf->secret_only = 1;
		return 0;
	}
	return invite_looks(app) && invite_try(app, peer, open, conf) == -1 ?
	    -1 : 0;
}

const char *
invite_claim(struct app *app, const char *peer, const char *fingerprint)
{
	char	 why[KNOWN_PEERS_ERR];

	if (app->invite == NULL || app->invite->state != INVITE_ALIVE)
		return "its code is good for nothing any more";
	invite_set_state(app->invite, INVITE_USED);
	if (trust_paired(app->trust, peer, fingerprint, why) == -1)
		log_line(LOG_EVENT, "%s: came with the code; its key is %s, "
		    "which cannot be remembered: %s", peer, fingerprint, why);
	else
		log_line(LOG_EVENT, "%s: came with the code; -a @paired admits "
		    "its account with the key %s from now on", peer,
		    fingerprint);
	return NULL;
}

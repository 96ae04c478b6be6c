/* accept: see accept.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "ibb/carrier.h"
#include "ibb/e2e.h"
#include "ibb/inband.h"
#include "ibb/s5b.h"
#include "ibb/stream.h"
#include "net/channel/accept.h"
#include "net/channel/account.h"
#include "net/channel/admit.h"
#include "net/channel/channel_int.h"
#include "net/channel/invite.h"
#include "net/channel/place.h"
#include "net/channel/remote_serve.h"
#include "net/channel/serve.h"
#include "net/channel/service.h"
#include "net/conf/allow.h"
#include "net/conf/identity.h"
#include "net/conf/trust.h"
#include "net/io/child.h"
#include "net/io/log.h"
#include "net/io/systemd.h"
#include "net/login/roster.h"
#include "net/s5b/upgrade.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/text.h"

#define NO_KEY		"it shows no key, and -a wants one"

/* The stream may be taken: it waits for its service or its turn. */
static void
wait_turn(struct channel *ch, const struct target *t)
{
	channel_set_turn(ch, CHANNEL_OFFERED);
	if (ch->app->mode == MODE_SERVE && ch->file == NULL) {
		serve_offered(ch, t);
	} else if (stream_is_probe(ch->stream)) {
		place_shake(ch);	/* it wants no turn */
	} else if (!channel_is_apart(ch)) {
		if (ch->app->mode == MODE_LISTEN)
			place_next(ch->app);
	} else if (stream_shakes(ch->stream)) {
		place_shake(ch);
	} else {
		place_take(ch);
	}
}

int
accept_missed(struct channel *ch)
{
	struct app	*app = ch->app;

	if (!ch->listener || ch->told != CHANNEL_UNTOLD ||
	    stream_state(ch->stream) != STREAM_FAILED ||
	    !carrier_is_alone(stream_carrier(ch->stream)))
		return 0;
	log_line(LOG_EVENT, "%s: %s", stream_peer(ch->stream),
	    stream_why(ch->stream));
	if (ch->pid > 0)
		child_hangup(ch->pid);
	channel_file_missed(ch);
	channel_free(ch);
	if (app->mode == MODE_LISTEN)
		place_next(app);
	return 1;
}

/* A channel for a stream of this peer; NULL when out of memory. */
static struct channel *
listening_channel(struct app *app, const char *peer)
{
	struct channel	*ch;

	if ((ch = channel_new(app)) == NULL)
		return NULL;
	ch->listener = 1;
	ch->offerer = peer;
	if (account_join(ch, peer) == -1) {
		channel_free(ch);
		return NULL;
	}
	return ch;
}

/* The file that was agreed on for a stream, or NULL. */
static void *
find_file(struct app *app, const char *peer, const char *sid)
{
	return app->takers != NULL ? app->takers->find(app, peer, sid) : NULL;
}

/* A listener without services has none of any name, and takes bytes. */
static enum stanza_error
find_no_service(const struct elem *e, char *why)
{
	char	 asked[100];

	if (stream_use(e) == STREAM_FOR_DATAGRAMS) {
		strlcpy(why, "there are no services here, and so none that "
		    "takes datagrams (-u)", SERVICE_ERR);
		return SE_NOT_ACCEPTABLE;
	}
	if (stream_host(e) == NULL)
		return SE_NONE;
	snprintf(why, SERVICE_ERR, "there are no services here, and so no "
	    "%s: leave out the name", text_cut(stream_host(e), asked,
	    sizeof(asked)));
	return SE_ITEM_NOT_FOUND;
}

/* The service that this offer, an <open/> or a <query/>, asks for: SE_NONE and
 * *t, or why there is none for it. */
static enum stanza_error
find_service(struct app *app, const struct elem *e, struct target *t,
    char *why)
{
	enum stream_use	 use = stream_use(e);
	enum service_for what = use == STREAM_FOR_PROBE ? SERVICE_FOR_ANY :
			    use == STREAM_FOR_DATAGRAMS ?
			    SERVICE_FOR_DATAGRAMS : SERVICE_FOR_BYTES;

	if (use == STREAM_FOR_REMOTE || use == STREAM_FOR_CONNECTION) {
		strlcpy(why, "there is no port for this stream", SERVICE_ERR);
		return SE_NOT_ACCEPTABLE;
	}
	if (app->mode == MODE_LISTEN)
		return find_no_service(e, why);
	if (use == STREAM_FOR_FILE) {
		strlcpy(why, "takes no files: run it with -r there",
		    SERVICE_ERR);
		return SE_NOT_ACCEPTABLE;
	}
	switch (services_match(app->services, stream_host(e), stream_port(e),
	    what, t, why)) {
	case SERVICE_NONE:
		return SE_ITEM_NOT_FOUND;
	case SERVICE_OTHER:
		return SE_NOT_ACCEPTABLE;
	case SERVICE_FOUND:
		break;
	}
	if (use != STREAM_FOR_INPUT || stream_host(e) != NULL)
		return SE_NONE;
	/* What was meant for standard output is not for the first service. */
	snprintf(why, SERVICE_ERR, "-s names no service; the first one here "
	    "is %.100s, for xcat without -s", t->name);
	return SE_NOT_ACCEPTABLE;
}

void
accept_offered(void *arg, struct inband *offer, const struct elem *open)
{
	struct app		*app = arg;
	struct stream_conf	 sc = channel_stream_conf(app);
	struct target		 target = { .kind = TARGET_TCP };
	struct channel		*ch;
	const char		*peer = inband_peer(offer);
	void			*in = find_file(app, peer, inband_sid(offer));
	int			 file = in == NULL && app->takers != NULL &&
				     stream_use(open) == STREAM_FOR_FILE;
	int			 remote = stream_use(open) ==
				     STREAM_FOR_REMOTE;
	int			 apart = remote || ((in != NULL || file) &&
				     app->conf.receive != NULL);
	enum stanza_error	 err;
	char			 why[SERVICE_ERR];

	if (stream_use(open) == STREAM_FOR_DATAGRAMS)
		sc.use = STREAM_FOR_DATAGRAMS;
	if (allow_check(app->allow, peer) == ALLOW_KEY &&
	    (app->e2e == NULL || !stream_offers_session(open))) {
		admit_say_refused(app, peer, NO_KEY);
		inband_refuse(offer, SE_SERVICE_UNAVAILABLE, NULL);
	} else if (invite_offered(app, peer, open, &sc) == -1) {
		inband_refuse(offer, SE_NOT_AUTHORIZED, "your code is wrong");
	} else if ((err = remote ? remote_serve_refuses(app, open, why) :
	    in != NULL || apart ? SE_NONE :
	    find_service(app, open, &target, why)) != SE_NONE) {
		log_line(LOG_EVENT, "%s: %s", peer, why);
		inband_refuse(offer, err, why);
	} else if (place_is_full(app, peer, apart, NULL) ||
	    (ch = listening_channel(app, peer)) == NULL) {
		inband_refuse(offer, SE_BUSY, "too many streams at once");
	} else if ((ch->stream = stream_offered(offer, open, &sc,
	    channel_changed, ch)) == NULL) {
		channel_free(ch);
	} else if ((in != NULL && app->takers->take(ch, in) == -1) ||
	    (file && app->takers->offered(ch) == -1) ||
	    (remote && remote_serve_new(ch) == -1)) {
		place_turn_away(ch, SE_ITEM_NOT_FOUND, NULL);
	} else {
		wait_turn(ch, &target);
	}
}

/* Why this socket is not to be taken; SE_NONE if it is. */
static enum stanza_error
object_to_socket(struct app *app, const struct s5b_offer *o,
    const struct stream_conf *sc, struct target *target, char *why)
{
	enum stanza_error	 err;

	*why = '\0';
	if (find_file(app, o->from, o->sid) != NULL)
		return SE_NONE;		/* it has been agreed on */
	if (allow_check(app->allow, o->from) == ALLOW_KEY) {
		admit_say_refused(app, o->from, NO_KEY);
		return SE_SERVICE_UNAVAILABLE;
	}
	if (sc->require) {
		strlcpy(why, "end-to-end encryption is required",
		    SERVICE_ERR);
		return SE_NOT_ACCEPTABLE;
	}
	if ((err = find_service(app, o->query, target, why)) != SE_NONE) {
		log_line(LOG_EVENT, "%s: %s", o->from, why);
		return err;
	}
	return place_is_full(app, o->from, 0, NULL) ? SE_BUSY : SE_NONE;
}

void
accept_socket_offered(struct app *app, struct s5b_offer *o)
{
	struct stream_conf	 sc = channel_stream_conf(app);
	struct iq_table		*t = app->iqs;
	struct target		 target = { .kind = TARGET_TCP };
	void			*in = find_file(app, o->from, o->sid);
	struct channel		*ch;
	enum stanza_error	 err;
	char			 why[SERVICE_ERR];

	if ((err = object_to_socket(app, o, &sc, &target, why)) != SE_NONE ||
	    (ch = listening_channel(app, o->from)) == NULL) {
		iq_refuseto(t, o->from, o->id, err != SE_NONE ? err : SE_BUSY,
		    *why != '\0' ? why : NULL);
		return;
	}
	ch->stream = stream_alone(o->from, o->sid, 0, &sc, channel_changed, ch);
	if (ch->stream == NULL ||
	    (in != NULL && app->takers->take(ch, in) == -1) ||
	    channel_upgrade(ch) == NULL ||
	    upgrade_take(ch->upgrade, o) == -1) {
		iq_refuseto(t, o->from, o->id, SE_BUSY, NULL);
		channel_free(ch);
		return;
	}
	wait_turn(ch, &target);
}

int
accept_socket(struct app *app, const char *peer, const char *sid, int fd,
    const char *proxy)
{
	struct stream_conf	 sc = channel_stream_conf(app);
	struct target		 none = { .kind = TARGET_TCP };
	void			*in = find_file(app, peer, sid);
	struct channel		*ch;

	if (in == NULL || (ch = listening_channel(app, peer)) == NULL) {
		close(fd);
		return -1;
	}
	ch->stream = stream_alone(peer, sid, 0, &sc, channel_changed, ch);
	if (ch->stream == NULL || channel_upgrade(ch) == NULL) {
		close(fd);
		channel_free(ch);
		return -1;
	}
	/* The file, which a channel frees that it is attached to, comes last:
	 * it is the caller's if this fails. */
	if (upgrade_take_socket(ch->upgrade, fd, proxy) == -1 ||
	    app->takers->take(ch, in) == -1) {
		channel_free(ch);
		return -1;
	}
	wait_turn(ch, &none);
	return 0;
}

/* A code is what the user wants to see, even with -q. */
static void
announce(struct app *app)
{
	char			 key[E2E_FINGERPRINT];
	char			 name[JID_MAX + E2E_FINGERPRINT + 1];
	char			 quoted[4 * sizeof(name)], once[64] = "";
	struct log_event	 e = { .kind = LOG_LISTENING };
	long			 minutes;

	if (invite_begin(app) == -1) {
		app_fail(app, FAULT_LOCAL, "out of memory");
		return;
	}
	e.address = iq_jid(app->iqs);
	if (app->trust != NULL &&
	    e2e_fingerprint(trust_identity(app->trust)->cert, key) == 0)
		e.key = key;
	if ((minutes = invite_address(app, name, sizeof(name))) > 0)
		snprintf(once, sizeof(once), "once within %ld minute%s, ",
		    minutes, minutes == 1 ? "" : "s");
	else
		snprintf(name, sizeof(name), "%s%s%s", e.address,
		    e.key != NULL ? "=" : "", e.key != NULL ? e.key : "");
	log_event(minutes > 0 ? LOG_FAULT : LOG_EVENT, &e,
	    "listening; reach it %swith: xcat %s%s", once,
	    *name == '-' ? "-- " : "", text_quote(name, quoted,
	    sizeof(quoted)));
	OPENSSL_cleanse(name, sizeof(name));
	OPENSSL_cleanse(quoted, sizeof(quoted));
	systemd_ready();
}

static void
roster_came(void *arg, int good)
{
	struct app	*app = arg;

	if (good)
		announce(app);
	else
		app_fail(app, FAULT_SERVER, "%s: the server gives no roster, "
		    "which -a @roster needs; name the peers instead",
		    app->jid);
}

static void
fetch_roster(struct app *app, void (*came)(void *, int))
{
	if (roster_fetch(app->roster, app->allow,
	    app_deadline(app), came, app) == -1)
		app_fail(app, FAULT_LOCAL, "out of memory");
}

void
accept_start(struct app *app)
{
	if (allow_wants_roster(app->allow))
		fetch_roster(app, roster_came);
	else
		announce(app);
}

/* What the roster was is still good; changes reach sessions that have asked. */
static void
roster_came_again(void *arg, int good)
{
	struct app	*app = arg;

	if (!good)
		log_line(LOG_EVENT, "%s: the server gives no roster now; "
		    "changes to it will not be seen", app->jid);
	remote_serve_reloaded(app);
}

void
accept_back(struct app *app, int moved)
{
	if (moved)
		announce(app);
	accept_reloaded(app);
}

void
accept_reloaded(struct app *app)
{
	/* Before the login, accept_start() is still to fetch it. */
	if (app->ibb != NULL && allow_wants_roster(app->allow))
		fetch_roster(app, roster_came_again);
}

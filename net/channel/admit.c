/* admit: see admit.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <string.h>

#include "ibb/stream.h"
#include "net/channel/account.h"
#include "net/channel/admit.h"
#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "net/channel/invite.h"
#include "net/channel/linger.h"
#include "net/channel/remote_ask.h"
#include "net/conf/allow.h"
#include "net/io/log.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/ns.h"
#include "xml/stanza.h"

/* Is the account of this JID among those told of? */
static int
is_told(const struct admit_told *t, const char *jid)
{
	char	 bare[JID_MAX];
	size_t	 i;

	jid_bare(jid, bare);
	for (i = 0; i < ADMIT_TOLD; i++)
		if (strcmp(t->jid[i], bare) == 0)
			return 1;
	return 0;
}

/* is_told().  From now on it is. */
static int
told_before(struct admit_told *t, const char *jid)
{
	char	 bare[JID_MAX];

	if (is_told(t, jid))
		return 1;
	jid_bare(jid, bare);
	strlcpy(t->jid[t->next++ % ADMIT_TOLD], bare, JID_MAX);
	return 0;
}

void
admit_say_refused(struct app *app, const char *jid, const char *why)
{
	if (!told_before(&app->refused, jid))
		log_line(LOG_EVENT, "refused a stream from %s: %s", jid, why);
}

void
admit_say_plain(struct app *app, const char *jid, const char *why)
{
	char	 local[JID_MAX];

	/* No xcat is behind a domain alone: nothing is lost there. */
	if (app->e2e != NULL && *jid_local(jid, local) != '\0' &&
	    !told_before(&app->plain, jid))
		log_line(LOG_EVENT, "%s: %s: not encrypted end to end, servers "
		    "on the way can read and change it", jid, why);
}

int
admit_knows(void *arg, const char *jid)
{
	const struct app	*app = arg;

	return app->allow != NULL && !app->ending &&
	    allow_check(app->allow, jid) != ALLOW_NO;
}

int
admit_opens(void *app, const char *jid)
{
	const struct app	*a = app;

	return !linger_is_on(app) && a->draining == 0 && admit_knows(app, jid);
}

int
admit_offers(void *arg, const char *jid)
{
	const struct app	*app = arg;

	return admit_opens(arg, jid) || remote_ask_admits(app, jid) ||
	    (!linger_is_on(arg) && !app->ending &&
	    app->draining == 0 && invite_passes(app, jid));
}

/* Is it the first stanza of a stream or of a file? */
static int
opens(const struct elem *e)
{
	if (!stanza_is(e, "iq") || !stanza_type(e, "set"))
		return 0;
	return elem_child(e, NS_IBB, "open") != NULL ||
	    elem_child(e, NS_SI, "si") != NULL ||
	    elem_child(e, NS_BYTESTREAMS, "query") != NULL ||
	    elem_child(e, NS_IQ_OOB, "query") != NULL ||
	    elem_child(e, NS_JINGLE, "jingle") != NULL;
}

/* A peer stays one until its stream ends, whatever the roster says since. */
static int
has_stream(struct app *app, const char *jid)
{
	const struct account	*a = account_find(app, jid);
	struct channel		*ch;

	if (a == NULL)
		return 0;
	TAILQ_FOREACH(ch, &a->channels, of_account)
		if (ch->stream != NULL &&
		    strcmp(stream_peer(ch->stream), jid) == 0)
			return 1;
	return 0;
}

void
admit_meet(struct app *owner, const char *peer)
{
	(void)told_before(&owner->met, peer);
}

/* Is it the peer of a caller, or of one of those that share its login? */
static int
is_called(struct app *app, const char *jid)
{
	struct app	*g;

	if (app->mode != MODE_SHARE)
		return jid_samebare(jid, app->peer);
	TAILQ_FOREACH(g, &app->guests, guest)
		if (jid_samebare(jid, g->peer))
			return 1;
	return is_told(&app->met, jid);
}

int
admit_stranger(void *arg, const struct elem *e)
{
	struct app	*app = arg;
	const char	*from = elem_attr(e, "from");
	int		 shown;

	invite_next_stanza(app);
	if (iq_from_server(app->iqs, from))
		return 0;
	if (app->allow != NULL ? allow_check(app->allow, from) != ALLOW_NO :
	    is_called(app, from) || jid_samebare(from, app->jid))
		return 0;
	if (has_stream(app, from))
		return 0;
	if ((shown = invite_shown(app, e)) == 1)
		return 0;
	if (app->allow != NULL && shown == 0 && opens(e))
		admit_say_refused(app, from, "-a does not name it");
	return 1;
}

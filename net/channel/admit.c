#include <sys/types.h>
#include <sys/queue.h>

#include <string.h>

#include "ibb/stream.h"
#include "net/channel/admit.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/conf/allow.h"
#include "net/io/log.h"
#include "net/login/session.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/stanza.h"

#define NS_JINGLE	"urn:xmpp:jingle:1"
#define TOLD_MAX	16

/* The last accounts of which something was told on standard error. */
struct told {
	char	 jid[TOLD_MAX][JID_MAX];
	size_t	 next;
};

/* Is the account of this JID among them?  From now on it is. */
static int
told_before(struct told *t, const char *jid)
{
	char	 bare[JID_MAX];
	size_t	 i;

	jid_bare(jid, bare);
	for (i = 0; i < TOLD_MAX; i++)
		if (strcmp(t->jid[i], bare) == 0)
			return 1;
	strlcpy(t->jid[t->next++ % TOLD_MAX], bare, JID_MAX);
	return 0;
}

void
admit_say_refused(const char *jid, const char *why)
{
	static struct told	 refused;

	if (!told_before(&refused, jid))
		log_line(0, "refused a stream from %s: %s", jid, why);
}

void
admit_say_plain(const char *jid, const char *why)
{
	static struct told	 plain;
	char			 local[JID_MAX];

	/* No xcat is behind a domain alone: nothing is lost there. */
	if (run.e2e != NULL && *jid_local(jid, local) != '\0' &&
	    !told_before(&plain, jid))
		log_line(0, "%s: %s: not encrypted end to end, servers on the way "
		    "can read and change it", jid, why);
}

int
admit_knows(void *unused, const char *jid)
{
	(void)unused;
	return run.allow != NULL && !run.ending &&
	    allow_check(run.allow, jid) != ALLOW_NO;
}

int
admit_opens(void *unused, const char *jid)
{
	return !channel_lingers() && admit_knows(unused, jid);
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
has_stream(const char *jid)
{
	struct channel	*l;

	TAILQ_FOREACH(l, &run.channels, next)
		if (l->stream != NULL &&
		    strcmp(stream_peer(l->stream), jid) == 0)
			return 1;
	return 0;
}

int
admit_stranger(void *unused, const struct elem *e)
{
	const char	*from = elem_attr(e, "from");

	(void)unused;
	if (iq_from_server(session_iqs(run.session), from))
		return 0;
	if (run.allow != NULL ? allow_check(run.allow, from) != ALLOW_NO :
	    jid_samebare(from, run.peer) || jid_samebare(from, run.jid))
		return 0;
	if (has_stream(from))
		return 0;
	if (run.allow != NULL && opens(e))
		admit_say_refused(from, "-a does not name it");
	return 1;
}

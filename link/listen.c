#include <sys/types.h>
#include <sys/queue.h>

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "ibb/bytestreams.h"
#include "ibb/carrier.h"
#include "ibb/inband.h"
#include "ibb/stream.h"
#include "link/admit.h"
#include "link/link.h"
#include "link/oob.h"
#include "link/receive.h"
#include "link/run.h"
#include "link/wire.h"
#include "net/allow.h"
#include "net/child.h"
#include "net/end.h"
#include "net/io/limits.h"
#include "net/reach.h"
#include "net/roster.h"
#include "net/service.h"
#include "net/session.h"
#include "net/systemd.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/text.h"

#define BACKLOG	16		/* streams that wait for their turn */

/* 0, or -1 if it has failed. */
static int
accept_stream(struct link *l)
{
	if (stream_accept(l->stream) == -1)
		return -1;
	if (wire_offered(l))
		wire_accept(l);
	return 0;
}

/* It is this link's turn at standard input and output. */
static void
take(struct link *l)
{
	l->taken = 1;
	say(1, "%s: stream", stream_peer(l->stream));
	accept_stream(l);
	link_tick(l);
	link_changed(l);
}

/* The stream whose turn it is at standard input and output; NULL if none
 * wants them. */
static struct link *
first_in_line(void)
{
	struct link	*l;

	if (oob_busy())
		return NULL;
	TAILQ_FOREACH(l, &run.links, next)
		if (!receive_apart(l))
			return l;
	return NULL;
}

/* Those who came while another stream ran, in their order. */
void
listen_next(void)
{
	struct link	*l = first_in_line();

	if (l != NULL && !run.ending && !l->taken)
		take(l);
}

/* The service is at hand, or it is not. */
static void
reached(void *arg, int rfd, int wfd, pid_t pid, const char *err)
{
	struct link	*l = arg;

	l->reach = NULL;
	if (rfd == -1) {
		say(0, "%s: %s", stream_peer(l->stream), err);
		wire_refuse(l, SE_INTERNAL_SERVER_ERROR, err);
		wire_free(l);
		stream_refuse(l->stream, SE_INTERNAL_SERVER_ERROR, err);
		l->stream = NULL;
		link_over(l, EX_LOCAL);
		return;
	}
	l->pid = pid;
	accept_stream(l);
	link_join(l, rfd, wfd);
	if (pid > 0 && l->end != NULL)
		end_outlive(l->end);
	/* A short command may have ended already. */
	if (pid > 0 && !child_lives(pid))
		link_child_ended(l);
}

static void
serve(struct link *l, const struct target *t)
{
	struct reach_env	 env = {
		.peer = stream_peer(l->stream),
		.sid = stream_sid(l->stream),
		.local = session_jid(run.session),
	};

	say(1, "%s: stream for %s", env.peer, t->name);
	l->reach = reach(run.loop, run.resolver, t, &env, reached, l);
	if (l->reach == NULL)
		reached(l, -1, -1, 0, "out of memory");
}

static int
too_many(const char *peer, int apart)
{
	char		 bare[JID_MAX];
	struct link	*l;
	long		 theirs = 0;

	if (!limits_room(STDERR_FILENO))
		return 1;
	if (apart)
		return run.nlinks > BACKLOG;
	if (run.mode == LISTEN)
		return (run.nlinks > 0 && !run.conf.keep) ||
		    run.nlinks > BACKLOG;
	jid_bare(peer, bare);
	TAILQ_FOREACH(l, &run.links, next)
		if (jid_samebare(stream_peer(l->stream), bare))
			theirs++;
	return (run.nlinks > 0 && !run.conf.keep) ||
	    run.nlinks >= (size_t)run.conf.max_streams ||
	    theirs >= run.conf.max_streams_per_peer;
}

/* The stream waits for what it is to be joined to. */
static void
join(struct link *l, const struct target *t)
{
	if (receive_apart(l))
		take(l);
	else if (run.mode == SERVE)
		serve(l, t);
	else if (first_in_line() == l)
		take(l);
}

int
listen_missed(struct link *l)
{
	if (!l->listener || l->greeted ||
	    stream_state(l->stream) != STREAM_FAILED ||
	    !carrier_is_alone(stream_carrier(l->stream)))
		return 0;
	say(0, "%s: %s", stream_peer(l->stream), stream_why(l->stream));
	if (l->pid > 0)
		child_hangup(l->pid);
	receive_missed(l);
	link_free(l);
	if (run.mode == LISTEN)
		listen_next();
	return 1;
}

static struct link *
listening_link(void)
{
	struct link	*l;

	if ((l = link_new()) != NULL)
		l->listener = 1;
	return l;
}

void
listen_offered(void *arg, struct inband *offer, const struct elem *open)
{
	struct stream_conf	 sc = link_stream_conf();
	struct target		 target;
	struct link		*l;
	const char		*peer = inband_peer(offer);
	struct incoming		*in = receive_find(peer, inband_sid(offer));
	int			 file = in == NULL && stream_has_file(open);
	int			 apart = run.conf.receive != NULL;
	char			 why[SERVICE_ERR];

	(void)arg;
	if (allow_check(run.allow, peer) == ALLOW_KEY &&
	    (run.e2e == NULL || !stream_offers_session(open))) {
		admit_say_refused(peer, "it shows no key, and -a wants one");
		inband_refuse(offer, SE_SERVICE_UNAVAILABLE, NULL);
	} else if (run.mode == SERVE && in == NULL && !(file && apart) &&
	    services_match(run.services, stream_host(open),
	    stream_port(open), &target, why) == -1) {
		say(0, "%s: %s", peer, why);
		inband_refuse(offer, SE_ITEM_NOT_FOUND, why);
	} else if (too_many(peer, (in != NULL || file) && apart) ||
	    (l = listening_link()) == NULL) {
		inband_refuse(offer, SE_BUSY, "too many streams at once");
	} else if ((l->stream = stream_offered(offer, open, &sc, link_changed,
	    l)) == NULL) {
		link_free(l);
	} else if ((in != NULL && receive_take(l, in) == -1) ||
	    (file && receive_offered(l) == -1)) {
		stream_refuse(l->stream, SE_ITEM_NOT_FOUND, NULL);
		l->stream = NULL;
		link_free(l);
	} else {
		join(l, &target);
	}
}

/* Why not; SE_NONE if it may be. */
static enum stanza_error
object(const struct s5b_offer *o, const struct stream_conf *sc,
    struct target *target, char *why)
{
	*why = '\0';
	if (receive_find(o->from, o->sid) != NULL)
		return SE_NONE;		/* it has been agreed on */
	if (allow_check(run.allow, o->from) == ALLOW_KEY) {
		admit_say_refused(o->from, "it shows no key, and -a wants "
		    "one");
		return SE_SERVICE_UNAVAILABLE;
	}
	if (sc->require) {
		strlcpy(why, "end-to-end encryption is required",
		    SERVICE_ERR);
		return SE_NOT_ACCEPTABLE;
	}
	if (run.mode == SERVE && services_match(run.services,
	    stream_host(o->query), stream_port(o->query), target, why) ==
	    -1) {
		say(0, "%s: %s", o->from, why);
		return SE_ITEM_NOT_FOUND;
	}
	return too_many(o->from, 0) ? SE_BUSY : SE_NONE;
}

void
listen_socket_offered(struct s5b_offer *o)
{
	struct stream_conf	 sc = link_stream_conf();
	struct iq_table		*t = session_iqs(run.session);
	struct target		 target;
	struct incoming		*in = receive_find(o->from, o->sid);
	struct link		*l;
	enum stanza_error	 err;
	char			 why[SERVICE_ERR];

	if ((err = object(o, &sc, &target, why)) != SE_NONE ||
	    (l = listening_link()) == NULL) {
		iq_refuseto(t, o->from, o->id, err != SE_NONE ? err : SE_BUSY,
		    *why != '\0' ? why : NULL);
		return;
	}
	l->stream = stream_alone(o->from, o->sid, 0, &sc, link_changed, l);
	if (l->stream == NULL || (in != NULL && receive_take(l, in) == -1) ||
	    wire_take(l, o) == -1) {
		iq_refuseto(t, o->from, o->id, SE_BUSY, NULL);
		link_free(l);
		return;
	}
	join(l, &target);
}

static void
announce(void)
{
	char	 quoted[4 * JID_MAX];

	say(0, "listening; reach it with: xcat %s",
	    text_quote(session_jid(run.session), quoted, sizeof(quoted)));
	systemd_ready();
}

static void
roster_came(int good)
{
	if (good)
		announce();
	else
		fatal(EX_SERVER, "%s: the server gives no roster, which -a "
		    "@roster needs", run.jid);
}

static void
fetch_roster(void (*came)(int))
{
	if (roster_fetch(session_iqs(run.session), run.allow,
	    answer_deadline(), came) == -1)
		fatal(EX_LOCAL, "out of memory");
}

void
listen_start(void)
{
	if (allow_wants_roster(run.allow))
		fetch_roster(roster_came);
	else
		announce();
}

/* What the roster was is still good; changes are sent to who has asked. */
static void
roster_came_again(int good)
{
	if (!good)
		say(0, "%s: the server gives no roster now; changes to it "
		    "will not be seen", run.jid);
}

void
listen_back(void)
{
	if (allow_wants_roster(run.allow))
		fetch_roster(roster_came_again);
}

/* serve: a stream and the service that its caller asks for; see serve.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "ibb/stream.h"
#include "net/channel/channel_int.h"
#include "net/channel/place.h"
#include "net/channel/serve.h"
#include "net/channel/service.h"
#include "net/channel/service_dial.h"
#include "net/channel/service_udp.h"
#include "net/conf/allow.h"
#include "net/io/child.h"
#include "net/io/log.h"
#include "net/io/pump.h"
#include "xml/iq.h"

/* A caller should find a stream idle first: it knows the clients. */
#define IDLE_MORE	10000		/* ms */

/* The stream of datagrams has been ended from here, as it was idle, and its
 * caller keeps it. */
static void
caller_stuck(void *arg)
{
	struct channel	*ch = arg;

	stream_abort(ch->stream, SE_REMOTE_SERVER_TIMEOUT);
	channel_failed(ch, FAULT_TIME, "quiet for too long, and its caller "
	    "does not end it");
}

/* The service is at hand; or it is not, rfd is -1, and err says why. */
static void
serve_reached(void *arg, int rfd, int wfd, pid_t pid, const char *err)
{
	struct channel	*ch = arg;

	if (ch->dial != NULL)
		ch->udp = service_dial_udp(ch->dial);
	ch->dial = NULL;
	if (ch->udp != NULL)
		service_udp_on_stuck(ch->udp, caller_stuck, ch);
	if (rfd == -1) {
		log_line(LOG_EVENT, "%s: %s", stream_peer(ch->stream), err);
		place_refuse(ch, SE_INTERNAL_SERVER_ERROR, err);
		channel_over(ch, FAULT_LOCAL);
		return;
	}
	ch->pid = pid;
	if (stream_state(ch->stream) == STREAM_OFFERED)
		place_accept(ch);
	channel_join(ch, rfd, wfd);
	stream_hold(ch->stream, 0);
	if (pid > 0 && ch->pump != NULL)
		pump_outlive(ch->pump);
	/* A short command may have ended already. */
	if (pid > 0 && !child_lives(pid))
		channel_child_ended(ch);
}

void
serve_begin(struct channel *ch, const struct target *t)
{
	struct service_env	 env = {
		.peer = stream_peer(ch->stream),
		.sid = stream_sid(ch->stream),
		.local = iq_jid(ch->app->iqs),
		.idle = 1000 * (int64_t)ch->app->conf.udp_idle + IDLE_MORE,
	};

	channel_set_turn(ch, CHANNEL_TAKEN);
	log_line(LOG_DETAIL, "%s: stream for %s", env.peer, t->name);
	ch->service = strdup(t->name);
	ch->dial = service_dial(ch->app->loop, ch->app->resolver, t, &env,
	    serve_reached, ch);
	if (ch->dial == NULL)
		serve_reached(ch, -1, -1, 0, "out of memory");
}

/*
 * Does the service wait for the session?  It must if the key is to be judged,
 * or a code to be proved.
 * A command does its work by being run, and does not run for a caller whose
 * session never stands.  Without -k there is one place, which only a session
 * that stands can take.  A connection does nothing by itself: it is made
 * meanwhile, which saves the time that it takes, and the caller hears of one
 * that is refused in the answer to its <open/>.
 * What waits is kept from a probe for good, see place_stands(), even if its
 * session has stood from the start.
 */
static int
waits_for_session(const struct channel *ch, const struct target *t)
{
	if (!stream_shakes(ch->stream) && !stream_is_probe(ch->stream))
		return 0;
	return t->kind == TARGET_COMMAND || stream_by_secret(ch->stream) ||
	    !ch->app->conf.keep || ch->app->conf.e2e == CONF_E2E_REQUIRE ||
	    allow_check(ch->app->allow, stream_peer(ch->stream)) == ALLOW_KEY;
}

/* A copy that outlives the services, which may be read anew; for free(3).  NULL
 * when out of memory. */
static struct target *
target_copy(const struct target *t)
{
	const char	*text = t->kind == TARGET_COMMAND ? t->command :
			    t->kind == TARGET_UNIX ? t->path : "";
	size_t		 size = strlen(text) + 1;
	struct target	*copy = malloc(sizeof(*copy) + size);
	char		*tail;

	if (copy == NULL)
		return NULL;
	*copy = *t;
	tail = (char *)(copy + 1);
	memcpy(tail, text, size);
	copy->command = copy->path = tail;
	return copy;
}

void
serve_offered(struct channel *ch, const struct target *t)
{
	if (!waits_for_session(ch, t)) {
		serve_begin(ch, t);
	} else if ((ch->target = target_copy(t)) == NULL) {
		serve_reached(ch, -1, -1, 0, "out of memory");
	} else {
		place_shake(ch);
	}
}

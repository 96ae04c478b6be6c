/* receive_offer: offers of files by programs other than xcats: from which peers
 * they are taken, how many, and what becomes of files whose streams do not
 * come; see receive_int.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <string.h>

#include "ibb/stream.h"
#include "net/channel/admit.h"
#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "net/conf/allow.h"
#include "net/file/receive.h"
#include "net/file/receive_int.h"
#include "net/io/log.h"

#define OFFERS_MAX	16	/* of an account, that wait for streams */
#define LATE_MAX	64	/* too late, and remembered */

int
receive_opens(void *arg, const char *peer)
{
	struct app	*app = arg;

	if ((app->mode != MODE_LISTEN && app->receiver->folder == -1) ||
	    !admit_opens(app, peer))
		return 0;
	if (allow_check(app->allow, peer) != ALLOW_KEY)
		return 1;
	admit_say_refused(app, peer, "it shows no key, and -a wants one");
	return 0;
}

const char *
receive_objection(const struct receiver *r, const char *from, const char *sid,
    enum si_refusal *why)
{
	struct stream_conf	 sc = channel_stream_conf(r->app);

	*why = SI_DECLINED;
	if (sc.require)
		return "end-to-end encryption is required";
	*why = SI_BAD_REQUEST;
	if (receive_find(r, from, sid) != NULL)
		return "this stream is already agreed on";
	*why = SI_BUSY;
	if (incoming_count(r, INCOMING_SUMMING, INCOMING_AGREED, from) >=
	    OFFERS_MAX ||
	    incoming_count(r, INCOMING_SUMMING, INCOMING_AGREED, NULL) >=
	    (size_t)r->app->conf.max_streams)
		return "too many files at once";
	if (receive_busy(r))
		return "another stream is under way";
	return NULL;
}

void
incoming_forgo(struct incoming *in)
{
	incoming_let_go(in);
	incoming_set_phase(in, INCOMING_LATE);
}

/* The stream that was agreed on has not come. */
void
incoming_lapse(void *arg)
{
	struct incoming	*in = arg;

	log_line(LOG_EVENT, "%s: offered %s, but sent nothing", in->shown,
	    in->name);
	incoming_forgo(in);
}

/* Late files are remembered, so that their streams are refused.  If there are
 * too many, forget the oldest ones. */
void
incoming_forget_late(struct receiver *r)
{
	struct incoming	*in, *next;
	size_t		 n = incoming_count(r, INCOMING_LATE, INCOMING_LATE,
			     NULL);

	TAILQ_FOREACH_SAFE(in, &r->incomings, next, next)
		if (in->phase == INCOMING_LATE && n > LATE_MAX) {
			incoming_free(in);
			n--;
		}
}

struct incoming *
receive_find(const struct receiver *r, const char *peer, const char *sid)
{
	struct incoming	*in;

	TAILQ_FOREACH(in, &r->incomings, next)
		if (in->sid != NULL && strcmp(in->sid, sid) == 0 &&
		    strcmp(in->peer, peer) == 0)
			return in;
	return NULL;
}

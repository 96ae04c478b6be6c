/* receive_si: files that are offered by stream initiation (XEP-0096), until
 * their streams come; see receive_int.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "ibb/si.h"
#include "ibb/stream.h"
#include "net/channel/admit.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/conf/allow.h"
#include "net/file/receive.h"
#include "net/file/receive_int.h"
#include "net/io/log.h"
#include "net/s5b/streamhosts.h"
#include "xml/elem.h"
#include "xml/ns.h"

#define OFFERS_MAX	16	/* of an account, that wait for streams */
#define LATE_MAX	64	/* too late, and remembered */

/* The stream that was agreed on has not come. */
static void
lapse(void *arg)
{
	struct incoming	*in = arg;

	log_line(LOG_EVENT, "%s: offered %s, but sent nothing", in->shown,
	    in->name);
	incoming_let_go(in);
	incoming_set_phase(in, INCOMING_LATE);
}

/* Late files are remembered, so that their streams are refused.  If there are
 * too many, forget the oldest ones. */
static void
forget_late(struct receiver *r)
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

/*
 * The answer
 */

static void
si_decline(struct incoming *in, enum si_refusal why, const char *text)
{
	if (in->id != NULL)
		si_refuse(in->receiver->app->iqs, in->peer, in->id, why, text);
	incoming_free(in);
}

static void
si_accept_file(struct incoming *in)
{
	struct app	*app = in->receiver->app;

	if (si_accept(app->iqs, in->peer, in->id, in->kind, in->have) == -1)
		log_line(LOG_EVENT, "%s: %s: the answer to the offer cannot "
		    "be sent", in->shown, in->name);
	free(in->id);
	in->id = NULL;
	timer_set(app->loop, &in->timer, app_deadline(app));
}

static const struct receive_method	 si_method = {
	.accept = si_accept_file,
	.decline = si_decline
};

/*
 * The offer
 */

static const char *
offer_refusal(const struct receiver *r, const struct si_offer *o,
    enum si_refusal *why)
{
	struct stream_conf	 sc = channel_stream_conf(r->app);

	*why = SI_DECLINED;
	if (sc.require)
		return "end-to-end encryption is required";
	*why = SI_BAD_REQUEST;
	if (receive_find(r, o->from, o->sid) != NULL)
		return "this stream is already agreed on";
	*why = SI_BUSY;
	if (incoming_count(r, INCOMING_SUMMING, INCOMING_AGREED, o->from) >=
	    OFFERS_MAX ||
	    incoming_count(r, INCOMING_SUMMING, INCOMING_AGREED, NULL) >=
	    (size_t)r->app->conf.max_streams)
		return "too many files at once";
	if (receive_busy(r))
		return "another stream is under way";
	return NULL;
}

/* The best kind of stream of those offered (XEP-0096 section 3.1). */
static unsigned
choose_kind(const struct receiver *r, unsigned methods)
{
	return (methods & SI_S5B) != 0 &&
	    streamhosts_allowed(r->app->streamhosts) ? SI_S5B :
	    methods & SI_IBB;
}

static void
take_offer(struct receiver *r, const struct si_offer *o)
{
	struct iq_table	*t = r->app->iqs;
	struct incoming	*in;
	enum si_refusal	 why;
	const char	*text;
	unsigned	 kind = choose_kind(r, o->methods);

	if (kind == 0) {
		si_refuse(t, o->from, o->id, SI_NO_STREAMS, NULL);
		return;
	}
	if ((text = offer_refusal(r, o, &why)) != NULL) {
		si_refuse(t, o->from, o->id, why, text);
		return;
	}
	if ((in = incoming_new(r, &si_method, o->from, o->sid)) == NULL ||
	    (in->id = strdup(o->id)) == NULL) {
		si_refuse(t, o->from, o->id, SI_BUSY, NULL);
		incoming_free(in);
		return;
	}
	in->timer = (struct timer){ .fire = lapse, .arg = in };
	in->kind = kind;
	incoming_describe(in, &o->file);
	incoming_prepare(in);
}

static int
si_input(void *arg, const struct elem *iq, const struct elem *si)
{
	struct receiver	*r = arg;
	struct app	*app = r->app;
	const char	*from = elem_attr(iq, "from");
	struct si_offer	 o;

	(void)si;
	/* Other offers are answered as any client answers them. */
	if (from == NULL || (app->mode != MODE_LISTEN && r->folder == -1) ||
	    !admit_opens(app, from))
		return 0;
	if (allow_check(app->allow, from) == ALLOW_KEY) {
		admit_say_refused(app, from, "it shows no key, and -a wants "
		    "one");
		return 0;
	}
	forget_late(r);
	if (si_parse(app->iqs, iq, &o) == 1)
		take_offer(r, &o);
	return 1;
}

int
receive_login(struct receiver *r, struct dispatch *d)
{
	static const struct dispatch_entry	 entries[] = {
		{ DISPATCH_SET, NS_SI, "si", si_input },
	};

	return dispatch_add(d, entries, 1, r);
}

/*
 * The stream
 */

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

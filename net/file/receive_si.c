/* receive_si: files that are offered by stream initiation (XEP-0096), until
 * their streams come; see receive_int.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "ibb/si.h"
#include "ibb/stream.h"
#include "net/channel/admit.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/conf/allow.h"
#include "net/file/receive.h"
#include "net/file/receive_int.h"
#include "net/io/log.h"
#include "net/login/session.h"
#include "net/s5b/streamhosts.h"
#include "xml/elem.h"

#define OFFERS_MAX	16	/* of an account, that wait for streams */
#define LATE_MAX	64	/* too late, and remembered */

/* Nobody has come with the stream that was agreed on. */
static void
lapse(void *arg)
{
	struct incoming	*in = arg;

	log_line(0, "%s: offered %s, but sent nothing", in->shown, in->name);
	receive_si_refuse(in, SI_BUSY, NULL);
	incoming_let_go(in);
	incoming_set_phase(in, LATE);
}

/* The oldest of those that are remembered for being late goes, if there are
 * too many. */
static void
forget_late(void)
{
	struct incoming	*in, *next;
	size_t		 n = incoming_count(LATE, LATE, NULL);

	TAILQ_FOREACH_SAFE(in, &incomings, next, next)
		if (in->phase == LATE && n > LATE_MAX) {
			incoming_free(in);
			n--;
		}
}

/*
 * The answer
 */

void
receive_si_refuse(struct incoming *in, enum si_refusal why, const char *text)
{
	if (in->id != NULL)
		si_refuse(session_iqs(run.session), in->peer, in->id, why,
		    text);
	free(in->id);
	in->id = NULL;
}

void
receive_si_accept(struct incoming *in)
{
	if (si_accept(session_iqs(run.session), in->peer, in->id, in->method,
	    in->have) == -1)
		log_line(0, "%s: %s: the answer to the offer cannot be sent",
		    in->shown, in->name);
	free(in->id);
	in->id = NULL;
	timer_set(run.loop, &in->timer, answer_deadline(&run));
}

/*
 * The offer
 */

static const char *
refusal(const struct si_offer *o, enum si_refusal *why)
{
	struct stream_conf	 sc = channel_stream_conf(&run);

	*why = SI_DECLINED;
	if (sc.require)
		return "end-to-end encryption is required";
	*why = SI_BAD_REQUEST;
	if (receive_find(&run, o->from, o->sid) != NULL)
		return "this stream is already agreed on";
	*why = SI_BUSY;
	if (incoming_count(SUMMING, AGREED, o->from) >= OFFERS_MAX ||
	    incoming_count(SUMMING, AGREED, NULL) >=
	    (size_t)run.conf.max_streams)
		return "too many files at once";
	if (receive_busy())
		return "another stream is under way";
	return NULL;
}

/* The kind that we like best of those offered (XEP-0096 section 3.1). */
static unsigned
choose(unsigned methods)
{
	return (methods & SI_S5B) != 0 && streamhosts_allowed() ? SI_S5B :
	    methods & SI_IBB;
}

static void
take_offer(const struct si_offer *o)
{
	struct iq_table	*t = session_iqs(run.session);
	struct incoming	*in;
	enum si_refusal	 why;
	const char	*text;
	unsigned	 method = choose(o->methods);

	if (method == 0) {
		si_refuse(t, o->from, o->id, SI_NO_STREAMS, NULL);
		return;
	}
	if ((text = refusal(o, &why)) != NULL) {
		si_refuse(t, o->from, o->id, why, text);
		return;
	}
	if ((in = incoming_new(o->from, o->sid)) == NULL ||
	    (in->id = strdup(o->id)) == NULL) {
		si_refuse(t, o->from, o->id, SI_BUSY, NULL);
		incoming_free(in);
		return;
	}
	in->timer = (struct timer){ .fire = lapse, .arg = in };
	in->method = method;
	incoming_describe(in, &o->file);
	incoming_prepare(in);
}

int
receive_input(const struct elem *e)
{
	const char	*from = elem_attr(e, "from");
	struct si_offer	 o;

	if (!stanza_is(e, "iq") || !stanza_type(e, "set") || from == NULL ||
	    elem_child(e, NS_SI, "si") == NULL)
		return 0;
	/* Others are answered as any client answers. */
	if ((run.mode != MODE_LISTEN && !receive_folder()) ||
	    !admit_opens(&run, from))
		return 0;
	if (allow_check(run.allow, from) == ALLOW_KEY) {
		admit_say_refused(&run, from, "it shows no key, and -a wants one");
		return 0;
	}
	forget_late();
	if (si_parse(session_iqs(run.session), e, &o) == 1)
		take_offer(&o);
	return 1;
}

/*
 * The stream
 */

void *
receive_find(struct app *app, const char *peer, const char *sid)
{
	struct incoming	*in;

	(void)app;
	TAILQ_FOREACH(in, &incomings, next)
		if (in->sid != NULL && strcmp(in->sid, sid) == 0 &&
		    strcmp(in->peer, peer) == 0)
			return in;
	return NULL;
}

int
receive_take(struct channel *l, void *file)
{
	struct incoming	*in = file;

	if (in->phase != AGREED || in->link != NULL)
		return -1;
	timer_clear(run.loop, &in->timer);
	in->link = l;
	channel_attach(l, &receive_ops, in);
	return 0;
}

void
receive_missed(void *file)
{
	struct incoming	*in = file;

	channel_detach(in->link);
	in->link = NULL;
	incoming_set_phase(in, AGREED);
	timer_set(run.loop, &in->timer, answer_deadline(&run));
}

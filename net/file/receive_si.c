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


/*
 * The answer
 */

static void
si_decline(struct incoming *in, enum si_refusal why, const char *text)
{
	if (in->id == NULL) {
		incoming_forgo(in);
		return;
	}
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
	if ((text = receive_objection(r, o->from, o->sid, &why)) != NULL) {
		si_refuse(t, o->from, o->id, why, text);
		return;
	}
	if ((in = incoming_new(r, &si_method, o->from, o->sid)) == NULL ||
	    (in->id = strdup(o->id)) == NULL) {
		si_refuse(t, o->from, o->id, SI_BUSY, NULL);
		incoming_free(in);
		return;
	}
	in->timer = (struct timer){ .fire = incoming_lapse, .arg = in };
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
	if (from == NULL || !receive_opens(app, from))
		return 0;
	incoming_forget_late(r);
	if (si_parse(app->iqs, iq, &o) == 1)
		take_offer(r, &o);
	return 1;
}

int
receive_si_login(struct receiver *r, struct dispatch *d)
{
	static const struct dispatch_entry	 entries[] = {
		{ DISPATCH_SET, NS_SI, "si", si_input },
	};

	return dispatch_add(d, entries, 1, r);
}

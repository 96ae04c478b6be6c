/* send_ask: what the peer can take (XEP-0030); see send_int.h. */
#include <sys/types.h>

#include <string.h>

#include "ibb/inband.h"
#include "ibb/s5b.h"
#include "ibb/si.h"
#include "ibb/stream.h"
#include "ibb/stream_strerror.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/file/send_int.h"
#include "net/file/send_upload.h"
#include "net/io/log.h"
#include "net/login/session.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/write.h"

static void
take_features(struct sender *s, const struct elem *query)
{
	static const struct {
		const char	*var;
		unsigned	 flag;
	} known[] = {
		{ NS_XCAT_FILE, SEND_KNOWS_NATIVE },
		{ NS_XCAT_FOLDER, SEND_KNOWS_FOLDERS },
		{ NS_XCAT, SEND_KNOWS_XCAT },
		{ NS_JINGLE_FILE, SEND_KNOWS_JINGLE },
		{ NS_JINGLE_S5B, SEND_KNOWS_JINGLE_S5B },
		{ NS_SI_FILE, SEND_KNOWS_SI },
		{ NS_BYTESTREAMS, SEND_KNOWS_S5B },
	};
	const struct elem	*e;
	const char		*var;
	size_t			 i;

	for (e = elem_child(query, NS_INFO, "feature"); e != NULL;
	    e = elem_next(e, NS_INFO, "feature"))
		for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if ((var = elem_attr(e, "var")) != NULL &&
			    strcmp(var, known[i].var) == 0)
				s->knows |= known[i].flag;
}

/* Must what we send be encrypted end to end? */
static int
must_encrypt(struct app *app)
{
	struct stream_conf	 sc = channel_stream_conf(app);

	return sc.require;
}

static const unsigned	 takes_files = SEND_KNOWS_NATIVE | SEND_KNOWS_JINGLE |
			     SEND_KNOWS_SI;

/* Why nothing can be sent to a peer that knows so little; NULL if files can. */
static const char *
ask_objection(struct sender *s)
{
	if (s->knows == SEND_KNOWS_LINKS)
		return NULL;
	if ((s->knows & takes_files) == 0 && (s->knows & SEND_KNOWS_XCAT) != 0)
		return "it takes no files: run it with -r there";
	if ((s->knows & SEND_KNOWS_NATIVE) == 0 && must_encrypt(s->app))
		return "it does not encrypt end to end, which must be "
		    "(-o e2e=require, or its key is known)";
	if ((s->knows & takes_files) == 0)
		return "it takes no files (XEP-0234, XEP-0096), or not from "
		    "you: run xcat -l there, and name this account with -a";
	return NULL;
}

/* A timer's: -W. */
static void
ask_again(void *arg)
{
	struct sender	*s = arg;

	send_ask(s);
}

/* Is the peer to be asked again, as it is not there yet? */
static int
ask_later(struct sender *s, enum stanza_error err)
{
	s->absent.timer.fire = ask_again;
	s->absent.timer.arg = s;
	return await_is_absence(err) && await_again(s->app, &s->absent) == 0;
}

/* The peer does not take the files, for this reason.  Unless -o upload=absent
 * has links go to its account then, that is the end of the run. */
static void
ask_failed(struct sender *s, enum fault fault, const char *why)
{
	if (s->uploads == NULL) {
		app_fail(s->app, fault, "%s: %s", s->app->peer, why);
		return;
	}
	log_line(LOG_EVENT, "%s: %s", s->app->peer, why);
	s->knows = SEND_KNOWS_LINKS;
}

/* The peer answers with an error.  A program that does not know the question
 * may still take files. */
static void
ask_refused(struct sender *s, enum stanza_error err, const char *text)
{
	char	 why[512];

	if (err == SE_FEATURE_NOT_IMPLEMENTED) {
		s->knows = SEND_KNOWS_SI | SEND_KNOWS_S5B;
		return;
	}
	stream_strerror_inband(stream_strerror_far(s->app->jid, s->app->peer),
	    INBAND_REFUSED, err, text, why, sizeof(why));
	if (err == SE_SERVICE_UNAVAILABLE || err == SE_RECIPIENT_UNAVAILABLE)
		ask_failed(s, FAULT_PEER, why);
	else
		app_fail(s->app, FAULT_PEER, "%s: %s", s->app->peer, why);
}

/* Nothing can be sent to a peer that knows so little, or so it must not. */
static void
ask_objected(struct sender *s, const char *why)
{
	if (s->knows & takes_files)
		app_fail(s->app, FAULT_PEER, "%s: %s", s->app->peer, why);
	else
		ask_failed(s, FAULT_PEER, why);
}

static void
ask_answered(void *arg, const struct elem *answer)
{
	struct sender		*s = arg;
	enum stanza_error	 err = answer == NULL ? SE_NONE :
				     stanza_error(answer);
	const char		*why;

	sender_set_phase(s, SEND_IDLE);
	s->knows = 0;
	if (ask_later(s, err))
		return;
	if (answer == NULL)
		ask_failed(s, FAULT_TIME, "no answer in time; check the "
		    "address");
	else if (err != SE_NONE)
		ask_refused(s, err, stanza_errortext(answer));
	else
		take_features(s, elem_child(answer, NS_INFO, "query"));
	if (s->app->conf.message)
		s->knows &= ~(unsigned)(SEND_KNOWS_NATIVE |
		    SEND_KNOWS_FOLDERS);
	if (s->app->ending)
		return;
	if ((why = ask_objection(s)) != NULL)
		ask_objected(s, why);
	if (!s->app->ending)
		sender_next(s);
}

void
send_ask(struct sender *s)
{
	if (uploads_always(s->app)) {
		s->knows = SEND_KNOWS_LINKS;
		sender_next(s);
		return;
	}
	/* To a caller without its code no listener that has made one says what
	 * it takes; but that it is an xcat is sure. */
	if (s->app->code != NULL) {
		s->knows = SEND_KNOWS_NATIVE | SEND_KNOWS_FOLDERS |
		    SEND_KNOWS_XCAT;
		sender_next(s);
		return;
	}
	sender_set_phase(s, SEND_ASKING);
	xw_elem(iq_request(s->app->iqs, "get", s->app->peer),
	    "query", NS_INFO, NULL);
	if (iq_ask(s->app->iqs, ask_answered, s,
	    app_deadline(s->app)) == -1)
		app_fail(s->app, FAULT_LOCAL, "out of memory");
}

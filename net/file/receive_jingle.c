/* receive_jingle: offers of files by Jingle (XEP-0234); see receive_int.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibb/stream.h"
#include "net/channel/accept.h"
#include "net/channel/app.h"
#include "net/channel/channel.h"
#include "net/file/jingle_transfer.h"
#include "net/file/receive.h"
#include "net/file/receive_int.h"
#include "net/io/log.h"
#include "xml/text.h"

/*
 * The end of the session
 */

static void
end_session(struct incoming *in, enum jingle_reason reason, const char *text)
{
	struct jingle_transfer	*t = in->jingle;

	in->jingle = NULL;
	jingle_transfer_free(t, reason, text);
}

/* Why it has failed, as the sender is told. */
static enum jingle_reason
failure(const struct incoming *in)
{
	if (in->phase != INCOMING_FAILED)
		return in->channel != NULL ? JINGLE_CONNECTIVITY_ERROR :
		    JINGLE_CANCEL;
	return in->fault == FAULT_LOCAL ? JINGLE_FAILED_APPLICATION :
	    JINGLE_MEDIA_ERROR;
}

static void
jingle_over(struct incoming *in)
{
	if (in->jingle == NULL)
		return;
	if (in->phase == INCOMING_COMPLETE || in->phase == INCOMING_ENDED) {
		jingle_session_received(in->jingle->session);
		end_session(in, JINGLE_SUCCESS, NULL);
	} else {
		end_session(in, failure(in), in->why);
	}
}

/*
 * The answer
 */

/* What a refusal by SI is by Jingle. */
static const enum jingle_reason	 reasons[] = {
	[SI_DECLINED] = JINGLE_DECLINE,
	[SI_BAD_REQUEST] = JINGLE_INCOMPATIBLE_PARAMETERS,
	[SI_BAD_PROFILE] = JINGLE_UNSUPPORTED_APPLICATIONS,
	[SI_NO_STREAMS] = JINGLE_UNSUPPORTED_TRANSPORTS,
	[SI_BUSY] = JINGLE_BUSY,
	[SI_TOO_LARGE] = JINGLE_FILE_TOO_LARGE,
};

static void
jingle_decline(struct incoming *in, enum si_refusal why, const char *text)
{
	end_session(in, reasons[why], text);
	if (in->phase == INCOMING_AGREED)
		incoming_forgo(in);
	else
		incoming_free(in);
}

static void
jingle_accept(struct incoming *in)
{
	struct si_file	 f = in->file;

	/* A part is of use only behind what there is. */
	if (in->from > 0 && in->from != in->have) {
		log_line(LOG_EVENT, "%s: refused %s: it offers a part that is "
		    "not the next one", in->shown, in->name);
		jingle_decline(in, SI_BAD_REQUEST, "this part is not the next "
		    "one");
		return;
	}
	f.name = in->given;
	jingle_transfer_accept(in->jingle, &f, in->have);
}

static const struct receive_method	 jingle_method = {
	.accept = jingle_accept,
	.decline = jingle_decline,
	.over = jingle_over
};

/*
 * What the transfer tells
 */

/* It comes to nothing before there is a stream. */
static void
come_to_nothing(struct incoming *in, const char *why)
{
	log_line(LOG_EVENT, "%s: offered %s, but %s", in->shown, in->name,
	    why);
	incoming_free(in);
}

static int
jingle_accepted(void *arg, const struct jingle_content *c)
{
	(void)arg;
	(void)c;
	return -1;		/* it is for responders to accept */
}

static void
jingle_refused(void *arg, enum stanza_error err, const char *text)
{
	(void)arg;
	(void)err;
	(void)text;
}

/* The sender is to open a stream by the sid that the session has now. */
static void
jingle_inband(void *arg)
{
	struct incoming	*in = arg;
	char		*sid = strdup(in->jingle->session->stream);

	if (sid == NULL) {
		come_to_nothing(in, "there is no memory for it");
		return;
	}
	free(in->sid);
	in->sid = sid;
}

static void
jingle_socket(void *arg, int fd, const char *proxy)
{
	struct incoming	*in = arg;

	if (accept_socket(in->receiver->app, in->peer, in->sid, fd, proxy) ==
	    -1)
		come_to_nothing(in, "its socket cannot be used");
}

static void
jingle_failed(void *arg, const char *why)
{
	come_to_nothing(arg, why);
}

static void
jingle_late(void *arg)
{
	struct incoming	*in = arg;

	if (in->channel != NULL)
		return;
	end_session(in, JINGLE_TIMEOUT, NULL);
	incoming_lapse(in);
}

/* A hash that comes behind the offer.  Gajim 1.7 has not announced that of a
 * large file, which is therefore not waited for. */
static void
jingle_checksum(void *arg, const struct si_file *f)
{
	struct incoming	*in = arg;

	if (*in->file.hash == '\0' && *f->hash != '\0' &&
	    f->algo == incoming_algo(in)) {
		in->file.algo = f->algo;
		strlcpy(in->file.hash, f->hash, sizeof(in->file.hash));
	}
	incoming_prove(in);
}

static void
jingle_received(void *arg)
{
	(void)arg;		/* it is the sender's to receive nothing */
}

/* The sender ends the session.  If that is no failure, the stream says whether
 * all has come: some senders do not wait for the receiver to end it. */
static void
jingle_ended(void *arg, enum jingle_reason reason, const char *text)
{
	struct incoming	*in = arg;
	char		 cut[128];

	text_cut(*text != '\0' ? text : jingle_reason_name(reason), cut,
	    sizeof(cut));
	if (in->channel == NULL) {
		end_session(in, JINGLE_NO_REASON, NULL);
		log_line(LOG_EVENT, "%s: took its offer of %s back (%s)",
		    in->shown, in->name, cut);
		incoming_free(in);
		return;
	}
	end_session(in, JINGLE_NO_REASON, NULL);
	incoming_prove(in);
	if (reason != JINGLE_SUCCESS && in->phase == INCOMING_MOVING)
		incoming_fail(in, FAULT_BROKEN, SE_UNDEFINED_CONDITION,
		    "its sender has ended it: ", cut);
}

static const struct jingle_transfer_user	 transfer_user = {
	.accepted = jingle_accepted,
	.refused = jingle_refused,
	.inband = jingle_inband,
	.socket = jingle_socket,
	.failed = jingle_failed,
	.late = jingle_late,
	.checksum = jingle_checksum,
	.received = jingle_received,
	.ended = jingle_ended,
};

/*
 * The offer
 */

void
receive_jingle_offered(void *arg, const struct jingle *j)
{
	struct app		*app = arg;
	struct receiver		*r = app->receiver;
	const struct jingle_content *c = &j->content;
	const char		*sid = c->transport.sid, *text;
	struct incoming		*in;
	enum si_refusal		 why;

	incoming_forget_late(r);
	if (c->length != UINT64_MAX &&
	    (c->offset > c->file.size ||
	    c->length < c->file.size - c->offset)) {
		jingles_decline(app->jingles, j, JINGLE_INCOMPATIBLE_PARAMETERS,
		    "a part that does not end where the file does");
		return;
	}
	if ((text = receive_objection(r, j->from, sid, &why)) != NULL) {
		/* Before it is looked at, it is declined for want of
		 * encryption alone. */
		jingles_decline(app->jingles, j, why == SI_DECLINED ?
		    JINGLE_SECURITY_ERROR : reasons[why], text);
		return;
	}
	if ((in = incoming_new(r, &jingle_method, j->from, sid)) == NULL) {
		jingles_decline(app->jingles, j, JINGLE_BUSY, NULL);
		return;
	}
	in->timer = (struct timer){ .fire = incoming_lapse, .arg = in };
	in->jingle = jingle_transfer_take(app, j, &transfer_user, in);
	if (in->jingle == NULL) {
		incoming_free(in);
		return;
	}
	in->from = j->content.offset;
	incoming_describe(in, &j->content.file);
	incoming_prepare(in);
}

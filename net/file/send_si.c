/* send_si: files offered by stream initiation (XEP-0096), and the streams that
 * are agreed on; see send_int.h. */
#include <sys/types.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ibb/carrier.h"
#include "ibb/inband.h"
#include "ibb/si.h"
#include "ibb/stream.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/file/media_type.h"
#include "net/file/send_int.h"
#include "net/io/log.h"
#include "net/io/pump.h"
#include "net/login/session.h"
#include "net/s5b/streamhosts.h"
#include "xml/iq.h"

unsigned
send_si_kinds(const struct sender *s)
{
	if (s->app->conf.carrier == CONF_CARRIER_S5B)
		return SI_S5B;
	if (streamhosts_allowed(s->app->streamhosts) &&
	    (s->knows & SEND_KNOWS_S5B) != 0)
		return SI_S5B | SI_IBB;
	return SI_IBB;
}

/*
 * Refused
 */

static void
si_refused(struct sender *s, const struct si_answer *a)
{
	const char	*words = sender_refusal(a->err);
	const char	*name = stanza_strerror(a->err);
	char		 why[512];

	if (a->no_streams) {
		words = "it knows none of the kinds of stream that we offer: "
		    "try without -i, or -o carrier";
	} else if (a->err == SE_NONE) {
		words = "it answers what makes no sense";
		name = "";
	}
	sender_failed(s, FAULT_PEER, sender_refusal_text(words, name, a->text,
	    why, sizeof(why)));
}

/*
 * Agreed on
 */

/* libpurple never answers <close/>: if every byte is confirmed, the file is
 * whole by its size, and nothing is missing but that answer. */
static int
is_whole(const struct sender *s, const struct channel *ch)
{
	return s->kind == SI_IBB && s->phase == SEND_FINISHED &&
	    stream_fault(ch->stream) == STREAM_SILENT &&
	    stream_confirmed(ch->stream) == stream_sent(ch->stream);
}

static void
open_inband(struct sender *s, struct channel *ch)
{
	struct stream_conf	 sc = channel_stream_conf(s->app);

	sender_say_plain(s);
	sc.sid = s->sid;
	sc.tls = NULL;
	sc.close_deadline = sender_close_deadline;
	s->kind = SI_IBB;
	if (sender_call(s, ch, &sc) != NULL)
		sender_join(s, ch);
}

static void
open_socket(struct sender *s, struct channel *ch)
{
	struct stream_conf	 sc = channel_stream_conf(s->app);

	sender_say_plain(s);
	s->kind = SI_S5B;
	ch->stream = stream_alone(s->app->peer, s->sid, 1, &sc,
	    channel_changed, ch);
	if (ch->stream == NULL) {
		app_fail(s->app, FAULT_LOCAL, "out of memory");
		return;
	}
	sender_join(s, ch);
	if (channel_call_socket(ch) == -1)
		app_fail(s->app, FAULT_LOCAL, "out of memory");
}

static void
si_answered(void *arg, const struct elem *answer)
{
	struct sender		*s = arg;
	struct si_answer	 a;
	struct channel		*ch;

	sender_set_phase(s, SEND_IDLE);
	si_answer(answer, &s->file, s->kinds, &a);
	if (answer == NULL)
		sender_failed(s, FAULT_TIME, SEND_UNANSWERED);
	else if (a.method == 0)
		si_refused(s, &a);
	else if (sender_seek(s, a.offset, a.length) == -1)
		sender_failed_file(s, errno);
	else if ((ch = sender_channel(s)) == NULL)
		return;
	else if (a.method == SI_S5B)
		open_socket(s, ch);
	else
		open_inband(s, ch);
}

void
send_si_offer(struct sender *s)
{
	inband_make_sid(s->sid);
	sender_set_phase(s, SEND_OFFERED);
	if (si_offer(s->app->iqs, s->app->peer, s->sid,
	    media_type(s->name), &s->file, s->kinds, si_answered, s,
	    app_deadline(s->app)) == -1)
		app_fail(s->app, FAULT_LOCAL, "out of memory");
}

/* If the stream was refused for want of a streamhost that could be reached,
 * open it in-band; or if the peer does not want that, make a new offer, of
 * in-band streams alone.  Returns 1 if the channel has another stream, or is
 * no more. */
static int
fall_back(struct sender *s, struct channel *ch)
{
	if (stream_fault(ch->stream) != STREAM_REFUSED ||
	    stream_sent(ch->stream) > 0 || (s->kinds & SI_IBB) == 0 ||
	    s->phase == SEND_SHORT)
		return 0;
	if (s->attempt == SEND_WITHOUT_SOCKET && s->kinds != SI_IBB) {
		s->kinds = SI_IBB;
		return sender_again(s, ch);
	}
	if (s->kind != SI_S5B)
		return 0;
	log_line(LOG_DETAIL, "%s: %s: in-band, then: %s", s->app->peer,
	    s->shown, stream_why(ch->stream));
	s->attempt = SEND_WITHOUT_SOCKET;
	channel_drop_stream(ch);
	if (lseek(s->fd, (off_t)s->offset, SEEK_SET) == -1) {
		app_fail(s->app, FAULT_LOCAL, "%s", strerror(errno));
		return 0;
	}
	open_inband(s, ch);
	return 1;
}

int
send_si_check(struct sender *s, struct channel *ch)
{
	size_t	 len;

	if (stream_state(ch->stream) == STREAM_FAILED) {
		if (fall_back(s, ch))
			return 1;
		if (is_whole(s, ch)) {
			log_line(LOG_DETAIL, "%s: %s: all is confirmed, but "
			    "the close is not answered", s->app->peer,
			    s->shown);
			channel_over(ch, FAULT_NONE);
			return 1;
		}
	}
	stream_data(ch->stream, &len);
	if (len > 0)		/* what it may send means nothing */
		stream_consume(ch->stream, len);
	return 0;
}

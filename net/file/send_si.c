/* send_si: files offered by stream initiation (XEP-0096), and the streams that
 * are agreed on; see send_int.h. */
#include <sys/types.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ibb/carrier.h"
#include "ibb/inband.h"
#include "ibb/si.h"
#include "ibb/stream.h"
#include "net/channel/admit.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/file/send_int.h"
#include "net/io/clock.h"
#include "net/io/log.h"
#include "net/io/pump.h"
#include "net/login/session.h"
#include "net/s5b/streamhosts.h"
#include "net/s5b/upgrade.h"
#include "xml/iq.h"
#include "xml/text.h"

#define CLOSE_TIME	5000	/* ms for an answer to the close */

unsigned
send_si_methods(void)
{
	if (run.conf.carrier == CARRIER_S5B)
		return SI_S5B;
	return (streamhosts_allowed() && (out.knows & KNOWS_S5B) ? SI_S5B : 0) |
	    SI_IBB;
}

static const char *
mime_type(const char *name)
{
	static const char *const types[][2] = {
		{ "bz2", "application/x-bzip2" },
		{ "csv", "text/csv" }, { "gif", "image/gif" },
		{ "gz", "application/gzip" }, { "html", "text/html" },
		{ "jpeg", "image/jpeg" }, { "jpg", "image/jpeg" },
		{ "json", "application/json" }, { "mp3", "audio/mpeg" },
		{ "mp4", "video/mp4" }, { "ogg", "audio/ogg" },
		{ "pdf", "application/pdf" }, { "png", "image/png" },
		{ "svg", "image/svg+xml" }, { "tar", "application/x-tar" },
		{ "txt", "text/plain" }, { "webm", "video/webm" },
		{ "webp", "image/webp" }, { "xml", "application/xml" },
		{ "xz", "application/x-xz" }, { "zip", "application/zip" },
	};
	const char	*dot = strrchr(name, '.');
	size_t		 i;

	for (i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(dot + 1, types[i][0]) == 0)
			return types[i][1];
	return NULL;
}

/*
 * Refused
 */

static const char *
refusal(const struct si_answer *a)
{
	if (a->no_streams)
		return "it knows none of the kinds of stream that we offer: "
		    "try without -i, or -o carrier";
	switch (a->err) {
	case SE_FORBIDDEN:
		return "it declines the file";
	case SE_NOT_ACCEPTABLE:
		return "it does not take this file";
	case SE_BUSY:
	case SE_RESOURCE_CONSTRAINT:
		return "it is busy; try again later";
	case SE_SERVICE_UNAVAILABLE:
	case SE_RECIPIENT_UNAVAILABLE:
	case SE_FEATURE_NOT_IMPLEMENTED:
		return "nobody there takes files, or not from you: "
		    "try xcat -l there";
	case SE_BAD_REQUEST:
		return "it does not understand the offer";
	case SE_NONE:
		return "it answers what makes no sense";
	default:
		return "the file was refused; ask its owner";
	}
}

static void
refused(const struct si_answer *a)
{
	char	 text[128], why[512];

	text_cut(a->text, text, sizeof(text));
	if (a->err != SE_NONE)
		snprintf(why, sizeof(why), "%s (%s%s%s)", refusal(a),
		    stanza_strerror(a->err), *text != '\0' ? ": " : "", text);
	else
		snprintf(why, sizeof(why), "%s (%s)", refusal(a), text);
	outgoing_failed(FAULT_PEER, why);
}

/*
 * Agreed on
 */

static int64_t
close_deadline(void *arg)
{
	int64_t	 most = clock_ms() + CLOSE_TIME, other = answer_deadline(&run);

	(void)arg;
	return other < most ? other : most;
}

/* libpurple never answers <close/>: if every byte is confirmed, the file is
 * whole by its size, and nothing is missing but that answer. */
int
send_si_whole(const struct channel *l)
{
	return out.method == SI_IBB && out.finished && out.left == 0 &&
	    stream_fault(l->stream) == STREAM_SILENT &&
	    stream_confirmed(l->stream) == stream_sent(l->stream);
}

static void
open_inband(struct channel *l)
{
	struct stream_conf	 sc = channel_stream_conf(&run);

	admit_say_plain(&run, run.peer, "files go to it without a session");
	sc.sid = out.sid;
	sc.tls = NULL;
	sc.close_deadline = close_deadline;
	out.method = SI_IBB;
	l->stream = stream_call(run.ibb, run.peer, &sc, channel_changed, l);
	if (l->stream == NULL)
		app_fail(&run, FAULT_LOCAL, "out of memory");
	else
		outgoing_join(l);
}

static void
open_socket(struct channel *l)
{
	struct stream_conf	 sc = channel_stream_conf(&run);

	admit_say_plain(&run, run.peer, "files go to it without a session");
	out.method = SI_S5B;
	l->stream = stream_alone(run.peer, out.sid, 1, &sc, channel_changed, l);
	if (l->stream == NULL) {
		app_fail(&run, FAULT_LOCAL, "out of memory");
		return;
	}
	outgoing_join(l);
	if (upgrade_call(l) == -1)
		app_fail(&run, FAULT_LOCAL, "out of memory");
}

static void
answered(void *arg, const struct elem *answer)
{
	struct si_answer	 a;
	struct channel		*l;

	(void)arg;
	outgoing_set_phase(IDLE);
	si_answer(answer, &out.file, out.methods, &a);
	if (answer == NULL)
		outgoing_failed(FAULT_TIME, "no answer in time; has its user "
		    "seen the offer?");
	else if (a.method == 0)
		refused(&a);
	else if (outgoing_seek(a.offset, a.length) == -1)
		outgoing_failed_file(errno);
	else if ((l = outgoing_link()) == NULL)
		return;
	else if (a.method == SI_S5B)
		open_socket(l);
	else
		open_inband(l);
}

void
send_si_offer(void)
{
	inband_make_sid(out.sid);
	outgoing_set_phase(OFFERED);
	if (si_offer(session_iqs(run.session), run.peer, out.sid,
	    mime_type(out.name), &out.file, out.methods, answered, &out,
	    answer_deadline(&run)) == -1)
		app_fail(&run, FAULT_LOCAL, "out of memory");
}

int
send_si_fall_back(struct channel *l)
{
	if (stream_fault(l->stream) != STREAM_REFUSED ||
	    stream_sent(l->stream) > 0 || (out.methods & SI_IBB) == 0)
		return 0;
	if (out.missed && out.methods != SI_IBB) {
		out.methods = SI_IBB;
		return outgoing_again(l);
	}
	if (out.method != SI_S5B)
		return 0;
	log_line(1, "%s: %s: in-band, then: %s", run.peer, out.shown,
	    stream_why(l->stream));
	out.missed = 1;
	pump_free(l->pump);
	l->pump = NULL;
	upgrade_free(l);
	stream_free(l->stream);
	l->stream = NULL;
	l->greeted = 0;
	if (lseek(out.fd, (off_t)out.offset, SEEK_SET) == -1) {
		app_fail(&run, FAULT_LOCAL, "%s", strerror(errno));
		return 0;
	}
	open_inband(l);
	return 1;
}

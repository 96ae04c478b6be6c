/* channel_fail: a channel that ends before its time, and what is said of that;
 * see channel.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <string.h>

#include "net/channel/await.h"
#include "net/channel/call.h"
#include "net/channel/channel_int.h"
#include "net/channel/notes.h"
#include "net/dial/socks_accept.h"
#include "net/io/child.h"
#include "net/io/log.h"
#include "net/io/pump.h"

/* A SOCKS client hears why in a byte. */
static enum socks_reply
socks_code(enum stanza_error err)
{
	switch (err) {
	case SE_INTERNAL_SERVER_ERROR:
		return SOCKS_REFUSED;
	case SE_ITEM_NOT_FOUND:
	case SE_SERVICE_UNAVAILABLE:
	case SE_NOT_ACCEPTABLE:
		return SOCKS_NOT_ALLOWED;
	default:
		return SOCKS_FAILURE;
	}
}

/* Why the stream was refused, or broke; out[STREAM_WHY] has room for that.  To
 * a caller whose code it does not take a listener says what a server says of an
 * absent listener.  Only a caller can try again. */
static const char *
broke_words(const struct channel *ch, char *out)
{
	static const char	 again[] = "; try again";
	const char		*why;
	enum stanza_error	 err = stream_refusal(ch->stream);
	int			 cut;

	if (ch->app->code != NULL && !await_is_distance(err) &&
	    await_is_absence(err) && stream_fault(ch->stream) == STREAM_REFUSED)
		return "nobody listens there by this code: it is wrong, used "
		    "or too old, or its listener has ended; xcat -l -I there "
		    "makes a new one";
	why = stream_why(ch->stream);
	cut = (int)strlen(why) - (int)strlen(again);
	if (ch->listener && cut >= 0 && strcmp(why + cut, again) == 0)
		snprintf(out, STREAM_WHY, "%.*s; the caller may try again",
		    cut, why);
	else
		strlcpy(out, why, STREAM_WHY);
	return out;
}

/* Has a caller hung up before a byte has moved, as the -z of an older xcat, or
 * a caller that no longer waits for its turn? */
static int
hung_up_unused(const struct channel *ch)
{
	return app_listens(ch->app) && ch->file == NULL &&
	    stream_fault(ch->stream) == STREAM_HUNG_UP &&
	    stream_sent(ch->stream) == 0 && stream_received(ch->stream) == 0;
}

/* A caller that hung up without using its stream does not cost a listener its
 * only stream: the next caller gets the descriptors.  Returns whether that is
 * so. */
static int
hung_up_idle(struct channel *ch)
{
	char	 why[STREAM_WHY];

	if (ch->app->mode != MODE_LISTEN || ch->app->conf.keep ||
	    !hung_up_unused(ch))
		return 0;
	notes_ended(ch, LOG_EVENT, FAULT_BROKEN, broke_words(ch, why));
	log_line(LOG_DETAIL, "%s: %s; listening again", stream_peer(ch->stream),
	    broke_words(ch, why));
	if (ch->pump != NULL && !pump_leave(ch->pump))
		ch->app->conf.no_stdin = 1;	/* it has ended */
	ch->pump = NULL;
	channel_lapsed(ch);
	return 1;
}

/* Has a caller hung up whose service will judge for itself what that means?  A
 * socket is reset, and that is how ssh(1) ends every session; but what a
 * command leaves behind may look whole. */
static int
hung_up_on_socket(const struct channel *ch)
{
	return (ch->app->mode == MODE_SERVE || ch->control != NULL) &&
	    ch->pid == 0 &&
	    ch->file == NULL && stream_fault(ch->stream) == STREAM_HUNG_UP;
}

/* A probe of a caller ends so, whatever its service has said meanwhile. */
static int
is_probe(const struct channel *ch)
{
	return ch->listener && stream_is_probe(ch->stream);
}

/* Nothing is lost of a stream that had not begun, or that was refused with the
 * data that followed its <open/>.  It may have begun and failed in one turn,
 * before it was greeted. */
static int
has_begun(const struct channel *ch)
{
	if (is_probe(ch))
		return 0;
	if (ch->told != CHANNEL_UNTOLD || stream_received(ch->stream) > 0)
		return 1;
	return stream_sent(ch->stream) > 0 &&
	    stream_fault(ch->stream) != STREAM_REFUSED;
}

/* Is the failure of the stream no news to people, as no bytes and no turn were
 * lost by it? */
static int
is_no_news(const struct channel *ch)
{
	return is_probe(ch) || hung_up_on_socket(ch) ||
	    (ch->app->conf.keep && hung_up_unused(ch));
}

/* Say why it has failed, at the level that this deserves. */
static void
say_failed(struct channel *ch, enum fault fault, const char *why,
    const char *confirmed)
{
	int	 hung_up = app_listens(ch->app) &&
		    stream_fault(ch->stream) == STREAM_HUNG_UP;

	/* A run that ends has said why, and its streams with it. */
	if (notes_ended(ch, hung_up ? LOG_EVENT : LOG_FAULT, fault,
	    why) ||
	    channel_file_told(ch) ||
	    (ch->app->mode == MODE_FORWARD && ch->app->ending))
		return;
	log_line(is_no_news(ch) ? LOG_DETAIL : LOG_FAULT,
	    "%s: %s%s%s%s", stream_peer(ch->stream), channel_file_before(ch),
	    why, confirmed, channel_file_behind(ch));
}

void
channel_break_end(struct channel *ch)
{
	if (ch->socks != NULL)
		socks_accept_reply(ch->socks,
		    socks_code(stream_refusal(ch->stream)));
	ch->socks = NULL;
	if (ch->pid > 0)
		child_hangup(ch->pid);
	if (ch->pump != NULL && pump_output_finished(ch->pump))
		pump_free(ch->pump);	/* it had all, and its end */
	else
		pump_break(ch->pump);
	ch->pump = NULL;
}

void
channel_failed(struct channel *ch, enum fault fault, const char *why)
{
	const struct app	*app = ch->app;
	char			 confirmed[64] = "";
	int			 begun;

	if (hung_up_idle(ch))
		return;
	if (hung_up_on_socket(ch))
		fault = FAULT_NONE;
	begun = has_begun(ch);
	if (app->server != APP_SERVER_UP && !begun)
		fault = app_session_fault(app);
	if (fault != FAULT_PEER && fault != FAULT_NONE && begun &&
	    ch->called_for != STREAM_FOR_REMOTE)
		snprintf(confirmed, sizeof(confirmed),
		    "; %llu bytes confirmed",
		    (unsigned long long)stream_confirmed(ch->stream));
	channel_file_fails(ch);
	say_failed(ch, fault, why, confirmed);
	channel_break_end(ch);
	if (channel_file_declined(ch) || (app_listens(app) && !begun &&
	    app->server != APP_SERVER_LOST))
		channel_lapsed(ch);
	else
		channel_over(ch, fault);
}

/*
 * Causes
 */

static enum fault
stream_to_fault(enum stream_fault fault)
{
	switch (fault) {
	case STREAM_REFUSED:
		return FAULT_PEER;
	case STREAM_SILENT:
		return FAULT_TIME;
	case STREAM_INTERNAL:
		return FAULT_LOCAL;
	default:
		return FAULT_BROKEN;
	}
}

void
channel_broke(struct channel *ch)
{
	enum fault	 fault = stream_to_fault(stream_fault(ch->stream));
	char		 why[STREAM_WHY];

	if (call_again_later(ch))
		return;
	if (fault == FAULT_BROKEN && ch->app->server == APP_SERVER_LOST &&
	    app_session_fault(ch->app) == FAULT_LOCAL)
		fault = FAULT_LOCAL;
	channel_failed(ch, fault, broke_words(ch, why));
}

/* What it was that could not be read or written. */
static const char *
end_name(const struct channel *ch)
{
	if (channel_is_service(ch))
		return "the local end";
	if (channel_is_apart(ch))
		return "the file";
	return pump_failed(ch->pump)[0] == 'r' ? "standard input" :
	    "standard output";
}

void
channel_end_failed(struct channel *ch)
{
	char	 why[128];

	snprintf(why, sizeof(why), "%s %s: %s", pump_failed(ch->pump),
	    end_name(ch), strerror(pump_error(ch->pump)));
	stream_abort(ch->stream, SE_INTERNAL_SERVER_ERROR);
	channel_failed(ch, FAULT_LOCAL, why);
}

void
channel_unjoined(struct channel *ch)
{
	char	 why[128];

	snprintf(why, sizeof(why), "it cannot be joined to anything here: "
	    "%s", strerror(ch->unjoined));
	stream_abort(ch->stream, SE_INTERNAL_SERVER_ERROR);
	channel_failed(ch, FAULT_LOCAL, why);
}

/*
 * All of them
 */

static void
break_stream(struct channel *ch, const char *why)
{
	/* It may have opened in this very turn. */
	if (stream_state(ch->stream) == STREAM_OPEN &&
	    ch->told == CHANNEL_UNTOLD)
		channel_greet(ch);
	stream_break(ch->stream, why);
}

void
channels_break(struct app *app, const char *why)
{
	struct channel	*ch, *next;

	TAILQ_FOREACH_SAFE(ch, &app->channels, next, next)
		if (ch->stream == NULL) {
			if (app->server == APP_SERVER_LOST)
				channel_free(ch);
		} else if (ch->waits == CHANNEL_ABSENT) {
			if (app->server == APP_SERVER_LOST)
				channel_failed(ch, FAULT_SERVER, why);
		} else if (app->server == APP_SERVER_LOST ||
		    !stream_mends(ch->stream)) {
			break_stream(ch, why);
		}
}

void
channels_moved(struct app *app)
{
	struct channel	*ch, *next;

	TAILQ_FOREACH_SAFE(ch, &app->channels, next, next)
		if (ch->stream != NULL &&
		    stream_state(ch->stream) != STREAM_OPENING)
			break_stream(ch, "the server has given us another "
			    "address after a loss, by which the peer does "
			    "not know us; try again");
}

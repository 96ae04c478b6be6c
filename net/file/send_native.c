/* send_native: files offered to an xcat in streams, and the words before them;
 * see send_int.h and xcat-protocol(7). */
#include <sys/types.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ibb/si.h"
#include "ibb/stream.h"
#include "net/channel/app.h"
#include "net/channel/call.h"
#include "net/channel/channel.h"
#include "net/file/progress.h"
#include "net/file/send_int.h"
#include "net/io/log.h"
#include "net/io/pump.h"
#include "xml/buf.h"
#include "xml/elem.h"

#define WORDS		32768	/* bytes of words to an xcat */

/* What other programs than an xcat may send means nothing. */
static void
throw_away(struct channel *ch)
{
	size_t	 len;

	stream_data(ch->stream, &len);
	if (len > 0)
		stream_consume(ch->stream, len);
}

/*
 * A pipe
 */

void
send_pipe_offer(struct sender *s)
{
	struct channel	*ch;
	int		 fd = s->fd;

	if ((s->knows & SEND_KNOWS_NATIVE) == 0) {
		sender_failed(s, FAULT_PEER, "it is no file of a known size, "
		    "and the peer is no xcat, which could take it: send a "
		    "file, or without naming one");
		return;
	}
	if ((ch = sender_channel(s)) == NULL)
		return;
	sender_set_phase(s, SEND_MOVING);
	progress_input(s->app->progress, s->shown, fd);
	s->fd = -1;
	s->left = SEND_UNSIZED;
	s->file.size = 0;
	if (call_open(ch, s->app->host, s->app->port) == 0)
		channel_join(ch, fd, PUMP_NONE);
	else
		close(fd);
}

int
send_pipe_check(struct sender *s, struct channel *ch)
{
	(void)s;
	throw_away(ch);
	return 0;
}

/*
 * The offer
 */

void
send_native_offer(struct sender *s)
{
	struct stream_conf	 sc = channel_stream_conf(s->app);
	struct channel		*ch = sender_channel(s);

	if (ch == NULL)
		return;
	sender_set_phase(s, SEND_OPENING);
	sc.use = STREAM_FOR_FILE;
	sender_call(s, ch, &sc);
}

static void
native_say(struct sender *s, struct channel *ch)
{
	struct buf	 b;

	buf_init(&b, WORDS);
	if (si_say_file(&b, &s->file) == -1)
		app_fail(s->app, FAULT_LOCAL, "out of memory");
	else if (stream_write(ch->stream, buf_data(&b), buf_len(&b)) == -1)
		channel_changed(ch);	/* it has failed, which shows then */
	buf_free(&b);
	sender_set_phase(s, SEND_SAID);
}

/*
 * What the xcat says
 */

/* The peer has thrown away what it had.  If a part was from before, that may
 * have been something else: once, all is sent anew. */
static int
native_wrong(struct sender *s, struct channel *ch, const char *text)
{
	char	 why[256];

	if (s->offset > 0 && s->attempt == SEND_FIRST) {
		log_line(LOG_EVENT, "%s: %s: what was there was of something "
		    "else; sending all of it", s->app->peer, s->shown);
		s->attempt = SEND_ANEW;
		stream_abort(ch->stream, SE_CONFLICT);
		return sender_again(s, ch);
	}
	snprintf(why, sizeof(why), "it says: %.192s", text);
	return sender_give_up(ch, SE_UNDEFINED_CONDITION, FAULT_BROKEN, why);
}

/* The peer does not want the file, or cannot keep it after all. */
static int
native_declined(struct sender *s, struct channel *ch, const char *text)
{
	char	 why[256];

	if (s->phase != SEND_SAID) {
		snprintf(why, sizeof(why), "it says: %.192s", text);
		return sender_give_up(ch, SE_UNDEFINED_CONDITION, FAULT_BROKEN,
		    why);
	}
	snprintf(why, sizeof(why), "it does not take it: %.192s", text);
	return sender_give_up(ch, SE_UNDEFINED_CONDITION, FAULT_PEER, why);
}

static int
take_word(struct sender *s, struct channel *ch, enum si_word word,
    uint64_t offset, const char *text)
{
	switch (word) {
	case SI_RANGE:
		if (s->phase != SEND_SAID || offset > s->file.size)
			break;
		if (sender_seek(s, offset, s->file.size - offset) == -1)
			return sender_give_up(ch, SE_INTERNAL_SERVER_ERROR,
			    FAULT_LOCAL, strerror(errno));
		sender_join(s, ch);
		return 0;
	case SI_REFUSED:
		return native_declined(s, ch, text);
	case SI_WRONG:
		return native_wrong(s, ch, text);
	default:
		break;
	}
	return sender_give_up(ch, SE_BAD_REQUEST, FAULT_BROKEN, "it answers "
	    "what makes no sense");
}

/* Take what the xcat says.  Returns 1 if the channel is no more. */
static int
native_hear(struct sender *s, struct channel *ch)
{
	const unsigned char	*data;
	struct si_file		 f;
	struct elem		*e;
	enum si_word		 word;
	const char		*text;
	size_t			 len, used;
	uint64_t		 offset = 0;
	int			 r;

	data = stream_data(ch->stream, &len);
	word = si_hear(data, len, &used, &e, &f, &offset, &text);
	if (word == SI_MORE)
		return 0;
	r = take_word(s, ch, word, offset, text);
	elem_free(e);
	if (r == 0 && word != SI_NONSENSE)
		stream_consume(ch->stream, used);
	return r;
}

int
send_native_check(struct sender *s, struct channel *ch)
{
	if (s->phase == SEND_OPENING && stream_state(ch->stream) == STREAM_OPEN)
		native_say(s, ch);
	if (s->phase == SEND_OPENING)
		throw_away(ch);
	else if (native_hear(s, ch))
		return 1;
	return s->phase <= SEND_SAID ? sender_check_closed(ch,
	    "the peer closed the stream before it took the file; try again") :
	    0;
}

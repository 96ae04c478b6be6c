/* send_words: files in streams to an xcat, and the words before them; see
 * send_int.h and xcat-protocol(7). */
#include <sys/types.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ibb/si.h"
#include "ibb/stream.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/file/progress.h"
#include "net/file/send_int.h"
#include "net/io/log.h"
#include "net/io/pump.h"
#include "xml/buf.h"
#include "xml/elem.h"

#define WORDS		32768	/* bytes of words to an xcat */

void
send_native_pipe(void)
{
	struct channel	*l;
	int		 fd = out.fd;

	if ((out.knows & KNOWS_XCAT) == 0) {
		outgoing_failed(FAULT_PEER, "it is no file of a known size, and "
		    "the peer is no xcat, which could take it: send a file, "
		    "or without naming one");
		return;
	}
	if ((l = outgoing_link()) == NULL)
		return;
	outgoing_set_phase(MOVING);
	progress_input(out.shown, fd);
	out.fd = -1;
	out.method = 0;
	out.left = UINT64_MAX;
	out.offset = out.file.size = 0;
	if (call(l, run.host, run.port) == 0)
		channel_join(l, fd, PUMP_NONE);
	else
		close(fd);
}

/*
 * The offer
 */

void
send_native_offer(void)
{
	struct stream_conf	 sc = channel_stream_conf(&run);
	struct channel		*l = outgoing_link();

	if (l == NULL)
		return;
	outgoing_set_phase(OPENING);
	out.method = 0;
	out.said = 0;
	sc.use = STREAM_FOR_FILE;
	l->stream = stream_call(run.ibb, run.peer, &sc, channel_changed, l);
	if (l->stream == NULL)
		app_fail(&run, FAULT_LOCAL, "out of memory");
}

void
send_native_say(struct channel *l)
{
	struct buf	 b;

	buf_init(&b, WORDS);
	if (si_say_file(&b, &out.file) == -1)
		app_fail(&run, FAULT_LOCAL, "out of memory");
	else if (stream_write(l->stream, buf_data(&b), buf_len(&b)) == -1)
		channel_changed(l);	/* it has failed, which shows then */
	buf_free(&b);
	out.said = 1;
}

/*
 * What the xcat says
 */

/* The peer has thrown away what it had; if that was from before, it may have
 * been something else. */
static int
wrong(struct channel *l, const char *text)
{
	char	 why[256];

	if (out.offset > 0 && !out.again) {
		log_line(0, "%s: %s: what was there was of something else; "
		    "sending all of it", run.peer, out.shown);
		out.again = 1;
		stream_abort(l->stream, SE_CONFLICT);
		return outgoing_again(l);
	}
	snprintf(why, sizeof(why), "it says: %.192s", text);
	return outgoing_give_up(l, SE_UNDEFINED_CONDITION, FAULT_BROKEN, why);
}

static int
declined(struct channel *l, const char *text)
{
	char	 why[256];

	snprintf(why, sizeof(why), "it does not take it: %.192s", text);
	return outgoing_give_up(l, SE_UNDEFINED_CONDITION, FAULT_PEER, why);
}

static int
take_word(struct channel *l, enum si_word word, uint64_t offset,
    const char *text)
{
	switch (word) {
	case SI_RANGE:
		if (out.phase != OPENING || offset > out.file.size)
			break;
		if (outgoing_seek(offset, out.file.size - offset) == -1)
			return outgoing_give_up(l, SE_INTERNAL_SERVER_ERROR,
			    FAULT_LOCAL, strerror(errno));
		outgoing_join(l);
		return 0;
	case SI_REFUSED:
		return declined(l, text);
	case SI_WRONG:
		return wrong(l, text);
	default:
		break;
	}
	return outgoing_give_up(l, SE_BAD_REQUEST, FAULT_BROKEN, "it answers "
	    "what makes no sense");
}

int
send_native_hear(struct channel *l)
{
	const unsigned char	*data;
	struct si_file		 f;
	struct elem		*e;
	enum si_word		 word;
	const char		*text;
	size_t			 len, used;
	uint64_t		 offset = 0;
	int			 r;

	data = stream_data(l->stream, &len);
	if (out.method != 0 || !out.said) {
		if (len > 0)
			stream_consume(l->stream, len);
		return 0;
	}
	word = si_hear(data, len, &used, &e, &f, &offset, &text);
	if (word == SI_MORE)
		return 0;
	r = take_word(l, word, offset, text);
	elem_free(e);
	if (r == 0 && word != SI_NONSENSE)
		stream_consume(l->stream, used);
	return r;
}

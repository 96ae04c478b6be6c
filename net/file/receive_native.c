/* receive_native: offers of files in streams from an xcat, and the words before
 * the files; see receive_int.h and xcat-protocol(7). */
#include <sys/types.h>

#include <string.h>

#include "ibb/si.h"
#include "ibb/stream.h"
#include "net/channel/channel.h"
#include "net/channel/app.h"
#include "net/file/receive.h"
#include "net/file/receive_folder.h"
#include "net/file/receive_int.h"
#include "xml/buf.h"
#include "xml/elem.h"

#define WORDS		32768	/* bytes of words to the sender */

/*
 * What we say
 */

/* Say a word with this text.  A sender that cannot be told learns by the end of
 * the stream. */
static void
native_say(struct incoming *in, int (*word)(struct buf *, const char *),
    const char *text)
{
	struct stream	*s = in->channel->stream;
	struct buf	 b;

	buf_init(&b, WORDS);
	if (word(&b, text) == -1 || buf_len(&b) > stream_room(s) ||
	    stream_write(s, buf_data(&b), buf_len(&b)) == -1) {
		stream_abort(s, SE_INTERNAL_SERVER_ERROR);
		channel_changed(in->channel);
	}
	buf_free(&b);
}

static void
native_tell(struct incoming *in)
{
	/* What fails here says nothing of the bytes that came. */
	native_say(in, in->fault == FAULT_LOCAL ? si_say_refused :
	    si_say_wrong, in->why);
}

/* The stream stays until the sender ends it. */
static void
native_decline(struct incoming *in, enum si_refusal why, const char *text)
{
	(void)why;
	incoming_set_phase(in, INCOMING_DECLINED);
	native_say(in, si_say_refused, text != NULL ? text : "");
	incoming_let_go(in);
}

static void
native_accept(struct incoming *in)
{
	struct buf	 b;

	buf_init(&b, WORDS);
	if (si_say_range(&b, in->have) == -1 ||
	    stream_write(in->channel->stream, buf_data(&b), buf_len(&b)) == -1)
		incoming_fail(in, FAULT_LOCAL, SE_INTERNAL_SERVER_ERROR,
		    "its sender cannot be told to begin", "");
	buf_free(&b);
	channel_changed(in->channel);
}

/*
 * What the sender says
 */

static int
says_nonsense(struct channel *ch)
{
	stream_abort(ch->stream, SE_BAD_REQUEST);
	channel_failed(ch, FAULT_BROKEN, "it does not say what it sends");
	return 1;
}

/* It is a folder that comes.  Returns 1 if the channel is no more. */
static int
native_is_folder(struct incoming *in)
{
	struct receiver	*r = in->receiver;
	struct channel	*ch = in->channel;

	incoming_free(in);
	if (receive_folder_offered(r, ch) == 0)
		return 0;
	stream_abort(ch->stream, SE_INTERNAL_SERVER_ERROR);
	channel_failed(ch, FAULT_LOCAL, "out of memory");
	return 1;
}

static int
native_hear(struct incoming *in)
{
	struct channel		*ch = in->channel;
	struct si_file		 f;
	struct elem		*e;
	const unsigned char	*data;
	const char		*text;
	size_t			 len, used;
	uint64_t		 offset;

	data = stream_data(ch->stream, &len);
	if (receive_folder_is(data, len) == 1)
		return native_is_folder(in);
	switch (si_hear(data, len, &used, &e, &f, &offset, &text)) {
	case SI_MORE:
		return stream_eof(ch->stream) ? says_nonsense(ch) : 0;
	case SI_FILE:
		incoming_describe(in, &f);
		elem_free(e);
		stream_consume(ch->stream, used);
		incoming_prepare(in);
		return 0;
	default:
		elem_free(e);
		return says_nonsense(ch);
	}
}

static const struct receive_method	 native_method = {
	.accept = native_accept,
	.decline = native_decline,
	.hear = native_hear,
	.tell = native_tell
};

int
receive_native_offered(struct channel *ch)
{
	struct incoming	*in = incoming_new(ch->app->receiver, &native_method,
			     stream_peer(ch->stream), NULL);

	if (in == NULL)
		return -1;
	incoming_attach(in, ch);
	strlcpy(in->name, "a file", sizeof(in->name));
	return 0;
}

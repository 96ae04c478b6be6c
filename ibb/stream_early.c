/*
 * stream_early: the first payload of a caller, behind its <open/> and before
 * the answer to that (xcat-protocol(7), Beginning with data).
 */
#include "ibb/stream_int.h"
#include "xml/buf.h"

int
stream_early_begin(struct stream *s)
{
	if (!e2e_is_warm(s->e2e))
		return 0;
	if (stream_keep_flight(s) == -1)
		return -1;
	carrier_set_out(s->carrier, e2e_output(s->e2e));
	carrier_set_early(s->carrier);
	return 0;
}

size_t
stream_early_room(const struct stream *s)
{
	return s->e2e != NULL && s->out == STREAM_OUT_OPEN &&
	    s->in == STREAM_IN_OPEN && !s->early_waits ?
	    e2e_early_room(s->e2e) : 0;
}

int
stream_early_keep(struct stream *s, const void *data, size_t len)
{
	return buf_add(&s->early, data, len);
}

void
stream_take_over(struct stream *s, const struct stream *from)
{
	size_t	 len = buf_len(&from->early);
	int	 fits = len <= stream_early_room(s);

	if (len == 0)
		return;
	s->sent += len;
	if (stream_early_keep(s, buf_data(&from->early), len) == -1)
		stream_starve(s);
	else if (!fits)
		s->early_waits = 1;
	else if (stream_push(s, buf_data(&s->early), len, 1) == 0)
		stream_account(s);
}

/* Has the payload been given to a session that was not read?  A listener that
 * is no more may have read it, if the <open/> was repeated: then it must not be
 * given to another one. */
static int
stream_early_unread(struct stream *s)
{
	if (s->e2e == NULL || !e2e_early_refused(s->e2e))
		return 0;
	if (!carrier_is_doubtful(s->carrier)) {
		carrier_unweigh(s->carrier);
		return 1;
	}
	stream_give_up(s, STREAM_BROKEN, SE_NOT_ACCEPTABLE, "it was away as "
	    "the stream began, and may have taken the first of the data; try "
	    "again");
	return -1;
}

int
stream_early_opened(struct stream *s)
{
	int	 r = 0, unread = stream_early_unread(s);

	buf_free(&s->flight);
	if (unread == -1)
		r = -1;
	else if (s->early_waits || unread)
		r = stream_push(s, buf_data(&s->early), buf_len(&s->early),
		    s->early_waits);
	s->early_waits = 0;
	buf_free(&s->early);
	return r;
}

/*
 * stream: its state, its bytes out and in, and the memory they take.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ibb/stream_int.h"
#include "xml/buf.h"
#include "xml/chunks.h"

/*
 * States
 */

static const char *const state_names[] = {
	"offered", "opening", "open", "closed", "failed"
};

static int
stream_may_become(enum stream_state from, enum stream_state to)
{
	switch (from) {
	case STREAM_OFFERED:
		return to != STREAM_OFFERED;
	case STREAM_OPENING:
		return to >= STREAM_OPEN;
	case STREAM_OPEN:
		return to >= STREAM_CLOSED;
	default:
		return 0;
	}
}

int
stream_set_state(struct stream *s, enum stream_state state)
{
	if (!stream_may_become(s->state, state))
		return -1;
	carrier_trace(s->carrier, "ends: ", state_names[s->state],
	    state_names[state]);
	s->state = state;
	return 0;
}

int
stream_set_out(struct stream *s, enum stream_out out)
{
	static const char *const	 names[] = {
		"open", "finished", "ended", "closing"
	};

	if (out <= s->out)
		return -1;
	carrier_trace(s->carrier, "ends: out: ", names[s->out], names[out]);
	s->out = out;
	return 0;
}

int
stream_set_in(struct stream *s, enum stream_in in)
{
	static const char *const	 names[] = {
		"open", "ended", "closing"
	};

	if (in <= s->in)
		return -1;
	carrier_trace(s->carrier, "ends: in: ", names[s->in], names[in]);
	s->in = in;
	return 0;
}

int
stream_over(const struct stream *s)
{
	return s->state == STREAM_CLOSED || s->state == STREAM_FAILED;
}

void
stream_changed(struct stream *s)
{
	s->notify(s->arg);
}

void
stream_fail(struct stream *s, enum stream_fault fault, const char *why)
{
	if (stream_set_state(s, STREAM_FAILED) == -1)
		return;
	s->fault = fault;
	snprintf(s->why, sizeof(s->why), "%s", why);
	stream_changed(s);
}

void
stream_give_up(struct stream *s, enum stream_fault fault, enum stanza_error err,
    const char *why)
{
	carrier_abort(s->carrier, err);
	stream_fail(s, fault, why);
}

enum stream_state
stream_state(const struct stream *s)
{
	return s->state;
}

enum stream_fault
stream_fault(const struct stream *s)
{
	return s->fault;
}

const char *
stream_why(const struct stream *s)
{
	return s->why;
}

enum stanza_error
stream_refusal(const struct stream *s)
{
	return s->refusal;
}

/*
 * Memory
 */

#define STREAM_COST	(8 * 1024)	/* bytes of a stream without payload */
#define SESSION_COST	(40 * 1024)	/* bytes of OpenSSL for a session */
#define SOCKET_COST	(17 * 1024)	/* bytes of half a record of a socket */
#define SPARE		(16 * 1024)	/* bytes of storage kept empty */

static size_t
stream_fixed_cost(const struct stream *s)
{
	if (s->e2e == NULL)
		return STREAM_COST;
	return STREAM_COST + SESSION_COST + (carrier_has_socket(s->carrier) ?
	    SOCKET_COST : 0);
}

/* Charge what is kept, and free empty storage if other streams need the memory.
 */
void
stream_account(struct stream *s)
{
	struct chunks	*out = carrier_out(s->carrier);
	size_t		 held = carrier_held(s->carrier);

	if (charge_is_tight(&s->charge)) {
		if (buf_len(&s->rx) == 0 && buf_storage(&s->rx) > SPARE)
			buf_free(&s->rx);
		chunks_trim(out);
	}
	if (held < buf_storage(&s->rx))
		held = buf_storage(&s->rx);
	charge_set(&s->charge, stream_fixed_cost(s), held +
	    buf_storage(&s->early) + chunks_storage(out) +
	    carrier_flying(s->carrier));
}

void
stream_rest(struct stream *s)
{
	if (buf_len(&s->rx) == 0)
		buf_free(&s->rx);
	chunks_trim(carrier_out(s->carrier));
	stream_account(s);
}

size_t
stream_on_room(void *arg, int all)
{
	struct stream	*s = arg;

	return all ? charge_rest(&s->charge) : charge_left(&s->charge);
}

/*
 * The session
 */

const char *
stream_session_error(const struct stream *s)
{
	const char	*why = e2e_error(s->e2e);

	return *why != '\0' ? why : "its <session/> holds no base64";
}

void
stream_session_broken(struct stream *s)
{
	const char	*why = stream_session_error(s);

	carrier_push(s->carrier, 0);	/* the alert */
	switch (e2e_fault(s->e2e)) {
	case E2E_STARVED:
		stream_give_up(s, STREAM_INTERNAL, SE_BUSY, why);
		break;
	case E2E_JUDGED:
		stream_give_up(s, STREAM_REFUSED, SE_NOT_AUTHORIZED, why);
		break;
	case E2E_UNWANTED:
		stream_give_up(s, STREAM_REFUSED, SE_BAD_REQUEST, why);
		break;
	default:
		stream_give_up(s, STREAM_BROKEN, SE_BAD_REQUEST, why);
		break;
	}
}

void
stream_stands(struct stream *s)
{
	if (!e2e_established(s->e2e) || s->state == STREAM_OFFERED)
		return;
	if (s->leaves == STREAM_LEAVES_NEW ||
	    (s->leaves == STREAM_LEAVES_COLD && !e2e_is_warm(s->e2e)))
		e2e_leave_warm(s->e2e, s->conf.warm, stream_peer(s));
	s->leaves = STREAM_LEAVES_NOT;
	if (s->state == STREAM_OPENING)
		stream_set_state(s, STREAM_OPEN);
	if (!e2e_complete(s->e2e))
		return;
	buf_free(&s->flight);	/* the peer has it */
	carrier_met(s->carrier);
}

int
stream_decrypt(struct stream *s, const void *data, size_t len)
{
	size_t	 before = buf_len(&s->rx);

	if (e2e_input(s->e2e, data, len, &s->rx) == -1) {
		s->received += buf_len(&s->rx) - before;
		stream_session_broken(s);
		return -1;
	}
	s->received += buf_len(&s->rx) - before;
	stream_stands(s);
	if (e2e_ended(s->e2e))
		stream_set_in(s, STREAM_IN_ENDED);
	carrier_push(s->carrier, 0);
	return 0;
}

const char *
stream_key(const struct stream *s)
{
	return s->e2e != NULL && e2e_established(s->e2e) ?
	    e2e_peer(s->e2e) : NULL;
}

int
stream_export(struct stream *s, const void *context, size_t len,
    unsigned char *out, size_t size)
{
	return s->e2e != NULL ? e2e_export(s->e2e, context, len, out, size) :
	    -1;
}

int
stream_by_secret(const struct stream *s)
{
	return s->e2e != NULL && e2e_by_secret(s->e2e);
}

int
stream_shakes(const struct stream *s)
{
	return s->e2e != NULL && !e2e_established(s->e2e) && !stream_over(s);
}

/*
 * Bytes out
 */

#define SMALL	512	/* bytes: a record takes several smaller blocks */

static int
stream_has_small_blocks(const struct stream *s)
{
	return s->e2e != NULL && carrier_block(s->carrier) < SMALL;
}

/* Bytes of payload that fit a block beside the headers of the records in it. */
static size_t
stream_payload(const struct stream *s)
{
	size_t	 block = carrier_block(s->carrier), records;

	if (s->e2e == NULL)
		return block;
	if (stream_has_small_blocks(s))
		return SMALL;
	records = (block + E2E_RECORD + E2E_OVERHEAD - 1) /
	    (E2E_RECORD + E2E_OVERHEAD);
	return block - records * E2E_OVERHEAD;
}

size_t
stream_room(struct stream *s)
{
	size_t	 blocks;

	if (s->state == STREAM_OPENING)
		return stream_early_room(s);
	blocks = carrier_room_blocks(s->carrier);
	if (s->state != STREAM_OPEN || s->out != STREAM_OUT_OPEN ||
	    s->in == STREAM_IN_CLOSING)
		return 0;
	/* Where a record takes many blocks, it is sent alone. */
	if (stream_has_small_blocks(s) && blocks > 1)
		blocks = 1;
	return blocks > 0 ? blocks * stream_payload(s) :
	    carrier_room_bytes(s->carrier);
}

int
stream_push(struct stream *s, const void *data, size_t len, int counted)
{
	const unsigned char	*p = data;
	size_t			 most = stream_payload(s), n;

	if (carrier_way(s->carrier) == CARRIER_SOCKET)
		most = len;
	for (; len > 0; p += n, len -= n) {
		n = len < most ? len : most;
		if (s->e2e != NULL) {
			if (e2e_write(s->e2e, p, n) == -1) {
				stream_session_broken(s);
				return -1;
			}
		} else if (chunks_add(carrier_out(s->carrier), p, n) == -1) {
			stream_starve(s);
			return -1;
		}
		carrier_push(s->carrier, counted ? n : 0);
		if (s->state == STREAM_FAILED)
			return -1;
	}
	stream_account(s);
	return 0;
}

int
stream_write(struct stream *s, const void *data, size_t len)
{
	s->sent += len;
	if (s->state == STREAM_OPENING &&
	    stream_early_keep(s, data, len) == -1) {
		stream_starve(s);
		return -1;
	}
	return stream_push(s, data, len, 1);
}

void
stream_on_answered(void *arg, size_t weight)
{
	struct stream	*s = arg;

	s->confirmed += weight;
	stream_account(s);
	stream_close_if_done(s);
	stream_changed(s);
}

/*
 * Bytes in
 */

static int
stream_add_plain(struct stream *s, const void *data, size_t len)
{
	if (buf_add(&s->rx, data, len) == -1) {
		stream_starve(s);
		return -1;
	}
	s->received += len;
	return 0;
}

void
stream_on_block(void *arg, const void *data, size_t len)
{
	struct stream	*s = arg;

	if ((s->e2e != NULL ? stream_decrypt(s, data, len) :
	    stream_add_plain(s, data, len)) == 0) {
		if (carrier_received(s->carrier, s->received) == -1) {
			stream_starve(s);
			return;
		}
		stream_close_if_done(s);
	}
	stream_account(s);
	stream_changed(s);
}

const unsigned char *
stream_data(const struct stream *s, size_t *len)
{
	*len = buf_len(&s->rx);
	return buf_data(&s->rx);
}

void
stream_consume(struct stream *s, size_t len)
{
	buf_drain(&s->rx, len);
	s->consumed += len;
	carrier_consumed(s->carrier, s->consumed);
	stream_account(s);
	stream_close_if_done(s);
}

/*
 * Sockets
 */

struct carrier *
stream_carrier(const struct stream *s)
{
	return s->carrier;
}

int
stream_socket_wanted(const struct stream *s)
{
	/* A socket alone is what the stream waits for. */
	if (s->state == STREAM_OPENING)
		return carrier_way(s->carrier) == CARRIER_MOVING;
	/* Beside a bytestream, a socket is only for a session. */
	return s->state == STREAM_OPEN && s->e2e != NULL &&
	    e2e_complete(s->e2e) &&
	    carrier_socket_wanted(s->carrier);
}

/* Behind our end of the session the padding is zeros, since nothing more can be
 * encrypted. */
static int
stream_pad(void *arg)
{
	static const unsigned char	 zeros[E2E_PAD];
	struct stream			*s = arg;

	if (e2e_finished(s->e2e))
		return chunks_add(e2e_output(s->e2e), zeros, sizeof(zeros)) ==
		    0 ? 1 : -1;
	return e2e_pad(s->e2e);
}

int
stream_socket(struct stream *s, unsigned number, int ready, int relayed,
    enum carrier_version version)
{
	if (!stream_socket_wanted(s) ||
	    carrier_set_socket(s->carrier, number, ready, version) == -1)
		return -1;
	if (s->e2e != NULL) {
		e2e_ignore_rest(s->e2e);
		if (relayed)
			carrier_socket_pad(s->carrier, stream_pad);
	}
	if (s->state == STREAM_OPENING)
		stream_set_state(s, STREAM_OPEN);
	stream_changed(s);
	return 0;
}

#define SOCKET_READ	(64 * 1024)	/* bytes at a time */
#define SOCKET_LEAST	E2E_RECORD	/* bytes, if memory is short */
#define SOCKET_HELD	(512 * 1024)	/* bytes not consumed: wait */

/* With little memory, an eighth of what is left, so that each of many streams
 * gets some. */
size_t
stream_socket_room(const struct stream *s)
{
	size_t	 len = buf_len(&s->rx), most = charge_left(&s->charge) / 8;

	if (stream_over(s) || len >= SOCKET_HELD || (len > 0 && len >= most))
		return 0;
	return most >= SOCKET_READ ? SOCKET_READ :
	    most < SOCKET_LEAST ? SOCKET_LEAST : most;
}

/*
 * Trouble
 */

void
stream_ping(struct stream *s)
{
	/* A plain peer whose login has died never answers the last blocks. */
	if (s->state == STREAM_OPEN && !carrier_syncs(s->carrier) &&
	    s->in == STREAM_IN_CLOSING && !carrier_idle(s->carrier)) {
		if (s->confirmed == s->stuck_at)
			stream_give_up(s, STREAM_BROKEN,
			    SE_REMOTE_SERVER_TIMEOUT,
			    "the peer closed before it had taken "
			    "everything; try again");
		s->stuck_at = s->confirmed;
		return;
	}
	if (!stream_over(s))
		carrier_sync(s->carrier);
}

int
stream_mends(const struct stream *s)
{
	return carrier_syncs(s->carrier);
}

int
stream_waits(const struct stream *s)
{
	return carrier_waits(s->carrier);
}

int
stream_away(const struct stream *s)
{
	return carrier_away(s->carrier);
}

void
stream_refused(struct stream *s, enum stanza_error err, const char *why)
{
	if (stream_over(s))
		return;
	s->refusal = err;
	stream_fail(s, STREAM_REFUSED, why);
}

void
stream_starve(struct stream *s)
{
	if (!stream_over(s))
		stream_give_up(s, STREAM_INTERNAL, SE_BUSY, "out of memory");
}

void
stream_break(struct stream *s, const char *why)
{
	if (!stream_over(s))
		stream_give_up(s, STREAM_BROKEN, SE_REMOTE_SERVER_TIMEOUT, why);
}

/*
 * What is known of it
 */

const char *
stream_peer(const struct stream *s)
{
	return carrier_peer(s->carrier);
}

const char *
stream_sid(const struct stream *s)
{
	return carrier_sid(s->carrier);
}

size_t
stream_block(const struct stream *s)
{
	return carrier_block(s->carrier);
}

uint64_t
stream_sent(const struct stream *s)
{
	return s->sent;
}

uint64_t
stream_confirmed(const struct stream *s)
{
	return s->confirmed;
}

uint64_t
stream_received(const struct stream *s)
{
	return s->received;
}

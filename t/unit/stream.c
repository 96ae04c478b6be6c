/*
 * Unit tests of ibb/stream: its states, which moves there are between them, and
 * the line for -v that each move is.
 */
#include <stdio.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "ibb/stream_int.h"
#include "t/lib/engine.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "xml/iq.h"

static const char *const names[] = {
	"offered", "opening", "open", "closed", "failed"
};

static int notified;
static char lines[1024];

static void
on_notify(void *arg)
{
	(void)arg;
	notified++;
}

static void
on_trace(void *arg, const char *line)
{
	(void)arg;
	strlcat(lines, line, sizeof(lines));
	strlcat(lines, "\n", sizeof(lines));
}

static int
post(void *arg, const void *stanza, size_t len)
{
	(void)arg;
	(void)stanza;
	(void)len;
	return 0;
}

/* Each line: from this state; a + for each of the others that can follow. */
static void
test_moves(void)
{
	static const char *const moves[] = {
		"-++++", "--+++", "---++", "-----", "-----"
	};
	struct stream_conf conf = { .block = 4096, .deadline = on_deadline };
	struct stream *s = stream_alone(PEER, "s", 1, &conf, on_notify, NULL);
	enum stream_state from, to;
	int moved;

	must(s != NULL);
	is_int(stream_state(s), STREAM_OPENING, "a caller begins");
	for (from = STREAM_OFFERED; from <= STREAM_FAILED; from++)
		for (to = STREAM_OFFERED; to <= STREAM_FAILED; to++) {
			s->state = from;
			moved = stream_set_state(s, to) == 0;
			ok(moved == (moves[from][to] == '+') &&
			    s->state == (moved ? to : from),
			    "%s -> %s", names[from], names[to]);
		}
	stream_free(s);
}

/* Each half goes forward only, and may skip a step. */
static void
test_halves(void)
{
	struct stream_conf conf = { .block = 4096, .deadline = on_deadline };
	struct stream *s = stream_alone(PEER, "s", 1, &conf, on_notify, NULL);
	enum stream_out out, to_out;
	enum stream_in in, to_in;
	int moved;

	must(s != NULL);
	ok(s->out == STREAM_OUT_OPEN && s->in == STREAM_IN_OPEN, "both open");
	for (out = STREAM_OUT_OPEN; out <= STREAM_OUT_CLOSING; out++)
		for (to_out = STREAM_OUT_OPEN; to_out <= STREAM_OUT_CLOSING;
		    to_out++) {
			s->out = out;
			moved = stream_set_out(s, to_out) == 0;
			ok(moved == (to_out > out) &&
			    s->out == (moved ? to_out : out),
			    "out: %d -> %d", (int)out, (int)to_out);
		}
	for (in = STREAM_IN_OPEN; in <= STREAM_IN_CLOSING; in++)
		for (to_in = STREAM_IN_OPEN; to_in <= STREAM_IN_CLOSING;
		    to_in++) {
			s->in = in;
			moved = stream_set_in(s, to_in) == 0;
			ok(moved == (to_in > in) &&
			    s->in == (moved ? to_in : in),
			    "in: %d -> %d", (int)in, (int)to_in);
		}
	stream_free(s);
}

/* The end that was first stands. */
static void
test_first_end(void)
{
	struct stream_conf conf = { .block = 4096, .deadline = on_deadline };
	struct stream *s = stream_alone(PEER, "s", 1, &conf, on_notify, NULL);

	must(s != NULL);
	notified = 0;
	stream_break(s, "cut");
	stream_refused(s, SE_BUSY, "too late");
	stream_starve(s);
	stream_abort(s, SE_BUSY);
	is_int(stream_state(s), STREAM_FAILED, "broken");
	is_int(stream_fault(s), STREAM_BROKEN, "and so it stays");
	is(stream_why(s), "cut", "for the first reason");
	is_int(stream_refusal(s), SE_NONE, "no refusal becomes its cause");
	is_int(notified, 1, "told once");
	stream_free(s);
}

static void
test_trace(void)
{
	struct ibb_host host = { .allowed = on_allowed, .trace = on_trace };
	struct stream_conf conf = {
		.block = 4096, .deadline = on_deadline, .sid = "0123456789"
	};
	struct iq_table *iqs = iq_new(post, NULL);
	struct dispatch *d = dispatch_new();
	struct ibb *b;
	struct stream *s;

	must(d != NULL && iqs != NULL && iq_setjid(iqs, US) == 0);
	must((b = ibb_new(iqs, d, &host)) != NULL);
	conf.iqs = iqs;
	must((s = stream_call(b, PEER, &conf, on_notify, NULL)) != NULL);
	lines[0] = '\0';
	stream_finish(s);
	stream_break(s, "cut");
	is(lines, "stream 01234567: ends: out: open -> finished\n"
	    "stream 01234567: opening -> ended\n"
	    "stream 01234567: ends: opening -> failed\n", "lines for -v");
	stream_free(s);
	ibb_free(b);
	dispatch_free(d);
	iq_free(iqs);
}

int
main(void)
{
	test_moves();
	test_halves();
	test_first_end();
	test_trace();
	return tap_done();
}

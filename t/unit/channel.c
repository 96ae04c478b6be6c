/*
 * Unit tests of net/channel: a stream and its local end, joined; patience; the
 * states and which moves there are between them; what a file is asked; and the
 * fault that each end of a channel is.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/call.h"
#include "net/channel/channel_int.h"
#include "net/channel/linger.h"
#include "net/io/log.h"
#include "t/lib/channels.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "xml/iq.h"

/* The peer: an engine, and the stream that we have opened to it. */
static struct side	 peer;
static struct stream	*far;
static int		 refusing;

static void
far_offered(void *arg, struct inband *offer, const struct elem *open)
{
	struct stream_conf	 conf = {
		.block = INBAND_BLOCK_MAX,
		.deadline = on_deadline,
		.iqs = peer.iqs,
	};

	(void)arg;
	if (refusing) {
		inband_refuse(offer, SE_BUSY, NULL);
		return;
	}
	far = stream_offered(offer, open, &conf, on_ignored, NULL);
	must(far != NULL && stream_accept(far) == 0);
}

static void
begin(enum mode mode)
{
	struct ibb_host	 host = { .allowed = on_allowed, .offer = far_offered };

	run_begin(mode, 0);
	side_init(&peer, PEER);
	side_host(&peer, &host);
	far = NULL;
	refusing = 0;
}

static void
end(void)
{
	run_end();
	stream_free(far);
	side_free(&peer);
}

/* Until nothing more happens: stanzas are delivered, and the loop turns. */
static void
settle(void)
{
	int	 i;

	for (i = 0; i < 6; i++) {
		pump(&us, &peer);
		run_turn();
	}
}

/* A channel with a stream that stands, joined to nothing yet. */
static struct channel *
stand(enum mode mode)
{
	struct channel	*ch;

	begin(mode);
	must((ch = channel_new(&app)) != NULL);
	must(call_open(ch, NULL, NULL) == 0);
	pump(&us, &peer);
	must(stream_state(ch->stream) == STREAM_OPEN);
	return ch;
}

static int
far_got(const char *want)
{
	const unsigned char	*data;
	size_t			 len;

	data = stream_data(far, &len);
	return len == strlen(want) && memcmp(data, want, len) == 0;
}

static void
far_says(const char *s)
{
	must(stream_write(far, s, strlen(s)) == 0);
	settle();
}

static int
said_that(const char *words)
{
	const char	*all = run_words();

	return ok(strstr(all, words) != NULL, "it says: %s", words) ? 1 :
	    (fprintf(stderr, "# %s\n", all), 0);
}

/*
 * Joining
 */

static void
test_joined(void)
{
	struct channel	*ch = stand(MODE_CALL);
	struct pipe	 in = pipe_in(), out = pipe_out();

	is_int(ch->told, CHANNEL_UNTOLD, "nothing has been said");
	channel_join(ch, in.theirs, out.theirs);
	settle();
	is_int(ch->told, CHANNEL_GREETED, "greeted when it stands");
	must(write(in.ours, "hello", 5) == 5);
	settle();
	ok(far_got("hello"), "what is read goes to the peer");
	is_int((long long)stream_confirmed(ch->stream), 0,
	    "and is not confirmed before the peer has taken it");
	stream_consume(far, 5);
	settle();
	is_int((long long)stream_confirmed(ch->stream), 5, "then it is");
	far_says("world");
	is(pipe_got(&out), "world", "what comes is written");
	is_int((long long)stream_confirmed(far), 5, "which confirms it");
	close(in.ours);
	settle();
	is_int((long long)app.nchannels, 1, "the end of input is not the end");
	stream_finish(far);
	stream_close_at_end(far);
	settle();
	is_int((long long)app.nchannels, 0, "the close of the peer is");
	must(fcntl(out.ours, F_SETFL, 0) == 0);
	is(pipe_got(&out), "", "and the output has ended");
	close(out.ours);
	if (linger_is_on(&app))
		run_fire(&app.lingering);
	ok(app.ending, "the run ends");
	is_int(app.fault, FAULT_NONE, "without a fault");
	end();
}

static void
test_unjoined(void)
{
	struct channel	*ch = stand(MODE_CALL);

	errno = EMFILE;
	channel_join(ch, -1, -1);
	is_int(ch->unjoined, EMFILE, "there is no end");
	settle();
	said_that("it cannot be joined to anything here");
	ok(app.ending && app.fault == FAULT_LOCAL, "a fault of this side");
	is_int(stream_state(far), STREAM_FAILED, "which the peer hears of");
	end();
}

/* The reader of the output goes away. */
static void
end_breaks(enum mode mode, const struct channel_file_ops *ops,
    const char *words)
{
	struct channel	*ch = stand(mode);
	struct pipe	 in = pipe_in(), out = pipe_out();

	if (ops != NULL)
		channel_attach(ch, ops, ch);
	channel_join(ch, in.theirs, out.theirs);
	settle();
	close(out.ours);
	run_words();
	far_says("x");
	said_that(words);
	is_int((long long)app.nchannels, 0, "the channel is no more");
	if (mode == MODE_CALL)
		is_int(app.fault, FAULT_LOCAL, "a fault of this side");
	else
		ok(!app.ending, "and the run goes on");
	close(in.ours);
	end();
}

static int
yes(void *file)
{
	(void)file;
	return 1;
}

static void
test_broken_end(void)
{
	static const struct channel_file_ops	 apart = { .apart = yes };

	end_breaks(MODE_CALL, NULL, "writing to standard output: Broken pipe");
	end_breaks(MODE_FORWARD, NULL, "writing to the local end: Broken pipe");
	end_breaks(MODE_CALL, &apart, "writing to the file: Broken pipe");
}

/* A channel that has changed is looked at once in a turn. */
static void
test_changes(void)
{
	struct channel	*ch = stand(MODE_CALL);

	settle();
	ok(TAILQ_EMPTY(&app.changed), "nothing has changed");
	channel_changed(ch);
	channel_changed(ch);
	ok(TAILQ_FIRST(&app.changed) == ch && TAILQ_NEXT(ch, change) == NULL,
	    "it is once in the list");
	run_turn();
	ok(TAILQ_EMPTY(&app.changed), "it has been looked at");
	channel_changed(ch);
	channel_free(ch);
	ok(TAILQ_EMPTY(&app.changed), "what is freed is not looked at");
	is_int((long long)app.nchannels, 0, "and not counted");
	end();
}

/*
 * Patience
 */

static void
test_server_away(void)
{
	static const int	 pauses[] = { 1000, 2000, 4000, 5000, 5000 };
	struct channel		*ch = stand(MODE_CALL);
	size_t			 i;

	settle();
	is_int(ch->waits, CHANNEL_PRESENT, "all are there");
	app_set_server(&app, APP_SERVER_AWAY);
	channels_away(&app);
	is_int(ch->waits, CHANNEL_WAITING, "the server is away");
	is_int((long long)ch->pause, 500, "look in half a second");
	for (i = 0; i < N(pauses); i++) {
		run_fire(&ch->silence);
		is_int((long long)ch->pause, pauses[i], "then in %d ms",
		    pauses[i]);
	}
	ok(STAILQ_EMPTY(&us.out), "nothing is sent meanwhile");
	app_set_server(&app, APP_SERVER_UP);
	channels_back(&app);
	is_int(ch->waits, CHANNEL_PRESENT, "it is back");
	is_int((long long)app.nchannels, 1, "and the stream stands");
	app_set_server(&app, APP_SERVER_AWAY);
	channels_away(&app);
	ch->since -= app_patience(&app) - 1000;
	run_fire(&ch->silence);
	is_int(stream_state(ch->stream), STREAM_OPEN, "it is waited for");
	ch->since -= 1000;
	run_fire(&ch->silence);
	is_int(stream_state(ch->stream), STREAM_FAILED, "for so long");
	settle();
	said_that("no way back in 120 s");
	is_int(app.fault, FAULT_BROKEN, "then the stream is broken");
	end();
}

static void
drop(struct side *side)
{
	drop_letters(side);
}

/* An xcat that does not answer is waited for. */
static void
test_peer_away(void)
{
	struct channel	*ch = stand(MODE_CALL);

	settle();
	run_fire(&ch->silence);		/* what was heard so far is news */
	drop(&us);
	run_fire(&ch->silence);
	ok(!STAILQ_EMPTY(&us.out), "a silent peer is asked");
	drop(&us);
	run_turn();
	channel_wait(ch);
	is_int(ch->waits, stream_waits(ch->stream) ? CHANNEL_WAITING :
	    CHANNEL_PRESENT, "and waited for if it is an xcat");
	end();
}

static void
test_timeout(void)
{
	struct channel	*ch;

	begin(MODE_CALL);
	is_int((long long)app_patience(&app), 120000, "two minutes");
	app.conf.timeout = 5;
	is_int((long long)app_patience(&app), 5000, "or -w");
	ok(app_deadline(&app) <= clock_ms() + 5000, "for answers, too");
	end();

	ch = stand(MODE_CALL);
	settle();
	channel_tick(ch);
	ok(!ch->timer.on, "no -w, no limit");
	app.conf.timeout = 5;
	channel_tick(ch);
	run_fire(&ch->timer);
	said_that("nothing moved for 5 s");
	is_int(app.fault, FAULT_TIME, "a time limit passed");
	end();

	ch = stand(MODE_CALL);
	settle();
	app.conf.timeout = 5;
	channel_tick(ch);
	app_set_server(&app, APP_SERVER_AWAY);
	channels_away(&app);
	run_fire(&ch->timer);
	is_int((long long)app.nchannels, 1, "while the server is away");
	settle();
	said_that("no way back in 5 s");
	is_int(app.fault, FAULT_BROKEN, "it is the server's");
	end();
}

/* What came before a failure is written, if the local end takes it. */
static void
test_doomed(void)
{
	struct channel	*ch = stand(MODE_FORWARD);
	struct pipe	 in = pipe_in(), out = pipe_out();
	char		 full[4096];

	memset(full, 'x', sizeof(full));
	must(fcntl(out.theirs, F_SETFL, O_NONBLOCK) == 0);
	while (write(out.theirs, full, sizeof(full)) > 0)
		;
	channel_join(ch, in.theirs, out.theirs);
	settle();
	far_says("last words");
	stream_break(ch->stream, "cut");
	settle();
	is_int((long long)app.nchannels, 1, "the failure waits for the end");
	run_fire(&ch->silence);
	is_int(ch->waits, CHANNEL_DOOMED, "until the second look");
	settle();
	is_int(ch->waits, CHANNEL_DOOMED, "which no wait takes back");
	run_fire(&ch->silence);
	is_int((long long)app.nchannels, 0, "and no longer");
	said_that("cut");
	close(in.ours);
	close(out.ours);
	end();
}

/*
 * States
 */

static void
test_turns(void)
{
	/* Each line: from this state; a + for each that can follow. */
	static const char *const moves[] = {
		"-+---", "--+-+", "---++", "----+", "-----"
	};
	struct channel		*ch;
	enum channel_turn	 from, to;

	begin(MODE_CALL);
	must((ch = channel_new(&app)) != NULL);
	is_int(ch->turn, CHANNEL_OURS, "it begins as ours");
	for (from = CHANNEL_OURS; from <= CHANNEL_TAKEN; from++)
		for (to = CHANNEL_OURS; to <= CHANNEL_TAKEN; to++) {
			ch->turn = from;
			channel_set_turn(ch, to);
			ok(ch->turn == (moves[from][to] == '+' ? to : from),
			    "turn %d -> %d", (int)from, (int)to);
		}
	said_that("cannot become");
	end();
}

static void
test_waits(void)
{
	static const char *const moves[] = {
		"-+-++", "+-+++", "+--+-", "-----", "+----"
	};
	struct channel		*ch;
	enum channel_waits	 from, to;

	begin(MODE_CALL);
	must((ch = channel_new(&app)) != NULL);
	for (from = CHANNEL_PRESENT; from <= CHANNEL_ABSENT; from++)
		for (to = CHANNEL_PRESENT; to <= CHANNEL_ABSENT; to++) {
			ch->waits = from;
			channel_set_waits(ch, to);
			ok(ch->waits == (moves[from][to] == '+' ? to : from),
			    "waits %d -> %d", (int)from, (int)to);
		}
	end();
}

static void
test_tellings(void)
{
	static const char *const moves[] = { "-+--", "+-+-", "---+", "----" };
	struct channel		*ch;
	enum channel_told	 from, to;

	begin(MODE_CALL);
	must((ch = channel_new(&app)) != NULL);
	for (from = CHANNEL_UNTOLD; from <= CHANNEL_TOLD; from++)
		for (to = CHANNEL_UNTOLD; to <= CHANNEL_TOLD; to++) {
			ch->told = from;
			channel_set_told(ch, to);
			ok(ch->told == (moves[from][to] == '+' ? to : from),
			    "told %d -> %d", (int)from, (int)to);
		}
	end();
}

static void
test_trace(void)
{
	struct channel	*ch = stand(MODE_CALL);

	log_set_level(LOG_TRACE);
	channel_set_waits(ch, CHANNEL_WAITING);
	log_set_level(LOG_EVENT);
	said_that(PEER ": present -> waiting");
	channel_set_waits(ch, CHANNEL_PRESENT);
	is(run_words(), "", "with -vv only");
	end();
}

/*
 * Files
 */

static struct file {
	struct channel	*ch;
	size_t		 left, allowed, wrote, took;
	int		 ended, checked, fails, left_alone, declined, told;
	int		 complete, gone, takes_over;
	enum fault	 fault;
} f;

static size_t
file_room(void *file, size_t room)
{
	must(file == &f);
	return room < f.left ? room : f.left;
}

static void
file_wrote(void *file, size_t len)
{
	must(file == &f);
	f.left -= len;
	f.wrote += len;
}

static void
file_ended(void *file)
{
	must(file == &f);
	f.ended++;
}

static size_t
file_limit(void *file, size_t len)
{
	must(file == &f);
	return len < f.allowed ? len : f.allowed;
}

static void
file_took(void *file, const void *data, size_t len)
{
	must(file == &f);
	ok(memcmp(data, &"world"[f.took], len) == 0, "it sees what comes");
	f.took += len;
	f.allowed -= len;
	stream_consume(f.ch->stream, len);
}

static int
file_check(void *file)
{
	must(file == &f);
	f.checked++;
	if (f.gone)
		channel_free(f.ch);
	return f.gone;
}

static int
file_complete(void *file)
{
	must(file == &f);
	return f.complete;
}

static void
file_fails(void *file)
{
	must(file == &f);
	f.fails++;
}

static int
file_told(void *file)
{
	must(file == &f);
	return f.told;
}

static int
file_declined(void *file)
{
	must(file == &f);
	return f.declined;
}

static const char *
file_before(void *file)
{
	must(file == &f);
	return "a.txt: ";
}

static const char *
file_behind(void *file)
{
	must(file == &f);
	return "; kept";
}

static int
file_over(void *file, enum fault fault)
{
	must(file == &f);
	f.fault = fault;
	if (f.takes_over) {
		channel_detach(f.ch);
		channel_free(f.ch);
	}
	return f.takes_over;
}

static void
file_left(void *file)
{
	must(file == &f);
	f.left_alone++;
}

static const struct channel_file_ops file_ops = {
	.room = file_room,
	.wrote = file_wrote,
	.ended = file_ended,
	.limit = file_limit,
	.took = file_took,
	.check = file_check,
	.complete = file_complete,
	.fails = file_fails,
	.told = file_told,
	.declined = file_declined,
	.before = file_before,
	.behind = file_behind,
	.over = file_over,
	.left = file_left,
};

static struct channel *
stand_with_file(enum mode mode)
{
	struct channel	*ch = stand(mode);

	memset(&f, 0, sizeof(f));
	f.ch = ch;
	channel_attach(ch, &file_ops, &f);
	return ch;
}

static void
test_file_bytes(void)
{
	struct channel	*ch = stand_with_file(MODE_CALL);
	struct pipe	 in = pipe_in(), out = pipe_out();

	channel_join(ch, in.theirs, out.theirs);
	must(write(in.ours, "hello", 5) == 5);
	settle();
	ok(far_got("") && f.wrote == 0, "a file that has no room is not read");
	f.left = 3;
	settle();
	ok(far_got("hel") && f.wrote == 3, "no more than there is room for");
	far_says("world");
	is(pipe_got(&out), "", "what it does not want is not written");
	f.allowed = 2;
	channel_changed(ch);
	settle();
	is(pipe_got(&out), "wo", "what it wants is");
	is_int((long long)f.took, 2, "and it is told");
	f.left = 100;
	settle();
	close(in.ours);
	settle();
	is_int(f.ended, 1, "it is told of the end of input");
	ok(stream_room(ch->stream) > 0, "which is not the stream's");
	ok(far_got("hello"), "behind all of it");
	f.complete = 1;
	run_fire(&ch->silence);
	settle();
	is_int((long long)stream_room(ch->stream), 0,
	    "when it is complete, the stream is finished");
	close(out.ours);
	end();
	is_int(f.left_alone, 1, "it hears that the channel goes");
}

static void
test_file_check(void)
{
	struct channel	*ch = stand_with_file(MODE_CALL);
	int		 before;

	settle();
	before = f.checked;
	channel_changed(ch);
	run_turn();
	is_int(f.checked, before + 1, "a change is for the file to see");
	f.gone = 1;
	channel_changed(ch);
	run_turn();
	is_int((long long)app.nchannels, 0, "it may free the channel");
	ok(!app.ending, "which says nothing of the run");
	end();
}

static void
test_file_fails(void)
{
	struct channel	*ch = stand_with_file(MODE_CALL);

	settle();
	channel_failed(ch, FAULT_BROKEN, "it broke");
	said_that(PEER ": a.txt: it broke; 0 bytes confirmed; kept");
	is_int(f.fails, 1, "it hears before that is said");
	is_int(f.fault, FAULT_BROKEN, "and what the fault is");
	ok(app.ending && app.fault == FAULT_BROKEN, "the run ends with it");
	end();

	ch = stand_with_file(MODE_CALL);
	settle();
	f.told = f.takes_over = 1;
	channel_failed(ch, FAULT_BROKEN, "it broke");
	is(run_words(), "", "what has been told is not told again");
	ok(!app.ending && app.nchannels == 0, "it may go on with another");
	end();

	ch = stand_with_file(MODE_CALL);
	settle();
	f.declined = 1;
	channel_failed(ch, FAULT_BROKEN, "it broke");
	ok(!app.ending && app.nchannels == 0, "to decline is no end");
	end();
}

static void
test_no_file(void)
{
	static const struct channel_file_ops none;
	struct channel	*ch = stand(MODE_CALL);

	ok(ch->file == NULL && !channel_is_apart(ch), "at first there is none");
	channel_attach(ch, &none, &f);
	is_int((long long)channel_file_room(ch, 7), 7, "all may be read");
	is_int((long long)channel_file_limit(ch, 7), 7, "and written");
	ok(!channel_file_check(ch) && !channel_file_complete(ch) &&
	    !channel_file_told(ch) && !channel_file_declined(ch) &&
	    !channel_file_more(ch) && !channel_file_over(ch, FAULT_NONE) &&
	    !channel_is_apart(ch), "and nothing is so");
	is(channel_file_before(ch), "", "nor said");
	is(channel_file_behind(ch), "", "before and behind");
	channel_file_ended(ch);
	is_int((long long)stream_room(ch->stream), 0,
	    "the end is the stream's");
	far_says("abc");
	channel_file_took(ch, 2);
	settle();
	is_int((long long)stream_confirmed(far), 0, "as are bytes that come");
	channel_file_took(ch, 1);
	settle();
	is_int((long long)stream_confirmed(far), 3, "all of a block");
	channel_detach(ch);
	ok(ch->file == NULL, "detached");
	end();
}

/*
 * Faults
 */

static void
test_refused(void)
{
	struct channel	*ch;

	begin(MODE_CALL);
	refusing = 1;
	must((ch = channel_new(&app)) != NULL);
	must(call_open(ch, NULL, NULL) == 0);
	settle();
	ok(app.ending && app.fault == FAULT_PEER, "a peer that refuses");
	said_that("busy");
	end();
}

static void
test_unanswered(void)
{
	struct channel	*ch;

	begin(MODE_CALL);
	must((ch = channel_new(&app)) != NULL);
	must(call_open(ch, NULL, NULL) == 0);
	drop(&us);
	iq_expire(us.iqs, app_deadline(&app) + 1);
	settle();
	ok(app.ending && app.fault == FAULT_TIME, "a peer that says nothing");
	end();
}

static void
test_broken(void)
{
	struct channel	*ch = stand(MODE_CALL);

	settle();
	stream_break(ch->stream, "cut");
	settle();
	ok(app.ending && app.fault == FAULT_BROKEN, "a stream that breaks");
	said_that("cut; 0 bytes confirmed");
	end();

	ch = stand(MODE_CALL);
	settle();
	stream_starve(ch->stream);
	settle();
	ok(app.ending && app.fault == FAULT_LOCAL, "no memory");
	end();
}

static void
test_lost(void)
{
	struct channel	*ch;

	begin(MODE_CALL);
	must((ch = channel_new(&app)) != NULL);
	must(call_open(ch, NULL, NULL) == 0);
	drop(&us);
	app_set_server(&app, APP_SERVER_LOST);
	channels_break(&app, "the server is gone");
	settle();
	ok(app.ending && app.fault == FAULT_SERVER,
	    "before the stream begins, it is the server's fault");
	said_that("the server is gone");
	end();

	ch = stand(MODE_CALL);
	app_set_server(&app, APP_SERVER_LOST);
	channels_break(&app, "the server is gone");
	is_int(ch->told, CHANNEL_GREETED, "a stream that has just opened");
	settle();
	ok(app.ending && app.fault == FAULT_BROKEN, "was lost");
	end();
}

/* The peer may ask how the stream ended. */
static void
test_linger(void)
{
	begin(MODE_CALL);
	linger_finish(&app, FAULT_BROKEN);
	ok(app.ending && app.fault == FAULT_BROKEN, "nobody asks after that");
	end();

	begin(MODE_CALL);
	linger_finish(&app, FAULT_NONE);
	ok(app.ending && !linger_is_on(&app), "nor where nothing was");
	end();

	begin(MODE_CALL);
	app.signo = SIGTERM;
	linger_finish(&app, FAULT_NONE);
	is_int(app.fault, FAULT_SIGNAL, "a signal is told");
	end();
}

static void
test_server(void)
{
	begin(MODE_CALL);
	is_int(app.server, APP_SERVER_UP, "the server is there at first");
	app_set_server(&app, APP_SERVER_AWAY);
	is_int(app.server, APP_SERVER_AWAY, "it goes");
	app_set_server(&app, APP_SERVER_UP);
	is_int(app.server, APP_SERVER_UP, "it is back");
	app_set_server(&app, APP_SERVER_LOST);
	app_set_server(&app, APP_SERVER_AWAY);
	is_int(app.server, APP_SERVER_LOST, "it is lost, and not away then");
	said_that("lost cannot become away");
	app_set_server(&app, APP_SERVER_UP);
	is_int(app.server, APP_SERVER_UP, "a new session is another one");
	end();
}

static void
test_app(void)
{
	begin(MODE_CALL);
	is_int(app_fail(&app, FAULT_USE, "first"), -1, "a failure");
	app_fail(&app, FAULT_TIME, "second");
	is_int(app.fault, FAULT_USE, "the first one counts");
	ok(strstr(run_words(), "second") == NULL, "and is all that is said");
	is_int(fault_blame("x: out of memory"), FAULT_LOCAL, "memory");
	is_int(fault_blame("x: no such option"), FAULT_USE, "use");
	is_int(fault_blame("out of memory: no such file"), FAULT_USE,
	    "a file of that name");
	end();
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	test_joined();
	test_unjoined();
	test_broken_end();
	test_changes();
	test_server_away();
	test_peer_away();
	test_timeout();
	test_doomed();
	test_turns();
	test_waits();
	test_tellings();
	test_trace();
	test_file_bytes();
	test_file_check();
	test_file_fails();
	test_no_file();
	test_refused();
	test_unanswered();
	test_broken();
	test_lost();
	test_linger();
	test_server();
	test_app();
	return tap_done();
}

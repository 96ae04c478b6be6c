/*
 * Unit tests of streams that begin with data (ibb/stream_early.c): a caller
 * and a listener that have met, and the stanzas between them, which the test
 * delivers, loses and forges.
 */
#include <stdlib.h>
#include <string.h>

#include "ibb/carrier.h"
#include "ibb/dispatch.h"
#include "ibb/e2e.h"
#include "ibb/stream.h"
#include "ibb/warm.h"
#include "t/lib/engine.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "t/lib/tls_context.h"
#include "xml/iq.h"

#define FIRST	"the first bytes"
#define LARGE	6000		/* bytes: more than a block */

static struct side	 us, them;
static struct stream	*ours, *theirs;
static struct warm	*our_warm, *their_warm;
static SSL_CTX		*our_tls, *their_tls;
static enum { AT_ONCE, LATER, NEVER } accepts;	/* the listener */
static size_t		 their_block;
static char		 got[65536];		/* what the listener has */
static size_t		 ngot;

static int64_t
on_now(void)
{
	return 0;
}

static void
on_notify(void *arg)
{
	(void)arg;
}

static struct stream_conf
conf_of(struct side *s)
{
	return (struct stream_conf){
		.block = s == &us ? 4096 : their_block, .deadline = on_deadline,
		.tls = s == &us ? our_tls : their_tls, .require = 1,
		.warm = s == &us ? our_warm : their_warm, .judge = on_judged,
		.iqs = s->iqs
	};
}

static void
on_offer(void *arg, struct inband *offer, const struct elem *open)
{
	struct stream_conf	 conf = conf_of(&them);

	(void)arg;
	if (accepts == NEVER) {
		inband_refuse(offer, SE_SERVICE_UNAVAILABLE, NULL);
		return;
	}
	theirs = stream_offered(offer, open, &conf, on_notify, NULL);
	if (theirs != NULL && accepts == AT_ONCE)
		must(stream_accept(theirs) == 0);
}

/* Their side, once again from nothing. */
static void
begin_them(void)
{
	struct ibb_host	 host = {
		.allowed = on_allowed, .offer = on_offer, .arg = &them
	};

	side_init(&them, PEER);
	side_host(&them, &host);
	must((their_warm = warm_new(on_now)) != NULL);
}

static void
end_them(void)
{
	stream_free(theirs);
	theirs = NULL;
	warm_free(their_warm);
	side_free(&them);
}

static void
call(void)
{
	struct stream_conf	 conf = conf_of(&us);

	ours = stream_call(us.ibb, PEER, &conf, on_notify, NULL);
	must(ours != NULL);
}

static void
drop_streams(void)
{
	stream_free(ours);
	stream_free(theirs);
	ours = theirs = NULL;
	drop_letters(&us);
	drop_letters(&them);
	ngot = 0;
}

static void
say(struct stream *s, const char *data, size_t len)
{
	must(stream_room(s) >= len && stream_write(s, data, len) == 0);
}

/* The listener's local end takes what has come. */
static void
take(void)
{
	const unsigned char	*p;
	size_t			 len;

	if (theirs == NULL || stream_state(theirs) == STREAM_OFFERED)
		return;
	p = stream_data(theirs, &len);
	must(ngot + len <= sizeof(got));
	memcpy(got + ngot, p, len);
	ngot += len;
	stream_consume(theirs, len);
}

/* What we have sent, and nothing that is sent in answer to an answer. */
static void
there(void)
{
	while (!STAILQ_EMPTY(&us.out))
		deliver(&us, &them);
	take();
}

static void
back(void)
{
	while (!STAILQ_EMPTY(&them.out))
		deliver(&them, &us);
}

static void
all(void)
{
	int	 i;

	for (i = 0; i < 20; i++) {
		there();
		back();
	}
}

static int
has(const char *data, size_t len)
{
	return ngot == len && memcmp(got, data, len) == 0;
}

/* Both have had a session. */
static void
begin(void)
{
	accepts = AT_ONCE;
	their_block = 4096;
	side_init(&us, US);
	must((our_warm = warm_new(on_now)) != NULL);
	begin_them();
	call();
	must(stream_room(ours) == 0);
	all();
	must(stream_state(ours) == STREAM_OPEN);
	must(stream_state(theirs) == STREAM_OPEN);
	drop_streams();
}

static void
end(void)
{
	drop_streams();
	end_them();
	warm_free(our_warm);
	side_free(&us);
}

/* It goes on after that, and comes to its end. */
static void
goes_on(const char *what)
{
	size_t	 len;

	all();
	is_int((long long)stream_confirmed(ours),
	    (long long)stream_sent(ours), "%s: all is confirmed", what);
	ngot = 0;
	say(ours, "more", 4);
	stream_data(ours, &len);
	stream_consume(ours, len);
	stream_finish(ours);
	stream_finish(theirs);
	all();
	ok(has("more", 4), "%s: more comes", what);
	ok(stream_state(ours) == STREAM_CLOSED &&
	    stream_state(theirs) == STREAM_CLOSED, "%s: and the end", what);
	end();
}

/* --- as it is to be ------------------------------------------------------- */

static void
test_one_trip(void)
{
	begin();
	call();
	is_int((long long)stream_room(ours), E2E_EARLY_MOST, "room at once");
	say(ours, FIRST, sizeof(FIRST));
	there();
	ok(has(FIRST, sizeof(FIRST)), "the first bytes are there");
	ok(stream_state(theirs) == STREAM_OPEN && stream_key(theirs) != NULL,
	    "and the listener knows the key");
	say(theirs, "reply", 5);
	back();
	is_int((long long)stream_confirmed(ours), sizeof(FIRST),
	    "one round trip: they are confirmed");
	is_int((long long)stream_received(ours), 5, "and there is a reply");
	goes_on("one trip");
}

/* The service takes its time; its end comes before the caller's handshake. */
static void
test_later(void)
{
	begin();
	accepts = LATER;
	call();
	say(ours, FIRST, sizeof(FIRST));
	there();
	ok(STAILQ_EMPTY(&them.out) && ngot == 0,
	    "nothing is answered before the stream is accepted");
	must(stream_accept(theirs) == 0);
	take();
	say(theirs, "reply", 5);
	stream_finish(theirs);
	back();
	ok(has(FIRST, sizeof(FIRST)) && stream_confirmed(ours) ==
	    sizeof(FIRST) && stream_received(ours) == 5, "then all is");
	stream_finish(ours);
	all();
	ok(stream_heard_end(ours) && stream_state(theirs) != STREAM_FAILED,
	    "the end waits for the handshake");
	end();
}

/* --- the listener does not know the key ----------------------------------- */

static void
test_unknown(void)
{
	static const char	 large[LARGE];
	const char		*data;
	size_t			 i, len;
	char			 what[32];

	for (i = 0; i < 4; i++) {
		snprintf(what, sizeof(what), "unknown %zu", i);
		data = i & 1 ? large : FIRST;
		len = i & 1 ? sizeof(large) : sizeof(FIRST);
		begin();
		warm_free(their_warm);
		must((their_warm = warm_new(on_now)) != NULL);
		accepts = i & 2 ? LATER : AT_ONCE;
		call();
		say(ours, data, len);
		there();
		if (accepts == LATER)
			must(stream_accept(theirs) == 0);
		back();
		ok(ngot == 0 && stream_confirmed(ours) == 0,
		    "%s: nothing is read, or taken for read", what);
		there();
		back();
		ok(has(data, len), "%s: it comes once", what);
		goes_on(what);
	}
}

/* --- it wants smaller blocks, or nothing ---------------------------------- */

static void
test_smaller(void)
{
	static const char	 large[LARGE];

	begin();
	their_block = 1000;
	call();
	say(ours, large, sizeof(large));
	all();
	ok(has(large, sizeof(large)), "smaller blocks: all comes once");
	goes_on("smaller blocks");
}

/* A stream with first data is refused; the next one will be accepted. */
static void
be_refused(void)
{
	begin();
	accepts = NEVER;
	call();
	say(ours, FIRST, sizeof(FIRST));
	there();
	back();
	accepts = AT_ONCE;
}

/* The next stream, which has what the last one was given. */
static void
call_again(void)
{
	struct stream	*old = ours;

	call();
	stream_take_over(ours, old);
	stream_free(old);
}

static void
test_refused(void)
{
	be_refused();
	ok(stream_state(ours) == STREAM_FAILED &&
	    stream_fault(ours) == STREAM_REFUSED &&
	    stream_refusal(ours) == SE_SERVICE_UNAVAILABLE, "refused");
	call_again();
	there();
	ok(has(FIRST, sizeof(FIRST)), "the next one has what that was given");
	back();
	goes_on("the next one");
}

/* The next one has nothing by which to say it early. */
static void
test_refused_later(void)
{
	be_refused();
	warm_free(our_warm);
	must((our_warm = warm_new(on_now)) != NULL);
	call_again();
	is_int((long long)stream_room(ours), 0, "no room before that");
	there();
	is_int((long long)ngot, 0, "nothing is said early");
	all();
	ok(has(FIRST, sizeof(FIRST)), "but then");
	goes_on("later");
}

/* --- losses --------------------------------------------------------------- */

static void
test_lost(void)
{
	begin();
	call();
	say(ours, FIRST, sizeof(FIRST));
	drop_letters(&us);
	ibb_back(us.ibb, 0);
	all();
	ok(has(FIRST, sizeof(FIRST)), "a lost <open/>: all comes once");
	goes_on("a lost <open/>");
	begin();
	call();
	say(ours, FIRST, sizeof(FIRST));
	there();
	drop_letters(&them);
	ibb_back(us.ibb, 0);
	all();
	ok(has(FIRST, sizeof(FIRST)), "a lost answer: all comes once");
	goes_on("a lost answer");
	begin();
	call();
	say(ours, FIRST, sizeof(FIRST));
	deliver(&us, &them);
	drop_letters(&us);
	back();
	ibb_back(us.ibb, 0);
	all();
	ok(has(FIRST, sizeof(FIRST)), "lost data: they come again");
	goes_on("lost data");
}

/* A listener may have used the bytes, and is no more. */
static void
test_doubtful(void)
{
	begin();
	call();
	say(ours, FIRST, sizeof(FIRST));
	there();
	drop_letters(&them);
	end_them();
	begin_them();
	ngot = 0;
	ibb_back(us.ibb, 0);
	all();
	ok(ngot == 0 && stream_fault(ours) == STREAM_BROKEN,
	    "what may have been used is not given to another listener");
	end();
	begin();
	call();
	there();
	drop_letters(&them);
	end_them();
	begin_them();
	ibb_back(us.ibb, 0);
	all();
	say(ours, FIRST, sizeof(FIRST));
	all();
	ok(has(FIRST, sizeof(FIRST)), "where nothing was said, it goes on");
	goes_on("no doubt");
}

/* Their bytes come before the answer that was lost. */
static void
test_ahead(void)
{
	begin();
	call();
	there();
	drop_letters(&them);
	say(theirs, "reply", 5);
	back();
	ok(stream_state(ours) == STREAM_OPENING && stream_received(ours) == 0,
	    "bytes of a stream that is not open yet are not taken");
	there();
	ok(stream_waits(theirs), "their sender waits");
	ibb_back(us.ibb, 0);
	all();
	stream_ping(theirs);
	all();
	is_int((long long)stream_received(ours), 5, "and sends them again");
	goes_on("ahead");
}

/* --- attacks -------------------------------------------------------------- */

/* A server answers what the listener has not. */
static void
test_forged(void)
{
	const char	*xml;

	begin();
	call();
	say(ours, FIRST, sizeof(FIRST));
	deliver(&us, &them);
	(void)said(&us);
	must(result(&us));
	is_int((long long)stream_confirmed(ours), 0,
	    "no answer counts before that to the <open/>");
	drop_letters(&them);
	xml = format("<iq type='result' id='%s'/>", stream_sid(ours));
	(void)hear(&us, PEER, xml);
	ok(stream_state(ours) == STREAM_FAILED &&
	    stream_confirmed(ours) == 0, "nor is a session left out");
	end();
}

/* It repeats the <open/> and the data behind it, behind their stream. */
static void
test_repeated(void)
{
	char	*letters[2];
	int	 i;

	begin();
	call();
	say(ours, FIRST, sizeof(FIRST));
	for (i = 0; i < 2; i++)
		must((letters[i] = next_letter(&us)) != NULL);
	for (i = 0; i < 2; i++)
		(void)hear(&them, US, letters[i]);
	take();
	ok(has(FIRST, sizeof(FIRST)), "once");
	for (i = 0; i < 2; i++)
		(void)hear(&them, US, letters[i]);
	take();
	ok(has(FIRST, sizeof(FIRST)), "not twice in its stream");
	stream_free(theirs);
	theirs = NULL;
	ngot = 0;
	for (i = 0; i < 2; i++) {
		(void)hear(&them, US, letters[i]);
		free(letters[i]);
	}
	take();
	ok(theirs != NULL && ngot == 0 && stream_shakes(theirs),
	    "nor in another one");
	end();
}

int
main(void)
{
	our_tls = tls_context_new();
	their_tls = tls_context_new();
	test_one_trip();
	test_later();
	test_unknown();
	test_smaller();
	test_refused();
	test_refused_later();
	test_lost();
	test_doubtful();
	test_ahead();
	test_forged();
	test_repeated();
	SSL_CTX_free(our_tls);
	SSL_CTX_free(their_tls);
	return tap_done();
}

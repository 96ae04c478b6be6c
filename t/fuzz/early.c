/*
 * Fuzzer of streams that begin with data (ibb/stream_early, ibb/e2e_warm): a
 * caller and a listener that have met, and a server between them, which does to
 * their stanzas what the script says.  In its first line is a letter for each
 * circumstance: l the listener accepts later, b it wants small blocks, m the
 * caller sends messages.  Then, in capitals for the caller and in small letters
 * for the listener:
 *
 *	C		a call
 *	W n, w n	so many bytes are said; F, f: there are no more
 *	D, L, X n c	the oldest stanza of that side is delivered; lost; digit
 *			number n of what is in it becomes c (d, l, x)
 *	R n		the server repeats a stanza of the caller's
 *	a		all stanzas are delivered
 *	<..., >...	a stanza comes to the caller; to the listener: $ is the
 *			sid of the stream there
 *	B, b		a new login; P, p: is the other one there?
 *	O, N		the listener accepts; refuses
 *	Z, z		the stream is freed
 *	T, t		the secrets are forgotten, and the stream is freed; g:
 *			the listener is another process
 *	A n		so many seconds pass
 *
 * Whatever the server does: a listener reads the beginning of what a caller has
 * said, and no other listener reads it again; the caller reads what one
 * listener has said; and a stream that ends well has had all delivered.
 */
#include <sys/queue.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "ibb/e2e.h"
#include "ibb/inband.h"
#include "ibb/stream.h"
#include "ibb/warm.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/script.h"
#include "t/fuzz/tls.h"
#include "t/lib/engine.h"
#include "t/lib/must.h"

#define STEPS	120
#define TURNS	40
#define STREAMS	24		/* of each of the two */
#define OLD	8		/* stanzas that may be repeated */
#define MOST	65536		/* bytes that one says in a stream */
#define SECOND	INT64_C(1000000)

/* What the caller says in one stream, or in those that take its place. */
struct speech {
	size_t	 said, heard;		/* bytes */
	unsigned seed;			/* of these */
	int	 begun;			/* listeners that have read of it */
};

/* A stream of one of the two. */
struct talk {
	size_t	 speech;		/* the caller's */
	size_t	 said, heard;		/* the listener's */
	unsigned seed;
	char	 sid[INBAND_SID];
};

static struct side	 us, them;
static struct stream	*ours, *theirs;
static struct warm	*our_warm, *their_warm;
static struct speech	 speeches[STREAMS];
static struct talk	 calls[STREAMS], answers[STREAMS];
static size_t		 nspeeches, ncalls, nanswers;
static unsigned char	 got[MOST];	/* by the caller, in its stream */
static size_t		 ngot;
static char		*old[OLD];	/* stanzas of the caller's */
static size_t		 nold;
static const char	*flags;
static int		 honest;	/* the server is */
static int		 opened;	/* the caller's stream was */
static int64_t		 now;

static int
flag(char c)
{
	return strchr(flags, c) != NULL;
}

static unsigned char
byte(unsigned seed, size_t at)
{
	return (unsigned char)(seed * 37 + at * 31 + at / 251);
}

static int64_t
on_now(void)
{
	return now;
}

/*
 * Both sides
 */

static struct stream_conf
conf_of(struct side *s)
{
	return (struct stream_conf){
		.block = s == &them && flag('b') ? 700 : 4096,
		.message = s == &us && flag('m'),
		.deadline = on_deadline,
		.tls = fuzz_tls_ends(),
		.require = 1,
		.warm = s == &us ? our_warm : their_warm,
		.judge = on_judged,
		.iqs = s->iqs,
	};
}

static void
on_offer(void *arg, struct inband *offer, const struct elem *open)
{
	struct stream_conf	 conf = conf_of(&them);

	(void)arg;
	if (theirs != NULL || nanswers == STREAMS) {
		inband_refuse(offer, SE_BUSY, NULL);
		return;
	}
	theirs = stream_offered(offer, open, &conf, on_ignored, NULL);
	if (theirs == NULL)
		return;
	answers[nanswers] = (struct talk){
		.seed = STREAMS + (unsigned)nanswers,
	};
	strlcpy(answers[nanswers++].sid, stream_sid(theirs), INBAND_SID);
	if (!flag('l'))
		(void)!stream_accept(theirs);
}

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
drop(struct stream **s)
{
	stream_free(*s);
	*s = NULL;
}

static void
end_them(void)
{
	drop(&theirs);
	warm_free(their_warm);
	side_free(&them);
}

/*
 * What is heard
 */

static struct speech *
speech_of(const char *sid)
{
	size_t	 i;

	for (i = 0; i < ncalls; i++)
		if (strcmp(calls[i].sid, sid) == 0)
			return &speeches[calls[i].speech];
	return NULL;
}

static void
listener_hears(void)
{
	struct talk		*t;
	struct speech		*v;
	const unsigned char	*p;
	size_t			 i, len;

	if (theirs == NULL || stream_state(theirs) == STREAM_OFFERED)
		return;
	p = stream_data(theirs, &len);
	if (len == 0)
		return;
	t = &answers[nanswers - 1];
	v = speech_of(t->sid);
	must(v != NULL);
	must(t->heard + len <= v->said);
	must(t->heard > 0 || v->begun++ == 0);
	for (i = 0; i < len; i++)
		must(p[i] == byte(v->seed, t->heard + i));
	t->heard += len;
	if (v->heard < t->heard)
		v->heard = t->heard;
	stream_consume(theirs, len);
}

/* Is that what this listener has said? */
static int
has_said(const struct talk *t, const char *sid)
{
	size_t	 i;

	if (strcmp(t->sid, sid) != 0 || ngot > t->said)
		return 0;
	for (i = 0; i < ngot && got[i] == byte(t->seed, i); i++)
		;
	return i == ngot;
}

static void
caller_hears(void)
{
	const unsigned char	*p;
	size_t			 i, len;

	if (ours == NULL)
		return;
	p = stream_data(ours, &len);
	if (len == 0)
		return;
	must(ngot + len <= sizeof(got));
	memcpy(got + ngot, p, len);
	ngot += len;
	stream_consume(ours, len);
	for (i = 0; i < nanswers; i++)
		if (has_said(&answers[i], stream_sid(ours)))
			return;
	abort();
}

static void
check(void)
{
	const struct speech	*v;

	listener_hears();
	caller_hears();
	if (ours == NULL)
		return;
	v = &speeches[calls[ncalls - 1].speech];
	opened |= stream_state(ours) == STREAM_OPEN;
	must(stream_sent(ours) == v->said ||
	    stream_state(ours) == STREAM_FAILED);
	must(stream_confirmed(ours) <= v->said);
	must(stream_room(ours) <= E2E_EARLY_MOST ||
	    stream_state(ours) == STREAM_OPEN);
	if (stream_state(ours) == STREAM_CLOSED)
		must(v->heard == v->said && stream_confirmed(ours) == v->said);
}

/*
 * The server
 */

static void
carry(struct side *from, struct side *to)
{
	char	*xml = next_letter(from);

	if (xml == NULL)
		return;
	(void)hear(to, from->jid, xml);
	if (from == &us) {
		free(old[nold % OLD]);
		old[nold++ % OLD] = xml;
	} else {
		free(xml);
	}
	check();
}

static void
carry_all(void)
{
	int	 i;

	for (i = 0; i < TURNS; i++) {
		carry(&us, &them);
		carry(&them, &us);
	}
}

static void
repeat(size_t n)
{
	honest = 0;
	if (n < OLD && n < nold)
		(void)hear(&them, US, old[(nold - 1 - n) % OLD]);
}

/* A digit of the base64 in the oldest stanza. */
static void
change(struct side *from, char *args)
{
	static const char	 digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"
				    "ghijklmnopqrstuvwxyz0123456789+/=";
	const struct letter	*l = STAILQ_FIRST(&from->out);
	char			*p = l != NULL ? l->xml : NULL, *end;
	size_t			 at = strtoul(args, &end, 10);

	honest = 0;
	while (p != NULL && (p = strchr(p, '>')) != NULL)
		if (*++p != '<' && *p != '\0')
			break;
	while (*end == ' ')
		end++;
	if (p != NULL && *end != '\0' && strchr(digits, *end) != NULL)
		p[at % strcspn(p, "<")] = *end;
}

static void
forge(struct side *to, const char *from, const char *xml)
{
	const struct stream	*s = to == &them && theirs != NULL ? theirs :
				     ours;
	char			 text[SCRIPT_LINE];

	honest = 0;
	script_fill(text, xml, s != NULL ? stream_sid(s) : "none");
	(void)hear_text(to, from, text);
}

/*
 * The ends
 */

static void
say(struct stream *s, unsigned seed, size_t *said, size_t n)
{
	static unsigned char	 data[MOST];
	size_t			 i, room = stream_room(s);

	if (n > room)
		n = room;
	if (n > MOST - *said)
		n = MOST - *said;
	for (i = 0; i < n; i++)
		data[i] = byte(seed, *said + i);
	*said += n;
	if (n > 0 && stream_write(s, data, n) == -1)
		must(stream_state(s) == STREAM_FAILED);
}

/* As the channel has it: a stream takes the place of a stream that was refused
 * before it stood.  A server that is not honest may say so when it was not. */
static void
call(void)
{
	struct stream_conf	 conf = conf_of(&us);
	struct stream		*before = ours;
	int			 again;

	if (ncalls == STREAMS)
		return;
	again = honest && before != NULL && !opened &&
	    stream_fault(before) == STREAM_REFUSED;
	ours = stream_call(us.ibb, PEER, &conf, on_ignored, NULL);
	must(ours != NULL);
	if (again) {
		stream_take_over(ours, before);
	} else {
		speeches[nspeeches] = (struct speech){
			.seed = (unsigned)nspeeches,
		};
		nspeeches++;
	}
	strlcpy(calls[ncalls].sid, stream_sid(ours), INBAND_SID);
	calls[ncalls++].speech = nspeeches - 1;
	stream_free(before);
	ngot = 0;
	opened = 0;
}

/* What the listener does with a stream that it has. */
static void
answer(char what, size_t n)
{
	struct talk	*t;

	if (theirs == NULL)
		return;
	t = &answers[nanswers - 1];
	if (what == 'O' && stream_state(theirs) == STREAM_OFFERED) {
		(void)!stream_accept(theirs);
	} else if (what == 'N' && t->heard == 0 && t->said == 0) {
		stream_refuse(theirs, SE_SERVICE_UNAVAILABLE, NULL);
		theirs = NULL;
	} else if (what == 'w' && stream_state(theirs) != STREAM_OFFERED) {
		say(theirs, t->seed, &t->said, n);
	} else if (what == 'f') {
		stream_finish(theirs);
	} else if (what == 'p') {
		stream_ping(theirs);
	}
}

static void
speak(char what, size_t n)
{
	struct speech	*v = &speeches[nspeeches - 1];

	if (ours == NULL)
		return;
	if (what == 'W')
		say(ours, v->seed, &v->said, n);
	else if (what == 'F')
		stream_finish(ours);
	else
		stream_ping(ours);
}

static void
forget(struct warm **w)
{
	drop(w == &our_warm ? &ours : &theirs);
	warm_free(*w);
	must((*w = warm_new(on_now)) != NULL);
}

static void
step_side(char what, size_t n)
{
	switch (what) {
	case 'C':
		call();
		break;
	case 'W': case 'F': case 'P':
		speak(what, n);
		break;
	case 'w': case 'f': case 'p': case 'O': case 'N':
		answer(what, n);
		break;
	case 'B':
		ibb_back(us.ibb, (int)(n & 1));
		break;
	case 'b':
		ibb_back(them.ibb, (int)(n & 1));
		break;
	case 'Z':
		drop(&ours);
		break;
	case 'z':
		drop(&theirs);
		break;
	case 'T':
		forget(&our_warm);
		break;
	case 't':
		forget(&their_warm);
		break;
	case 'g':
		end_them();
		begin_them();
		break;
	case 'A':
		now += (int64_t)(n & 0xffff) * SECOND;
		break;
	default:
		break;
	}
}

static void
step(char *line)
{
	char	 what = *line;
	size_t	 n = what == '\0' ? 0 : strtoul(line + 1, NULL, 10);

	switch (what) {
	case 'D':
		carry(&us, &them);
		break;
	case 'd':
		carry(&them, &us);
		break;
	case 'L':
		free(next_letter(&us));
		break;
	case 'l':
		free(next_letter(&them));
		break;
	case 'X':
	case 'x':
		change(what == 'X' ? &us : &them, line + 1);
		break;
	case 'R':
		repeat(n);
		break;
	case 'a':
		carry_all();
		break;
	case '<':
		forge(&us, PEER, line);
		break;
	case '>':
		*line = '<';
		forge(&them, US, line);
		break;
	default:
		step_side(what, n);
		break;
	}
	check();
}

/* They meet, whatever the circumstances are then. */
static void
begin(void)
{
	const char	*then = flags;

	flags = "";
	honest = 1;
	now = 0;
	nspeeches = ncalls = nanswers = nold = ngot = 0;
	ours = theirs = NULL;
	side_init(&us, US);
	must((our_warm = warm_new(on_now)) != NULL);
	begin_them();
	call();
	must(stream_room(ours) == 0);
	carry_all();
	must(stream_state(ours) == STREAM_OPEN &&
	    stream_state(theirs) == STREAM_OPEN);
	drop(&ours);
	drop(&theirs);
	drop_letters(&us);
	drop_letters(&them);
	flags = then;
}

static void
end(void)
{
	size_t	 i;

	drop(&ours);
	end_them();
	warm_free(our_warm);
	side_free(&us);
	for (i = 0; i < OLD; i++) {
		free(old[i]);
		old[i] = NULL;
	}
}

int
fuzz_early(const uint8_t *data, size_t size)
{
	struct script	 s;
	char		*line, first[16];
	int		 steps;

	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL)
		return 0;
	strlcpy(first, line, sizeof(first));
	flags = first;
	begin();
	for (steps = 0; steps < STEPS && (line = script_line(&s)) != NULL;
	    steps++)
		step(line);
	end();
	return 0;
}

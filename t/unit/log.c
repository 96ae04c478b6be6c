/* Unit tests of net/io/log and xml/text. */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net/io/log.h"
#include "net/io/log_json.h"
#include "net/io/loop.h"
#include "t/lib/tap.h"
#include "xml/context.h"
#include "xml/text.h"

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static char	 got[32768];	/* what was printed */
static int	 pipes[2];

/* What has come through the pipe, as a string. */
static const char *
take(void)
{
	ssize_t	 n = read(pipes[0], got, sizeof(got) - 1);

	got[n > 0 ? n : 0] = '\0';
	return got;
}

/* The line as it was printed on standard error. */
static const char *
line(int level, const char *words)
{
	int	 saved = dup(STDERR_FILENO);

	dup2(pipes[1], STDERR_FILENO);
	log_line(level, "%s", words);
	dup2(saved, STDERR_FILENO);
	close(saved);
	return take();
}

static int report(const char *fmt, ...)
	    __attribute__((__format__(__printf__, 1, 2)));

static int
report(const char *fmt, ...)
{
	va_list	 ap;
	int	 r, saved = dup(STDOUT_FILENO);

	fflush(stdout);
	dup2(pipes[1], STDOUT_FILENO);
	va_start(ap, fmt);
	r = log_vreport(fmt, ap);
	va_end(ap);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	return r;
}

static const struct {
	const char	*in, *out;
} words[] = {
	{ "plain words", "plain words" },
	{ "Gr\xc3\xbc\xc3\x9f dich, \xe4\xb8\x96\xe7\x95\x8c \xf0\x9f\x90\x88",
	    "Gr\xc3\xbc\xc3\x9f dich, \xe4\xb8\x96\xe7\x95\x8c "
	    "\xf0\x9f\x90\x88" },
	{ "two\nlines\r", "two?lines?" },
	{ "\x1b[31mred\x1b]0;title\x07", "?[31mred?]0;title?" },
	{ "tab\tand\x7f", "tab?and?" },
	{ "C1 \xc2\x9b" "31m\xc2\x85", "C1 ?31m?" },
	{ "no break\xc2\xa0space", "no break\xc2\xa0space" },
	{ "\xe2\x80\xae" "evil\xe2\x80\xac", "?evil?" },
	{ "\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xad", "???" },
	{ "\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9", "????" },
	{ "\xe2\x80\xa8\xe2\x80\xa9\xd8\x9c", "???" },
	{ "\xe2\x80\x94 dash", "\xe2\x80\x94 dash" },
	{ "stray \xff\x80 bytes", "stray ?? bytes" },
	{ "raw C1 \x9b" "31m", "raw C1 ?31m" },
	{ "overlong \xc0\x8a \xe0\x80\x8a", "overlong ? ?" },
	{ "surrogate \xed\xa0\x80", "surrogate ?" },
	{ "beyond \xf4\x90\x80\x80", "beyond ?" },
	{ "tag \xf3\xa0\x81\x81", "tag ?" },
	{ "cut \xe4\xb8", "cut ??" },
};

static void
cleans(void)
{
	char	 want[256];
	size_t	 i;

	for (i = 0; i < N(words); i++) {
		snprintf(want, sizeof(want), "xcat: %s\n", words[i].out);
		is(line(LOG_EVENT, words[i].in), want, "cleaned: line %zu", i);
		report("%s", words[i].in);
		is(take(), want + 6, "and in a report");
	}
}

static void
levels(void)
{
	log_set_level(LOG_FAULT);
	is(line(LOG_EVENT, "x"), "", "-q: no events");
	is(line(LOG_FAULT, "x"), "xcat: x\n", "-q: faults");
	log_set_level(LOG_EVENT);
	is(line(LOG_DETAIL, "x"), "", "no details");
	is(line(LOG_EVENT, "x"), "xcat: x\n", "events");
	log_set_level(LOG_DETAIL);
	is(line(LOG_TRACE, "x"), "", "-v: no stanzas");
	is(line(LOG_DETAIL, "x"), "xcat: x\n", "-v: details");
	log_set_level(LOG_TRACE);
	line(LOG_TRACE, "x");
	ok(strlen(got) == strlen("xcat: 12:34:56.789 x\n") &&
	    got[8] == ':' && got[11] == ':' && got[14] == '.' &&
	    strcmp(got + 18, " x\n") == 0, "-vv: with the time: %.19s", got);
	log_set_level(LOG_EVENT);
}

/* Words that peers chose, in objects. */
static const struct {
	const char	*in, *out;
} escaped[] = {
	{ "plain /words/", "plain /words/" },
	{ "a \"b\" \\c", "a \\\"b\\\" \\\\c" },
	{ "two\nlines\r\t\x01\x7f", "two\\u000alines\\u000d\\u0009\\u0001"
	    "\\u007f" },
	{ "\xc3\xbc \xf0\x9f\x90\x88", "\xc3\xbc \xf0\x9f\x90\x88" },
	{ "C1 \xc2\x9b", "C1 \\u009b" },
	{ "\xe2\x80\xae" "evil", "\\u202eevil" },
	{ "tag \xf3\xa0\x81\x81", "tag \\udb40\\udc41" },
	{ "stray \xff\x80", "stray \\ufffd\\ufffd" },
	{ "surrogate \xed\xa0\x80", "surrogate \\ufffd" },
	{ "cut \xe4\xb8", "cut \\ufffd\\ufffd" },
};

/* Does the line, which is cut, end as an object does? */
static int
is_whole(const char *s, size_t n)
{
	return s[0] == '{' && n > 3 && (memcmp(s + n - 3, "\"}\n", 3) == 0 ||
	    (memcmp(s + n - 2, "}\n", 2) == 0 && s[n - 3] >= '0' &&
	    s[n - 3] <= '9')) && memchr(s, '\n', n) == s + n - 1;
}

static void
objects(void)
{
	struct log_event	 e = {
		.kind = LOG_STREAM_ENDED, .peer = "a@b/c",
		.in = 7, .out = UINT64_MAX, .ms = 12034,
		.status = 6, .reason = "\"\"\"\"\"\""
	};
	char			 out[512], want[512], line_of[512];
	size_t			 i, n;
	int			 whole = 1;

	for (i = 0; i < N(escaped); i++)
		is(text_json(escaped[i].in, out, sizeof(out)), escaped[i].out,
		    "json: line %zu", i);
	is(text_json("ab\n", out, 8), "ab", "json: an escape is not cut");
	n = log_json(&e, LOG_FAULT, "now", out, sizeof(out));
	out[n] = '\0';
	is(out, "{\"time\":\"now\",\"event\":\"stream-ended\","
	    "\"level\":\"error\",\"peer\":\"a@b/c\",\"in\":7,"
	    "\"out\":18446744073709551615,\"seconds\":12.034,\"status\":6,"
	    "\"reason\":\"\\\"\\\"\\\"\\\"\\\"\\\"\"}\n", "json: an event");
	for (i = n + 2; i >= 100; i--) {
		n = log_json(&e, LOG_FAULT, "now", out, i);
		whole &= n < i + 1 && is_whole(out, n);
	}
	ok(whole, "json: whole, however little room there is");
	log_set_style(LOG_JSON);
	strlcpy(line_of, line(LOG_EVENT, "a \"b\"\n"), sizeof(line_of));
	snprintf(want, sizeof(want), "{\"time\":\"%.24s\",\"event\":\"message"
	    "\",\"level\":\"info\",\"message\":\"a \\\"b\\\"\\u000a\"}\n",
	    line_of + 9);
	is(line_of, want, "json: any other line");
	log_set_style(LOG_STAMPED);
	line(LOG_EVENT, "x");
	is(strlen(got) > 25 ? got + 24 : "", " xcat: x\n", "stamped: %s", got);
	log_set_style(LOG_PLAIN);
}

static int	 cleared;

static void
clear(void *arg)
{
	(void)arg;
	cleared++;
}

static void
others(void)
{
	char	 longer[20000], out[8];
	size_t	 len;

	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	line(LOG_EVENT, longer);
	len = strlen(got);
	ok(len > 16300 && len < 16420 && got[len - 1] == '\n',
	    "a line that is too long is cut");
	log_set_before(clear, NULL);
	cleared = 0;
	line(LOG_DETAIL, "x");
	is_int(cleared, 0, "nothing is cleared for no line");
	line(LOG_EVENT, "x");
	is_int(cleared, 1, "room is made for a line");
	log_set_before(NULL, NULL);
	is(text_cut("abcdef\xc3\xa4", out, sizeof(out)), "abcdef",
	    "cut between characters");
	is(text_cut("abcde\xc3\xa4", out, sizeof(out)), "abcde\xc3\xa4",
	    "what fits is whole");
	is(text_clean("abcdef\xc3\xa4", out, sizeof(out)), "abcdef",
	    "cleaned, too");
	close(pipes[0]);
	is_int(report("%s", "x"), -1, "a report that nobody reads fails");
}

/*
 * Sinks
 */

static char	 sunk[4][256];	/* the last words of each context */

static int
sink_put(void *arg, int level, int fd, const char *data, size_t len)
{
	(void)level;
	snprintf(arg, sizeof(sunk[0]), "%d %.*s", fd, (int)len, data);
	return 0;
}

static struct log_sink
sink_to(int i, int level)
{
	return (struct log_sink){ .level = level, .put = sink_put,
	    .arg = sunk[i] };
}

static void
stop_loop(void *arg)
{
	loop_stop(arg);
}

static void
say_x(void *arg)
{
	(void)arg;
	log_line(LOG_EVENT, "%s", "x");
}

/* Each context has its words, its level, and what it clears. */
static void
sinks(void)
{
	unsigned	 one = context_new(), two = context_new();
	struct log_sink	 a = sink_to(1, LOG_EVENT), b = sink_to(2, LOG_DETAIL);

	log_add_sink(&a, one);
	log_add_sink(&b, two);
	context_enter(one);
	log_line(LOG_DETAIL, "%s", "detail");
	is(sunk[1], "", "each sink has its own level");
	log_set_before(clear, NULL);
	cleared = 0;
	log_line(LOG_EVENT, "%s", "x");
	is(sunk[1], "2 xcat: x\n", "a line goes to its context");
	is_int(cleared, 1, "which makes room for it");
	log_report("%s", "y");
	is(sunk[1], "1 y\n", "so does a report");
	log_raw("z", 1);
	is(sunk[1], "2 z", "and what is no line");
	is_int((int)context_enter(two), (int)one, "the context that is left");
	log_line(LOG_DETAIL, "%s", "x");
	is(sunk[2], "2 xcat: x\n", "another context");
	is_int(cleared, 2, "clears nothing of the first");
	is(sunk[1], "2 z", "nor does it speak there");
	context_enter(0);
	is(line(LOG_EVENT, "x"), "xcat: x\n", "the process itself");
	log_remove_sink(&b);
	context_enter(two);
	is(line(LOG_EVENT, "x"), "xcat: x\n", "a sink that is gone");
	context_enter(0);
	log_remove_sink(&a);
	log_remove_sink(&a);
}

/* What is asked for in a context is called in it. */
static void
contexts(void)
{
	struct loop	*l = loop_new();
	struct log_sink	 a = sink_to(1, LOG_EVENT), c = sink_to(3, LOG_EVENT);
	struct timer	 t = { .fire = say_x };
	struct timer	 end = { .fire = stop_loop, .arg = l };
	unsigned	 one = context_new();

	*sunk[1] = *sunk[3] = '\0';
	log_add_sink(&a, one);
	log_add_sink(&c, 0);
	context_enter(one);
	timer_set(l, &t, 0);
	context_enter(0);
	timer_set(l, &end, 0);
	is_int(loop_run(l), 0, "the loop ends");
	is(sunk[1], "2 xcat: x\n", "a timer speaks in its context");
	is(sunk[3], "", "and not in that of the process");
	is_int((int)context_now(), 0, "which is entered again");
	log_line(LOG_EVENT, "%s", "y");
	is(sunk[3], "2 xcat: y\n", "whose sink may be another one, too");
	log_remove_sink(&a);
	log_remove_sink(&c);
	loop_free(l);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (pipe(pipes) == -1)
		return 1;
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);
	cleans();
	levels();
	objects();
	sinks();
	contexts();
	others();
	return tap_done();
}

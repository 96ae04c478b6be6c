/*
 * Unit tests of net/channel/remote_spec and remote_words: what -R takes, what
 * the keyword remote allows, and the lines between the two.
 */
#include <sys/queue.h>

#include <stdio.h>
#include <string.h>

#include "net/channel/remote_spec.h"
#include "net/channel/remote_words.h"
#include "t/lib/tap.h"

/*
 * -R
 */

static void
good(const char *arg, const char *where, const char *target)
{
	struct remote_spec	 r;
	char			 err[REMOTE_ERR] = "";

	is_int(remote_spec(arg, &r, err), 0, "%s", arg);
	is(err, "", "%s: no complaint", arg);
	is(r.where, where, "%s: where", arg);
	is(r.target, target, "%s: target", arg);
}

static void
bad(const char *arg, const char *says)
{
	struct remote_spec	 r;
	char			 err[REMOTE_ERR] = "";

	is_int(remote_spec(arg, &r, err), -1, "%.40s is refused", arg);
	ok(strstr(err, says) != NULL, "%.40s: %s", arg, err);
}

static void
specs(void)
{
	char	 text[2 * REMOTE_TEXT];

	good("8080=22", "8080", "22");
	good("0=22", "0", "22");
	good("localhost:8080=db:5432", "localhost:8080", "db:5432");
	good("*:8080=[::1]:22", "*:8080", "[::1]:22");
	good("[::1]:8080=/run/socket", "[::1]:8080", "/run/socket");
	good("8080:localhost:22", "8080", "localhost:22");
	good("127.0.0.1:8080:localhost:22", "127.0.0.1:8080", "localhost:22");
	bad("", "target");
	bad("8080", "target");
	bad("8080=", "target");
	bad("=22", "give [addr:]port");
	bad("65536=22", "65535");
	bad("-1=22", "65535");
	bad("host.example:8080=22", "digits");
	bad("8080=!id", "command");
	bad("8080=0", "target");
	bad("8080=ssh", "target");
	bad("8080=host:99999", "target");
	bad("/run/socket=22", "65535");
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	bad(text, "too long");
}

/*
 * remote
 */

static struct remote_allowed *
allowed(const char *value, char *err)
{
	char			 copy[512];
	struct conf_item	 item = { .value = copy };
	struct conf_list	 l = STAILQ_HEAD_INITIALIZER(l);

	strlcpy(copy, value, sizeof(copy));
	STAILQ_INSERT_TAIL(&l, &item, next);
	return remote_allowed_new(&l, err);
}

static void
allows(const char *value, const char *where, int yes)
{
	char			 err[REMOTE_ERR] = "";
	struct remote_allowed	*a = allowed(value, err);
	struct remote_place	 p;

	ok(a != NULL, "remote=%s %s", value, err);
	is_int(remote_place_read(where, &p, err), 0, "%s", where);
	is_int(remote_allows(a, &p), yes, "remote=%s: %s", value, where);
	remote_allowed_free(a);
}

static void
no_list(const char *value)
{
	char	 err[REMOTE_ERR] = "";

	ok(allowed(value, err) == NULL, "remote=%s: %s", value, err);
	ok(*err != '\0', "remote=%s: a reason", value);
}

static void
lists(void)
{
	allows("8080", "8080", 1);
	allows("8080", "8081", 0);
	allows("8080", "localhost:8080", 1);
	allows("8080", "127.0.0.1:8080", 1);
	allows("8080", "[::1]:8080", 1);
	allows("8080", "0.0.0.0:8080", 0);
	allows("8080", "*:8080", 0);
	allows("8080", "[::]:8080", 0);
	allows("8080", "192.0.2.1:8080", 0);
	allows("8080,90-92", "91", 1);
	allows("8080,90-92", "93", 0);
	allows("8080,90-92", "89", 0);
	allows("*", "1", 1);
	allows("*", "65535", 1);
	allows("*", "*:80", 0);
	allows("*", "192.0.2.1:80", 0);
	allows("*:80", "*:80", 1);
	allows("*:80", "192.0.2.1:80", 1);
	allows("*:80", "80", 1);
	allows("*:80", "81", 0);
	allows("*:*", "[2001:db8::1]:81", 1);
	allows("192.0.2.1:80-90", "192.0.2.1:85", 1);
	allows("192.0.2.1:80-90", "192.0.2.2:85", 0);
	allows("192.0.2.1:80-90", "85", 0);
	allows("192.0.2.1:80-90", "*:85", 0);
	allows("[2001:db8::1]:80", "[2001:DB8:0::1]:80", 1);
	no_list("");
	no_list("80,,90");
	no_list("0");
	no_list("80-70");
	no_list("80-");
	no_list("-80");
	no_list("65536");
	no_list("host.example:80");
	no_list("80 90");
	no_list("192.0.2.1:");
	ok(!remote_allows_any(NULL), "nothing is allowed without a list");
}

/* The ports that are tried for port 0, at most six. */
static void
nexts(const char *value, const char *where, const char *want)
{
	char			 err[REMOTE_ERR] = "", got[64] = "", number[8];
	struct remote_allowed	*a = allowed(value, err);
	struct remote_place	 p;
	uint16_t		 port = 0;
	int			 i;

	is_int(remote_place_read(where, &p, err), 0, "%s", where);
	for (i = 0; i < 6 && remote_next(a, &p, &port); i++) {
		snprintf(number, sizeof(number), "%u ", port);
		strlcat(got, number, sizeof(got));
		if (port == 0)
			break;
	}
	is(got, want, "remote=%s: %s", value, where);
	remote_allowed_free(a);
}

static void
any_port(void)
{
	nexts("8080", "0", "8080 ");
	nexts("90-92,80,91", "0", "80 90 91 92 ");
	nexts("*", "0", "0 ");
	nexts("80,*:*", "0", "0 ");
	nexts("80", "*:0", "");
	nexts("80,192.0.2.1:65535", "192.0.2.1:0", "65535 ");
}

static void
place(const char *where, const char *text)
{
	char			 err[REMOTE_ERR], out[REMOTE_PLACE];
	struct remote_place	 p;

	if (text == NULL) {
		is_int(remote_place_read(where, &p, err), -1, "%s", where);
		return;
	}
	is_int(remote_place_read(where, &p, err), 0, "%s", where);
	is(remote_place_text(&p, p.port, out), text, "%s: as text", where);
}

static void
places(void)
{
	place("80", "80");
	place("localhost:80", "80");
	place("127.0.0.1:80", "127.0.0.1:80");
	place("[::1]:80", "[::1]:80");
	place("*:80", "*:80");
	place("::1:80", "[::1]:80");
	place("[fe80::1%lo]:80", NULL);
	place("127.1:80", NULL);
	place("0x7f.0.0.1:80", NULL);
	place("example.test:80", NULL);
	place("/run/socket", NULL);
	place("", NULL);
	place(":80", NULL);
	place("[1:80", NULL);
	place("80 ", NULL);
	place("1234567890123456789012345678901234567890123456789012345678901234"
	    ":80", NULL);
}

/*
 * Lines
 */

static void
line(const char *data, int want, unsigned number, const char *text)
{
	struct remote_line	 l;

	is_int(remote_words_read((const unsigned char *)data, strlen(data),
	    &l), want, "\"%.30s\"", data);
	if (want > 0) {
		is_int((int)l.number, (int)number, "its number");
		is(l.text, text, "its text");
	}
}

static void
lines(void)
{
	char			 out[REMOTE_LINE], text[2 * REMOTE_LINE];
	struct remote_line	 l;
	size_t			 n;

	line("listen 1 80\n", 12, 1, "80");
	line("listening 64 *:80\nmore", 18, 64, "*:80");
	line("refused 2 a b  c\n", 17, 2, "a b  c");
	line("closed 3 \n", 10, 3, "");
	line("", 0, 0, "");
	line("listen 1 80", 0, 0, "");
	line("\n", -1, 0, "");
	line("listen\n", -1, 0, "");
	line("listen 1\n", -1, 0, "");
	line("listen 0 80\n", -1, 0, "");
	line("listen 65 80\n", -1, 0, "");
	line("listen -1 80\n", -1, 0, "");
	line("listen 99999999999999999999 80\n", -1, 0, "");
	line("listen  1 80\n", -1, 0, "");
	line("LISTEN 1 80\n", -1, 0, "");
	line("listen 1 80\r\n", 13, 1, "80\r");
	is_int(remote_words_read((const unsigned char *)"listen 1 8\0000\n", 14,
	    &l), -1, "a NUL");
	memset(text, 'x', sizeof(text));
	is_int(remote_words_read((const unsigned char *)text, REMOTE_LINE - 1,
	    &l), 0, "a line that may still end");
	is_int(remote_words_read((const unsigned char *)text, REMOTE_LINE,
	    &l), -1, "a line that is too long");
	text[sizeof(text) - 1] = '\0';
	n = remote_words_write(REMOTE_REFUSED, 64, text, out);
	is_int((int)n, REMOTE_LINE, "a text that is cut");
	is_int(remote_words_read((const unsigned char *)out, n, &l), (int)n,
	    "can be read");
	n = remote_words_write(REMOTE_CLOSED, 7, "a\nclosed 8 b", out);
	is_int(remote_words_read((const unsigned char *)out, n, &l), (int)n,
	    "a line of two");
	is(l.text, "a closed 8 b", "is one");
}

int
main(void)
{
	specs();
	places();
	lists();
	any_port();
	lines();
	return tap_done();
}

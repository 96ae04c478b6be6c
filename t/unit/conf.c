/* Unit tests of conf, conffile and password in net/conf. */
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "net/conf/conf.h"
#include "t/lib/tap.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define SECRET		"hunter2"	/* in no message, ever */

static char dir[] = "/tmp/xcat-conf.XXXXXX";
static char err[CONF_ERR];

/* --- helpers -------------------------------------------------------------- */

/* A path in dir; lasts for four calls. */
static const char *
path(const char *name)
{
	static char p[4][256];
	static int n;

	n = (n + 1) % 4;
	(void)snprintf(p[n], sizeof(p[n]), "%s/%s", dir, name);
	return p[n];
}

static void
put_bytes(const char *name, mode_t mode, const void *data, size_t len)
{
	const char *p = path(name);
	FILE *f;

	(void)unlink(p);
	if ((f = fopen(p, "w")) == NULL ||
	    fwrite(data, 1, len, f) != len || fclose(f) != 0 ||
	    chmod(p, mode) == -1) {
		perror(p);
		exit(1);
	}
}

static void
put(const char *name, mode_t mode, const char *text)
{
	put_bytes(name, mode, text, strlen(text));
}

static void
clear_env(void)
{
	(void)unsetenv("XCAT_CONFIG");
	(void)unsetenv("XCAT_JID");
	(void)unsetenv("XCAT_PASSWORD");
	(void)unsetenv("XDG_CONFIG_HOME");
	(void)setenv("HOME", dir, 1);
}

/* A failure with this in its message, which is one line without secrets. */
static void
fails(int r, const char *want, const char *what)
{
	is_int(r, -1, "%s: refused", what);
	if (!ok(r == -1 && strstr(err, want) != NULL, "%s: says why", what))
		printf("#   got: %s\n#   want: %s\n", err, want);
	ok(r == -1 && strstr(err, SECRET) == NULL &&
	    strchr(err, '\n') == NULL, "%s: one line, no secret", what);
}

/* Read dir/config with this in it. */
static int
read_text(struct conf *c, mode_t mode, const char *text)
{
	put("config", mode, text);
	(void)setenv("XCAT_CONFIG", path("config"), 1);
	conf_init(c);
	return conf_read(c, err);
}

static void
text_fails(mode_t mode, const char *text, const char *want, const char *what)
{
	struct conf c;

	fails(read_text(&c, mode, text), want, what);
	conf_free(&c);
}

/* --- keywords ------------------------------------------------------------- */

static const char *
item(const struct conf *c, int n)
{
	const struct conf_item *i;

	STAILQ_FOREACH(i, &c->allow, next)
		if (n-- == 0)
			return i->value;
	return NULL;
}

static void
test_defaults(void)
{
	struct conf c;

	conf_init(&c);
	ok(STAILQ_EMPTY(&c.allow) && STAILQ_EMPTY(&c.service), "empty lists");
	is_int(c.block_size, 0, "no block size");
	is_int(c.family, CONF_FAMILY_ANY, "default family");
	is_int(c.plain, 0, "default: no PLAIN");
	ok(c.password == NULL && c.jid == NULL && STAILQ_EMPTY(&c.allow),
	    "default: nothing else");
	conf_free(&c);
	conf_free(&c);
	ok(c.path == NULL, "freed twice");
}

/* All of them, which shows that the table is sorted. */
static void
test_strings(void)
{
	struct conf c;
	const struct {
		const char	*name;
		char		**s;
	} all[] = {
		{ "ca-file", &c.ca_file }, { "certificate", &c.certificate },
		{ "jid", &c.jid }, { "key", &c.key },
		{ "password", &c.password },
		{ "password-command", &c.password_command },
		{ "password-file", &c.password_file },
		{ "server", &c.server },
	};
	size_t i;

	conf_init(&c);
	for (i = 0; i < COUNT(all); i++) {
		is_int(conf_set(&c, all[i].name, "a b", 1, err), 0, "%s",
		    all[i].name);
		is(*all[i].s, "a b", "%s is set", all[i].name);
		is_int(conf_set(&c, all[i].name, "c", 1, err), 0,
		    "%s again", all[i].name);
		is(*all[i].s, "c", "%s is replaced", all[i].name);
		fails(conf_set(&c, all[i].name, "", 1, err), "needs a value",
		    all[i].name);
	}
	conf_free(&c);
}

static void
test_bools(void)
{
	struct conf c;
	const struct {
		const char	*name;
		int		*v;
	} all[] = {
		{ "close-at-eof", &c.close_at_eof },
		{ "keep-listening", &c.keep }, { "message", &c.message },
		{ "no-stdin", &c.no_stdin }, { "plain", &c.plain },
	};
	static const char *const words[] = {
		"no", "yes", "false", "true", "off", "on"
	};
	size_t i, j;

	conf_init(&c);
	for (i = 0; i < COUNT(all); i++) {
		for (j = 0; j < COUNT(words); j++) {
			*all[i].v = -1;
			is_int(conf_set(&c, all[i].name, words[j], 0, err), 0,
			    "%s %s", all[i].name, words[j]);
			is_int(*all[i].v, j % 2, "%s is set", all[i].name);
		}
		fails(conf_set(&c, all[i].name, "maybe", 0, err),
		    "must be yes or no", all[i].name);
		is_int(*all[i].v, 1, "%s keeps its value", all[i].name);
	}
	is_int(conf_set(&c, "share", "on", 0, err), 0, "share on");
	is_int(c.share, CONF_SHARE_TIME, "is yes");
	is_int(conf_set(&c, "wait", "false", 0, err), 0, "wait false");
	is_int(c.wait, CONF_WAIT_NO, "is no");
	is_int(conf_set(&c, "upload", "true", 0, err), 0, "upload true");
	is_int(c.upload, CONF_UPLOAD_YES, "is yes");
	is_int(conf_set(&c, "upload", "off", 0, err), 0, "upload off");
	is_int(c.upload, CONF_UPLOAD_NO, "is no");
	fails(conf_set(&c, "share", "maybe", 0, err),
	    "share must be yes, no or a number from 0 to", "share maybe");
	fails(conf_set(&c, "wait", "yes", 0, err),
	    "wait must be no, forever or a number from", "wait yes");
	conf_free(&c);
}

static void
test_numbers(void)
{
	static const char *const bad[] = {
		"0", "65536", "-1", "4096x", "x", "0x1000", "1e3", "1 2",
		"99999999999999999999", "4096.0"
	};
	struct conf c;
	size_t i;

	conf_init(&c);
	is_int(conf_set(&c, "block-size", "1", 0, err), 0, "block-size 1");
	is_int(c.block_size, 1, "is set");
	is_int(conf_set(&c, "block-size", "65535", 0, err), 0, "and 65535");
	is_int(c.block_size, 65535, "is set");
	for (i = 0; i < COUNT(bad); i++)
		fails(conf_set(&c, "block-size", bad[i], 0, err),
		    "block-size must be a number from 1 to 65535", bad[i]);
	is_int(c.block_size, 65535, "and keeps its value");
	is_int(conf_set(&c, "timeout", "0", 0, err), 0, "timeout 0");
	is_int(conf_set(&c, "timeout", "30", 0, err), 0, "timeout 30");
	is_int(c.timeout, 30, "is set");
	fails(conf_set(&c, "timeout", "-1", 0, err), "from 0 to", "timeout");
	is_int(c.wait, CONF_WAIT_NO, "no peer is waited for");
	is_int(conf_letter(&c, 'W', NULL, err), 0, "-W");
	is_int(c.wait, CONF_WAIT_FOREVER, "for ever");
	is_int(conf_set(&c, "wait", "20", 0, err), 0, "wait 20");
	is_int(c.wait, 20, "is set");
	is_int(conf_set(&c, "wait", "no", 0, err), 0, "wait no");
	is_int(c.wait, CONF_WAIT_NO, "is set");
	fails(conf_set(&c, "wait", "-1", 0, err), "from 0 to", "wait -1");
	is_int(c.presence, CONF_PRESENCE_AUTO, "presence as it fits");
	is_int(conf_set(&c, "presence", "none", 0, err), 0, "presence none");
	is_int(c.presence, CONF_PRESENCE_NONE, "is set");
	fails(conf_set(&c, "presence", "all", 0, err),
	    "contacts, peer or none", "presence all");
	is_int(conf_set(&c, "verbosity", "-1", 0, err), 0, "verbosity -1");
	is_int(c.verbosity, -1, "is set");
	is_int(conf_set(&c, "verbosity", "2", 0, err), 0, "verbosity 2");
	is_int(c.verbosity, 2, "is set");
	is_int(conf_set(&c, "grace", "30", 0, err), 0, "grace 30");
	is_int(c.grace, 30, "is set");
	is_int(conf_set(&c, "log", "json", 0, err), 0, "log json");
	is_int(c.log, CONF_LOG_JSON, "is set");
	fails(conf_set(&c, "log", "xml", 0, err), "text or json", "log xml");
	fails(conf_set(&c, "verbosity", "3", 0, err), "-1, 0, 1 or 2",
	    "verbosity 3");
	conf_free(&c);
}

static void
test_words(void)
{
	struct conf	 c;

	conf_init(&c);
	is_int(conf_set(&c, "family", "4", 0, err), 0, "family 4");
	is_int(c.family, CONF_FAMILY_4, "is set");
	is_int(conf_set(&c, "family", "6", 0, err), 0, "family 6");
	is_int(c.family, CONF_FAMILY_6, "is set");
	is_int(conf_set(&c, "family", "any", 0, err), 0, "family any");
	is_int(c.family, CONF_FAMILY_ANY, "is set");
	fails(conf_set(&c, "family", "5", 0, err), "any, 4 or 6", "family 5");
	is_int(conf_set(&c, "transport", "bosh", 0, err), 0, "transport bosh");
	is_int(c.transport, CONF_TRANSPORT_BOSH, "is set");
	is_int(conf_set(&c, "road", "tcp", 0, err), 0, "by its old name");
	is_int(c.transport, CONF_TRANSPORT_TCP, "is set");
	fails(conf_set(&c, "transport", "udp", 0, err),
	    "auto, tcp, websocket or bosh", "transport udp");
	is_int(c.carrier, CONF_CARRIER_AUTO, "carrier is auto");
	is_int(conf_set(&c, "carrier", "s5b", 0, err), 0, "carrier s5b");
	is_int(c.known, CONF_KNOWN_PEER, "keys are those of peers");
	is_int(conf_set(&c, "known", "account", 0, err), 0, "known account");
	is_int(c.known, CONF_KNOWN_ACCOUNT, "or of accounts");
	fails(conf_set(&c, "known", "all", 0, err), "peer or account",
	    "known");
	is_int(c.carrier, CONF_CARRIER_S5B, "is set");
	is_int(conf_letter(&c, 'i', NULL, err), 0, "-i");
	is_int(c.carrier, CONF_CARRIER_IBB, "is carrier ibb");
	fails(conf_set(&c, "carrier", "pigeon", 0, err), "auto, ibb or s5b",
	    "carrier pigeon");
	ok(c.punch == 1 && c.portmap == 1 && c.stun == NULL,
	    "punch and portmap by default");
	is_int(conf_set(&c, "punch", "no", 0, err), 0, "punch no");
	is_int(c.punch, 0, "is set");
	is_int(conf_set(&c, "portmap", "no", 0, err), 0, "portmap no");
	is_int(c.portmap, 0, "is set");
	is_int(conf_set(&c, "stun", "stun.example:1", 0, err), 0, "stun");
	is(c.stun, "stun.example:1", "is set");
	is_int(conf_set(&c, "streamhost-policy", "any", 0, err), 0,
	    "streamhost-policy any");
	is_int(c.policy, CONF_POLICY_ANY, "is set");
	fails(conf_set(&c, "streamhost-policy", "none", 0, err),
	    "auto, public or any", "streamhost-policy none");
	is_int(c.upload, CONF_UPLOAD_NO, "nothing is uploaded");
	is_int(conf_set(&c, "upload", "absent", 0, err), 0, "upload absent");
	is_int(c.upload, CONF_UPLOAD_ABSENT, "is set");
	is_int(conf_set(&c, "upload", "yes", 0, err), 0, "upload yes");
	is_int(c.upload, CONF_UPLOAD_YES, "is set");
	fails(conf_set(&c, "upload", "always", 0, err), "yes, absent or no",
	    "upload always");
	is_int(c.upgrade_after, 262144, "upgrade-after is 256 KiB");
	is_int(conf_set(&c, "upgrade-after", "0", 0, err), 0,
	    "upgrade-after 0");
	is_int(c.upgrade_after, 0, "is set");
	conf_free(&c);
}

static void
test_udp(void)
{
	struct conf	 c;

	conf_init(&c);
	is_int(c.udp, 0, "-L takes connections");
	is_int(conf_letter(&c, 'u', NULL, err), 0, "-u");
	is_int(c.udp, 1, "is udp yes");
	is_int(c.udp_idle, 300, "udp-idle is 300 s");
	is_int(c.udp_clients, 256, "udp-clients is 256");
	fails(conf_set(&c, "udp-idle", "0", 0, err), "from 1 to", "udp-idle 0");
	is_int(conf_set(&c, "udp-clients", "2", 0, err), 0, "udp-clients 2");
	is_int(c.udp_clients, 2, "is set");
	conf_free(&c);
}

static void
test_list(void)
{
	struct conf c;

	conf_init(&c);
	is_int(conf_set(&c, "allow", "a@h", 0, err), 0, "allow");
	is_int(conf_set(&c, "allow", "*", 0, err), 0, "allow another");
	is(item(&c, 0), "a@h", "the first");
	is(item(&c, 1), "*", "the second");
	ok(item(&c, 2) == NULL, "and no more");
	fails(conf_set(&c, "allow", "", 0, err), "needs a value", "allow");
	conf_free(&c);
	ok(STAILQ_EMPTY(&c.allow), "freed");
}

static void
test_unknown(void)
{
	static const struct {
		const char *name, *meant;
	} near[] = {
		{ "blocksize", "block-size" }, { "block_size", "block-size" },
		{ "cafile", "ca-file" }, { "jidd", "jid" },
		{ "JID", "no such keyword" }, { "allows", "allow" },
		{ "keep-listen", "keep-listening" },
		{ "keeplistening", "keep-listening" },
		{ "pasword", "password" },
		{ "passwordfile", "password-file" },
		{ "password_command", "password-command" },
		{ "", "no such keyword" }, { SECRET, "no such keyword" },
		{ "a-keyword-as-long-as-" SECRET, "no such keyword" },
		{ "certficate", "certificate" }, { "famly", "family" },
		{ "timeot", "timeout" }, { "verbose", "verbosity" },
		{ "passwordx7!", "password" },
	};
	static char huge[70000];
	struct conf c;
	size_t i;

	conf_init(&c);
	for (i = 0; i < COUNT(near); i++) {
		fails(conf_set(&c, near[i].name, SECRET, 1, err),
		    near[i].meant, near[i].name);
		/* It may be a password that lost its way. */
		ok(*near[i].name == '\0' || strstr(near[i].meant,
		    near[i].name) != NULL || strstr(err, near[i].name) ==
		    NULL, "which is not repeated");
	}
	memset(huge, 'a', sizeof(huge) - 1);
	fails(conf_set(&c, huge, "x", 1, err), "no such keyword",
	    "a keyword of 70 KB");
	fails(conf_set(&c, "password", huge, 1, err), "longer than 1024",
	    "a password of 70 KB");
	fails(conf_set(&c, "allow", huge, 1, err), "longer than 1024",
	    "a value of 70 KB");
	fails(conf_option(&c, huge, err), "no such keyword",
	    "an option of 70 KB");
	conf_free(&c);
}

static void
test_options(void)
{
	static const struct {
		const char *arg, *value;
	} good[] = {
		{ "server=h:1", "h:1" }, { "server h:2", "h:2" },
		{ "server = h:3", "h:3" }, { "server=x=y", "x=y" },
		{ "server==x", "=x" }, { "server =x", "=x" },
		{ "server\th:4", "h:4" }, { "server= h:5", "h:5" },
		{ "server=\"h\"", "\"h\"" },
	};
	struct conf c;
	size_t i;

	conf_init(&c);
	for (i = 0; i < COUNT(good); i++) {
		is_int(conf_option(&c, good[i].arg, err), 0, "-o '%s'",
		    good[i].arg);
		is(c.server, good[i].value, "is set");
	}
	fails(conf_option(&c, "server", err), "needs a value", "-o server");
	fails(conf_option(&c, "server=", err), "needs a value", "-o server=");
	fails(conf_option(&c, "", err), "no such keyword", "-o ''");
	fails(conf_option(&c, "=", err), "no such keyword", "-o =");
	fails(conf_option(&c, "=x", err), "no such keyword", "-o =x");
	fails(conf_option(&c, "password=" SECRET, err),
	    "not for the command line", "-o password");
	fails(conf_option(&c, "password-command=echo " SECRET, err),
	    "not for the command line", "-o password-command");
	fails(conf_option(&c, SECRET, err), "no such keyword",
	    "-o with a password by mistake");
	ok(c.password == NULL && c.password_command == NULL,
	    "and no secret is set");
	is_int(conf_option(&c, "password-file=/x", err), 0,
	    "-o password-file");
	is(c.password_file, "/x", "is set");
	conf_free(&c);
}

static void
test_paths(void)
{
	const struct passwd *pw = getpwuid(geteuid());
	char want[512];
	struct conf c;

	conf_init(&c);
	(void)setenv("HOME", "/some/where", 1);
	is_int(conf_option(&c, "ca-file=~/ca.pem", err), 0, "~/");
	is(c.ca_file, "/some/where/ca.pem", "is HOME");
	is_int(conf_option(&c, "ca-file=~x/ca.pem", err), 0, "~x/");
	is(c.ca_file, "~x/ca.pem", "is not");
	is_int(conf_option(&c, "ca-file=a/~/ca.pem", err), 0, "a/~/");
	is(c.ca_file, "a/~/ca.pem", "is not");
	(void)unsetenv("HOME");
	if (pw != NULL) {
		(void)snprintf(want, sizeof(want), "%s/x", pw->pw_dir);
		is_int(conf_option(&c, "ca-file=~/x", err), 0,
		    "~/ without HOME");
		is(c.ca_file, want, "is the home of passwd(5)");
	}
	clear_env();
	conf_free(&c);
}

/* The last way to the password counts. */
static void
test_sources(void)
{
	static const char *const names[] = {
		"password", "password-command", "password-file"
	};
	struct conf c;
	size_t i, j;

	conf_init(&c);
	for (i = 0; i < COUNT(names); i++)
		for (j = 0; j < COUNT(names); j++) {
			(void)conf_set(&c, names[i], "x", 1, err);
			(void)conf_set(&c, names[j], "y", 1, err);
			is_int((c.password != NULL) +
			    (c.password_command != NULL) +
			    (c.password_file != NULL), 1, "%s, then %s",
			    names[i], names[j]);
			ok((j == 0 && c.password != NULL) ||
			    (j == 1 && c.password_command != NULL) ||
			    (j == 2 && c.password_file != NULL), "leaves %s",
			    names[j]);
		}
	(void)conf_set(&c, "jid", "z", 1, err);
	ok(c.password_file != NULL, "and jid is none of them");
	conf_free(&c);
}

/* What the file has for runs of another kind is forgotten, what options gave
 * is not. */
static void
test_given(void)
{
	struct conf c;

	is_int(read_text(&c, 0600, "receive /file\nallow a@h\nudp yes\n"
	    "keep-listening yes\nstun h\n"), 0, "a file");
	ok(!conf_given(&c, "receive") && !conf_given(&c, "allow"),
	    "no option gave it");
	is(conf_origin(&c, "receive", "-r"), "receive", "its keyword did");
	is_int(conf_option(&c, "udp=yes", err), 0, "-o udp");
	is_int(conf_letter(&c, 'a', "b@h", err), 0, "-a");
	ok(conf_given(&c, "udp") && conf_given(&c, "allow"), "options did");
	is(conf_origin(&c, "allow", "-a"), "-a", "which is named");
	conf_ignore(&c, "receive");
	conf_ignore(&c, "allow");
	conf_ignore(&c, "udp");
	conf_ignore(&c, "keep-listening");
	conf_ignore(&c, "no-such-keyword");
	ok(c.receive == NULL && !c.keep, "the file's are forgotten");
	is_int(c.udp, 1, "an option's is not");
	is(item(&c, 0), "b@h", "nor in a list,");
	ok(item(&c, 1) == NULL, "where it is alone");
	is(c.stun, "h", "the others stay");
	conf_free(&c);
}

/* --- the file ------------------------------------------------------------- */

static void
test_file(void)
{
	struct conf c;

	is_int(read_text(&c, 0600,
	    "# a comment\n"
	    "\n"
	    "   \t\n"
	    "jid me@h\n"
	    "\tfamily\t 4 \t\n"
	    "   # another\n"
	    "password \"" SECRET " \"\r\n"
	    "server = h:1\n"
	    "ca-file=\"a b\"\n"
	    "key \"\"quoted\"\"\n"
	    "certificate \"a \"b\" # c\"\n"
	    "allow a@h\n"
	    "allow = =\n"
	    "block-size 512"), 0, "a file");
	is(c.jid, "me@h", "a value");
	is_int(c.family, CONF_FAMILY_4, "with white space around");
	is(c.password, SECRET " ", "in quotes, with CRLF");
	is(c.server, "h:1", "behind =");
	is(c.ca_file, "a b", "in quotes behind =");
	is(c.key, "\"quoted\"", "in two pairs of quotes");
	is(c.certificate, "a \"b\" # c", "with quotes and # inside");
	is(item(&c, 0), "a@h", "in a list");
	is(item(&c, 1), "=", "which is =");
	is_int(c.block_size, 512, "in a line without an end");
	is(c.path, path("config"), "path");
	is(c.dir, dir, "dir");
	conf_free(&c);
	is_int(read_text(&c, 0600, ""), 0, "an empty file");
	conf_free(&c);
	is_int(read_text(&c, 0600, "jid a\njid b\n"), 0, "a value twice");
	is(c.jid, "b", "the last one counts");
	conf_free(&c);
}

static void
test_bad_file(void)
{
	static char text[70000];
	struct conf c;

	text_fails(0600, "jid a\n\npasswort " SECRET "\n",
	    "config:3: no such keyword; did you mean password?",
	    "a misspelt keyword");
	text_fails(0600, SECRET "\n", "config:1: no such keyword",
	    "a password alone");
	text_fails(0600, "passwort=" SECRET "\n", "did you mean password?",
	    "a misspelt keyword with =");
	text_fails(0600, "password:" SECRET "\n", "config:1: no such keyword",
	    "a colon");
	text_fails(0600, "jid\n", "config:1: jid needs a value", "no value");
	text_fails(0600, "jid \"\"\n", "config:1: jid needs a value",
	    "an empty value");
	text_fails(0600, "password \"" SECRET "\n", "no closing quote",
	    "no closing quote");
	text_fails(0600, "password \"\n", "no closing quote", "one quote");
	text_fails(0600, "password \"" SECRET "\" x\n", "no closing quote",
	    "something behind the quote");
	text_fails(0600, "\n\nblock-size 0\n", "config:3: block-size must be",
	    "a bad number");
	memset(text, 'x', 1200);
	memcpy(text, "jid ", 4);
	text_fails(0600, text, "config:1: jid is longer than 1024",
	    "a long line");
	memset(text, '\n', sizeof(text) - 1);
	text_fails(0600, text, "too large", "a large file");
	text[65537] = '\0';
	text_fails(0600, text, "too large", "one byte too many");
	text[65536] = '\0';
	is_int(read_text(&c, 0600, text), 0, "the largest file");
	conf_free(&c);
}

/* What cannot be said in a string, and what is not a file. */
static void
test_odd_file(void)
{
	static const char nul[] = "jid a\0b\nserver h\n";
	struct conf c;

	put_bytes("nul", 0600, nul, sizeof(nul) - 1);
	(void)setenv("XCAT_CONFIG", path("nul"), 1);
	conf_init(&c);
	fails(conf_read(&c, err), "NUL byte", "NUL in a file");
	conf_free(&c);
	(void)setenv("XCAT_CONFIG", dir, 1);
	fails(conf_read(&c, err), "is a folder", "a folder");
	conf_free(&c);
	(void)setenv("XCAT_CONFIG", "/dev/null", 1);
	is_int(conf_read(&c, err), 0, "/dev/null");
	ok(strstr(c.dir, "/.config/xcat") != NULL,
	    "does not put keys into /dev: %s", c.dir);
	conf_free(&c);
	(void)setenv("XCAT_CONFIG", path("none"), 1);
	fails(conf_read(&c, err), strerror(ENOENT), "a file that is not");
	is(c.dir, dir, "dir is known all the same");
	conf_free(&c);
}

static void
test_modes(void)
{
	struct conf c;

	is_int(read_text(&c, 0644, "jid me@h\n"), 0, "others may read it");
	conf_free(&c);
	is_int(read_text(&c, 0644, "password-command x\n"), 0,
	    "and the command in it");
	conf_free(&c);
	text_fails(0644, "password " SECRET "\n", "chmod 600",
	    "a password that others can read");
	text_fails(0640, "password " SECRET "\n", "chmod 600",
	    "a password that the group can read");
	text_fails(0644, "password " SECRET "\npassword-file x\n",
	    "chmod 600", "one that does not count");
	is_int(read_text(&c, 0400, "password " SECRET "\n"), 0, "mode 400");
	conf_free(&c);
	text_fails(0620, "jid me@h\n", "chmod go-w", "the group can write");
	text_fails(0602, "jid me@h\n", "chmod go-w", "others can write");
	if (geteuid() != 0)
		return;
	put("config", 0600, "jid me@h\n");
	if (chown(path("config"), 12345, (gid_t)-1) == 0) {
		conf_init(&c);
		fails(conf_read(&c, err), "belongs to someone else",
		    "a file of someone else");
		conf_free(&c);
	}
}

/* Where the file is looked for. */
static void
test_find(void)
{
	struct conf c;

	clear_env();
	(void)mkdir(path("xdg"), 0700);
	(void)mkdir(path("xdg/xcat"), 0700);
	(void)mkdir(path(".config"), 0700);
	(void)mkdir(path(".config/xcat"), 0700);
	conf_init(&c);
	is_int(conf_read(&c, err), 0, "no file");
	is(c.path, path(".config/xcat/config"), "path");
	is(c.dir, path(".config/xcat"), "dir");
	put(".config/xcat/config", 0600, "jid home\n");
	put("xdg/xcat/config", 0600, "jid xdg\n");
	put("named", 0600, "jid named\n");
	is_int(conf_read(&c, err), 0, "a file at home");
	is(c.jid, "home", "is read");
	(void)setenv("XDG_CONFIG_HOME", "xdg", 1);
	is_int(conf_read(&c, err), 0, "a relative XDG_CONFIG_HOME");
	is(c.jid, "home", "does not count");
	(void)setenv("XDG_CONFIG_HOME", path("xdg"), 1);
	is_int(conf_read(&c, err), 0, "XDG_CONFIG_HOME");
	is(c.jid, "xdg", "is read");
	(void)setenv("XCAT_CONFIG", path("named"), 1);
	is_int(conf_read(&c, err), 0, "XCAT_CONFIG");
	is(c.jid, "named", "is read");
	(void)setenv("XCAT_CONFIG", "", 1);
	is_int(conf_read(&c, err), 0, "an empty XCAT_CONFIG");
	is(c.jid, "xdg", "does not count");
	(void)setenv("XCAT_CONFIG", "none-here", 1);
	fails(conf_read(&c, err), "none-here", "a relative name");
	is(c.dir, ".", "is in .");
	(void)setenv("XCAT_CONFIG", "/none-here", 1);
	fails(conf_read(&c, err), "none-here", "one at the top");
	is(c.dir, "/", "is in /");
	(void)setenv("XCAT_CONFIG", "~/named", 1);
	is_int(conf_read(&c, err), 0, "one behind ~/");
	is(c.jid, "named", "is read");
	conf_free(&c);
	(void)setenv("XDG_CONFIG_HOME", path("named"), 1);
	(void)unsetenv("XCAT_CONFIG");
	is_int(conf_read(&c, err), 0, "a folder that is a file");
	conf_free(&c);
	clear_env();
}

static void
test_environment(void)
{
	static char huge[2000], variable[] = "XCAT_PASSWORD=" SECRET;
	struct conf c;

	(void)setenv("XCAT_JID", "env@h", 1);
	(void)putenv(variable);
	(void)setenv("XCAT_FOO", "bar", 1);
	is_int(read_text(&c, 0644, "jid file@h\npassword-file x\n"), 0,
	    "environment");
	is(c.jid, "env@h", "XCAT_JID before the file");
	is(c.password, SECRET, "XCAT_PASSWORD");
	ok(c.password_file == NULL, "before the file");
	ok(getenv("XCAT_PASSWORD") == NULL, "and no longer there");
	is(variable, "XCAT_PASSWORD=", "nor in the memory of the environment");
	is_int(conf_set(&c, "password-file", "y", 0, err), 0, "-p");
	ok(c.password == NULL, "before XCAT_PASSWORD");
	conf_free(&c);
	(void)setenv("XCAT_JID", "", 1);
	(void)setenv("XCAT_PASSWORD", "", 1);
	is_int(read_text(&c, 0644, "jid file@h\npassword-file x\n"), 0,
	    "empty variables");
	is(c.jid, "file@h", "do not count");
	is(c.password_file, "x", "nor this one");
	conf_free(&c);
	memset(huge, 'a', sizeof(huge) - 1);
	(void)setenv("XCAT_PASSWORD", huge, 1);
	text_fails(0600, "", "XCAT_PASSWORD: password is longer",
	    "a long XCAT_PASSWORD");
	clear_env();
}

/* --- the password --------------------------------------------------------- */

static int
from_file(struct conf *c, const char *file)
{
	conf_init(c);
	(void)conf_set(c, "password-file", file, 0, err);
	return conf_password(c, "me@h", err);
}

static void
file_fails(const char *file, const char *want, const char *what)
{
	struct conf c;

	fails(from_file(&c, file), want, what);
	ok(c.password == NULL, "%s: no password", what);
	conf_free(&c);
}

static void
test_password_file(void)
{
	static const struct {
		const char *text, *password;
	} good[] = {
		{ SECRET "\n", SECRET }, { SECRET, SECRET },
		{ SECRET "\r\n", SECRET }, { SECRET "\nmore\n", SECRET },
		{ " \"a b\" \n", " \"a b\" " }, { "a\rb\r\r\n", "a\rb\r" },
		{ "#x\n", "#x" },
	};
	char line[1027];
	struct conf c;
	size_t i;

	for (i = 0; i < COUNT(good); i++) {
		put("pw", 0600, good[i].text);
		is_int(from_file(&c, path("pw")), 0, "password file %zu", i);
		is(c.password, good[i].password, "is read");
		is_int(conf_password(&c, "me@h", err), 0, "and again");
		conf_free(&c);
	}
	memset(line, 'a', sizeof(line));
	put_bytes("pw", 0600, line, 1024);
	is_int(from_file(&c, path("pw")), 0, "1024 bytes");
	conf_free(&c);
	put_bytes("pw", 0600, line, 1025);
	file_fails(path("pw"), "too long", "1025 bytes");
	put_bytes("pw", 0600, SECRET "\0x\n", 10);
	file_fails(path("pw"), "not text", "NUL");
	put("pw", 0600, "");
	file_fails(path("pw"), "empty", "empty file");
	put("pw", 0600, "\n" SECRET);
	file_fails(path("pw"), "empty", "empty line");
	put("pw", 0644, SECRET "\n");
	file_fails(path("pw"), "chmod 600", "others can read it");
	put("pw", 0620, SECRET "\n");
	file_fails(path("pw"), "chmod go-w", "the group can write it");
	file_fails(path("none"), path("none"), "no file");
	file_fails(dir, "is a folder", "a folder");
}

/* Only the line is taken from a pipe. */
static void
test_password_pipe(void)
{
	char file[32], rest[16];
	struct conf c;
	int p[2];

	if (pipe(p) == -1 || write(p[1], SECRET "\nrest", 12) != 12)
		exit(1);
	(void)snprintf(file, sizeof(file), "/dev/fd/%d", p[0]);
	is_int(from_file(&c, file), 0, "a pipe");
	is(c.password, SECRET, "is read");
	is_int(read(p[0], rest, sizeof(rest)), 4, "and the rest is there");
	close(p[0]);
	close(p[1]);
	conf_free(&c);
}

static int confirms;		/* the child asks twice */

/* What a child that asks for the password tells. */
struct told {
	int	r;
	char	password[2048];
	char	err[CONF_ERR];
};

/*
 * Ask for the password in a process with in as its standard input, and with
 * tty, if not NULL, as its terminal.  Returns where it will tell.
 */
static int
ask(const char *command, int in, const char *tty, pid_t *pid)
{
	struct told t = { 0 };
	struct conf c;
	int p[2], fd;

	if (pipe(p) == -1 || (*pid = fork()) == -1)
		exit(1);
	if (*pid != 0) {
		close(p[1]);
		return p[0];
	}
	(void)setsid();
	if (tty != NULL) {
		if ((fd = open(tty, O_RDWR)) == -1)
			_exit(1);
		(void)ioctl(fd, TIOCSCTTY, 0);
		if (in == -1)
			in = fd;
	}
	if (in != -1 && dup2(in, STDIN_FILENO) == -1)
		_exit(1);
	(void)signal(SIGPIPE, SIG_IGN);
	conf_init(&c);
	if (command != NULL)
		(void)conf_set(&c, "password-command", command, 1, t.err);
	t.r = conf_password(&c, "me@h", t.err);
	if (t.r == 0 && confirms)
		t.r = conf_password_confirm(&c, "me@h", t.err);
	if (c.password != NULL)
		(void)strlcpy(t.password, c.password, sizeof(t.password));
	conf_free(&c);
	_exit(write(p[1], &t, sizeof(t)) != (ssize_t)sizeof(t));
}

static void
hear(int fd, pid_t pid, struct told *t)
{
	int status;

	memset(t, 0, sizeof(*t));
	t->r = -2;
	if (read(fd, t, sizeof(*t)) != (ssize_t)sizeof(*t))
		t->r = -2;
	close(fd);
	(void)waitpid(pid, &status, 0);
}

static void
command(const char *text, int in, const char *want)
{
	struct told t;
	pid_t pid;
	int fd = ask(text, in, NULL, &pid);

	hear(fd, pid, &t);
	is_int(t.r, 0, "command: %s", text);
	is(t.password, want, "its password");
}

static void
command_fails(const char *text, const char *want)
{
	struct told t;
	pid_t pid;
	int fd = ask(text, -1, NULL, &pid);

	hear(fd, pid, &t);
	(void)strlcpy(err, t.err, sizeof(err));
	fails(t.r, want, text);
	is(t.password, "", "no password");
}

static void
test_command(void)
{
	char rest[16];
	int p[2];

	command("echo " SECRET, -1, SECRET);
	command("printf " SECRET, -1, SECRET);
	command("printf '" SECRET "\\r\\n'", -1, SECRET);
	command("printf 'a b \\nsecond\\n'", -1, "a b ");
	command("echo a; yes | head -c 1000000; exit 0", -1, "a");
	command("echo \"${XCAT_PASSWORD-unset}\"", -1, "unset");
	command_fails("echo " SECRET "; exit 3", "failed with status 3");
	command_fails("exit 1", "failed with status 1");
	command_fails("/none/" SECRET " 2>/dev/null", "status 127");
	command_fails("echo " SECRET "; kill -9 $$", "killed by signal 9");
	command_fails("true", "empty");
	command_fails("echo; echo " SECRET, "empty");
	command_fails("printf '" SECRET "\\0\\n'", "not text");
	command_fails("yes " SECRET " | head -c 5000 | tr -d '\\n'",
	    "too long");

	if (pipe(p) == -1 || write(p[1], "payload\n", 8) != 8)
		exit(1);
	command("read x; echo \"got ${x:-nothing}\"", p[0], "got nothing");
	is_int(read(p[0], rest, sizeof(rest)), 8, "and the payload is there");
	close(p[0]);
	close(p[1]);
}

/* We may ignore the signal; to the command it is what it is elsewhere. */
static void
test_sigpipe(void)
{
	command("sh -c 'kill -PIPE $$'; echo $?", -1, "141");
}

/* Our parent may ignore the signal, and we inherit that. */
static void
test_sigchld(void)
{
	(void)signal(SIGCHLD, SIG_IGN);
	command("echo " SECRET, -1, SECRET);
	(void)signal(SIGCHLD, SIG_DFL);
}

static void
test_closed_stdout(void)
{
	struct told t;
	int out = dup(STDOUT_FILENO), fd;
	pid_t pid;

	(void)fflush(stdout);
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	fd = ask("echo " SECRET, -1, NULL, &pid);
	hear(fd, pid, &t);
	(void)open("/dev/null", O_RDONLY);
	(void)dup2(out, STDOUT_FILENO);
	(void)close(out);
	is_int(t.r, 0, "a command without stdin and stdout");
	is(t.password, SECRET, "its password");
}

/* --- the terminal --------------------------------------------------------- */

static int
open_terminal(const char **name)
{
	int fd;

	if ((fd = posix_openpt(O_RDWR | O_NOCTTY)) == -1 ||
	    grantpt(fd) == -1 || unlockpt(fd) == -1 ||
	    (*name = ptsname(fd)) == NULL)
		return -1;
	return fd;
}

/* What the terminal shows, until want is in it or it is quiet for long. */
static void
watch(int fd, char *seen, size_t size, const char *want)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t n = strlen(seen);
	ssize_t r;

	while (strstr(seen, want) == NULL && n + 1 < size &&
	    poll(&pfd, 1, 5000) == 1 &&
	    (r = read(fd, seen + n, size - 1 - n)) > 0) {
		n += (size_t)r;
		seen[n] = '\0';
	}
}

/* Ask at a terminal of its own, which has then shown the first question: the
 * terminal, and the descriptor and the process that tell; -1: there is none. */
static int
ask_at_terminal(struct told *t, char *seen, size_t size, int *fd, pid_t *pid)
{
	const char *name;
	int tty;

	memset(t, 0, sizeof(*t));
	*seen = '\0';
	if ((tty = open_terminal(&name)) == -1)
		return -1;
	*fd = ask(NULL, -1, name, pid);
	watch(tty, seen, size, "Password for me@h: ");
	return tty;
}

static void
answer(const char *typed, struct told *t, char *seen, size_t size)
{
	int fd, tty;
	pid_t pid;

	tty = ask_at_terminal(t, seen, size, &fd, &pid);
	if (tty == -1)
		return;
	if (write(tty, typed, strlen(typed)) == -1)
		perror("terminal");
	watch(tty, seen, size, "\n");
	hear(fd, pid, t);
	close(tty);
}

static void
test_prompt(void)
{
	char seen[4096], line[1100];
	struct told t;

	answer(SECRET "\n", &t, seen, sizeof(seen));
	is_int(t.r, 0, "prompt");
	is(t.password, SECRET, "is answered");
	ok(strstr(seen, "Password for me@h: ") != NULL, "asked by name");
	ok(strstr(seen, SECRET) == NULL, "without an echo");
	answer("\n", &t, seen, sizeof(seen));
	(void)strlcpy(err, t.err, sizeof(err));
	fails(t.r, "no password given", "an empty answer");
	memset(line, 'a', sizeof(line));
	line[1030] = '\n';
	line[1031] = '\0';
	answer(line, &t, seen, sizeof(seen));
	(void)strlcpy(err, t.err, sizeof(err));
	fails(t.r, "longer than 1024", "a long answer");
}

static void
answer_twice(const char *second, struct told *t, char *seen, size_t size)
{
	int fd, tty;
	pid_t pid;

	confirms = 1;
	tty = ask_at_terminal(t, seen, size, &fd, &pid);
	confirms = 0;
	if (tty == -1)
		return;
	if (write(tty, SECRET "\n", strlen(SECRET) + 1) == -1)
		perror("terminal");
	watch(tty, seen, size, "Password for me@h, again: ");
	if (write(tty, second, strlen(second)) == -1)
		perror("terminal");
	hear(fd, pid, t);
	close(tty);
}

/* --register: the second time it is said that it is the second. */
static void
test_confirm(void)
{
	char seen[4096];
	struct told t;

	answer_twice(SECRET "\n", &t, seen, sizeof(seen));
	is_int(t.r, 0, "typed twice");
	is(t.password, SECRET, "is the password");
	answer_twice("other\n", &t, seen, sizeof(seen));
	(void)strlcpy(err, t.err, sizeof(err));
	fails(t.r, "the two passwords differ; try again", "two of them");
	confirms = 1;
	command("echo " SECRET, -1, SECRET);
	confirms = 0;
}

static void
test_no_prompt(void)
{
	struct told t;
	pid_t pid;
	int fd = ask(NULL, -1, NULL, &pid);

	hear(fd, pid, &t);
	(void)strlcpy(err, t.err, sizeof(err));
	fails(t.r, "no terminal to ask on; give it by -p file, "
	    "password-command or XCAT_PASSWORD", "no terminal");
}

/* A command may ask on the terminal that is our standard input. */
static void
test_command_terminal(void)
{
	struct told t;
	const char *name;
	pid_t pid;
	int fd, tty;

	if ((tty = open_terminal(&name)) == -1)
		return;
	fd = ask("read x; echo \"got $x\"", -1, name, &pid);
	if (write(tty, "typed\n", 6) == -1)
		perror("terminal");
	hear(fd, pid, &t);
	close(tty);
	is_int(t.r, 0, "a command that reads the terminal");
	is(t.password, "got typed", "is let");
}

static void
clean(void)
{
	char rm[64];

	(void)snprintf(rm, sizeof(rm), "rm -rf %s", dir);
	(void)!system(rm);
}

int
main(void)
{
	(void)alarm(60);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)umask(022);
	if (mkdtemp(dir) == NULL)
		return 1;
	clear_env();
	test_defaults();
	test_strings();
	test_bools();
	test_numbers();
	test_words();
	test_udp();
	test_list();
	test_unknown();
	test_options();
	test_paths();
	test_sources();
	test_given();
	test_file();
	test_bad_file();
	test_odd_file();
	test_modes();
	test_find();
	test_environment();
	test_password_file();
	test_password_pipe();
	test_command();
	test_sigpipe();
	test_sigchld();
	test_closed_stdout();
	test_prompt();
	test_confirm();
	test_no_prompt();
	test_command_terminal();
	clean();
	return tap_done();
}

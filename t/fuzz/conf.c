/*
 * Fuzzer of what the user writes: the first line says what the rest is:
 *
 *	config		the configuration file; and behind it, what is the
 *			matter with it: open (others may write to it), read
 *			(they may read it), folder, none, device, or where it
 *			is: home, xdg, nohome (of the user's, and there is
 *			none), tilde
 *	option		-o, by line
 *	allow		-a, by line, and JIDs to be judged, with ? before;
 *			< begins an item of the roster; = stands before what
 *			alone is allowed from then on
 *	service		services of a listener, and with ? before, names that
 *			are asked for, & for datagrams, % for bytes; ! what a
 *			caller asks for
 *	remote		the keyword remote of a listener, by line; and with ?
 *			before, places that are asked for; - a value of -R; !
 *			what one says to the other
 *	where		-c and -x, by line
 *	environment	all_proxy, no_proxy, and by line, hosts to be reached
 */
#include <sys/types.h>
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/remote_spec.h"
#include "net/channel/remote_words.h"
#include "net/channel/service.h"
#include "net/dial/addr.h"
#include "net/conf/allow.h"
#include "net/conf/conf.h"
#include "net/dial/addr.h"
#include "net/dial/proxy.h"
#include "net/transport/discover.h"
#include "net/transport/endpoint_parse.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/script.h"
#include "t/lib/kept.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/utf8.h"

#define LIST	16
#define SEEN	(256 * 1024)	/* bytes of all keywords */

/* What conf_each() says. */
struct seen {
	struct buf	 text;
	struct conf	*again;		/* gets it, too; or NULL */
};

/* Where it is looked for: in a folder where it is not, or by its name. */
static void
place_config(const char *what)
{
	unsetenv("XCAT_CONFIG");
	unsetenv("XDG_CONFIG_HOME");
	setenv("HOME", kept_dir, 1);
	setenv("XCAT_JID", strcmp(what, "tilde") == 0 ? "a@b/c" : "", 1);
	if (strcmp(what, "xdg") == 0)
		setenv("XDG_CONFIG_HOME", kept_dir, 1);
	else if (strcmp(what, "nohome") == 0)
		unsetenv("HOME");
	else if (strcmp(what, "tilde") == 0)
		setenv("XCAT_CONFIG", "~/config", 1);
	else if (strcmp(what, "device") == 0)
		setenv("XCAT_CONFIG", "/dev/null", 1);
	else if (strcmp(what, "home") != 0)
		setenv("XCAT_CONFIG", kept_path, 1);
}

static void
put_config(const char *what, const uint8_t *data, size_t len)
{
	kept_once("config");
	rmdir(kept_path);
	kept_put((const char *)data, len, strcmp(what, "open") == 0 ? 0666 :
	    strcmp(what, "read") == 0 ? 0644 : 0600);
	if (strcmp(what, "none") == 0 || strcmp(what, "folder") == 0)
		unlink(kept_path);
	if (strcmp(what, "folder") == 0)
		must(mkdir(kept_path, 0700) == 0);
}

/* What the file alone says can be forgotten, what options say cannot. */
static void
forget(struct conf *c)
{
	static const char *const	 keywords[] = { "forward",
					     "keep-listening", "receive", "x" };
	const struct conf_item		*i;
	size_t				 n;

	for (n = 0; n < sizeof(keywords) / sizeof(keywords[0]); n++)
		conf_ignore(c, keywords[n]);
	STAILQ_FOREACH(i, &c->forward, next)
		must(i->given);
	must(conf_given(c, "receive") || c->receive == NULL);
	must(conf_given(c, "keep-listening") || !c->keep);
	must(!conf_given(c, "x"));
}

static void
config(const char *what, const uint8_t *data, size_t len)
{
	struct conf	 c;
	char		 err[CONF_ERR];

	put_config(what, data, len);
	place_config(what);
	conf_init(&c);
	if (conf_read(&c, err) == -1)
		must(*err != '\0' && strchr(err, '\n') == NULL);
	else
		must(c.path != NULL && c.dir != NULL);
	if (*what == '\0')
		must(strcmp(c.path, kept_path) == 0);
	must(getenv("XCAT_PASSWORD") == NULL);
	forget(&c);
	conf_free(&c);
}

/* What conf_each() says, a line for each keyword, can be set again. */
static int
on_see(void *arg, const char *keyword, const char *value, unsigned run)
{
	struct seen	*seen = arg;
	char		 err[CONF_ERR];

	must(run == 0 || run == CONF_RUN);
	must(buf_addstr(&seen->text, keyword) == 0);
	must(buf_addstr(&seen->text, value) == 0);
	must(buf_add(&seen->text, "\n", 1) == 0);
	if (seen->again != NULL)
		must(conf_set(seen->again, keyword, value, 0, err) == 0);
	return 0;
}

static void
see_again(const struct conf *c)
{
	struct conf	 again, lists;
	struct seen	 first = { .again = &again }, second = { 0 };
	char		 err[CONF_ERR];

	conf_init(&again);
	conf_init(&lists);
	buf_init(&first.text, SEEN);
	buf_init(&second.text, SEEN);
	must(conf_each(c, on_see, &first) == 0);
	must(conf_each(&again, on_see, &second) == 0);
	must(buf_len(&first.text) == buf_len(&second.text) &&
	    memcmp(buf_data(&first.text), buf_data(&second.text),
	    buf_len(&first.text)) == 0);
	must(conf_af(&again) == conf_af(c));
	/* All that is in a list was given by an option. */
	must(conf_add_given(&lists, c, err) == 0);
	must(STAILQ_EMPTY(&lists.allow) == STAILQ_EMPTY(&c->allow));
	buf_free(&first.text);
	buf_free(&second.text);
	conf_free(&again);
	conf_free(&lists);
}

static void
options(struct script *s)
{
	struct conf	 c;
	const char	*line;
	char		 err[CONF_ERR];

	conf_init(&c);
	while ((line = script_line(s)) != NULL)
		if (*line == '-' && line[1] != '\0')
			(void)!conf_letter(&c, line[1], line + 2, err);
		else if (conf_option(&c, line, err) == -1)
			must(*err != '\0');
	must(c.password == NULL && c.password_command == NULL);
	see_again(&c);
	forget(&c);
	conf_free(&c);
}

/* At most LIST lines that do not begin with a mark, copied. */
static size_t
list(struct script *s, char **out)
{
	struct script	 old = *s;
	const char	*line;
	size_t		 n = 0;

	while (n < LIST && (line = script_line(s)) != NULL &&
	    strchr("?<&%=", *line) == NULL) {
		must((out[n++] = strdup(line)) != NULL);
		old = *s;
	}
	*s = old;
	return n;
}

static void
renew(struct allow *a, char *word)
{
	struct conf_item	 item = { .value = word };
	struct conf_list	 who = STAILQ_HEAD_INITIALIZER(who);
	struct allow		*next;
	char			 err[ALLOW_ERR];

	STAILQ_INSERT_TAIL(&who, &item, next);
	if ((next = allow_new(&who, "us@here.example", err)) == NULL)
		must(*err != '\0');
	else
		allow_renew(a, next);
}

static void
judge(struct allow *a, char *line)
{
	static const char	 key[] = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
				    "AAAAAAAAAAAAA";
	enum allow_result	 r;
	struct elem		*e;

	if (*line == '<' && (e = stanza_parse(line)) != NULL) {
		allow_contact(a, e);
		elem_free(e);
	} else if (*line == '=') {
		renew(a, line + 1);
	} else if (*line == '?') {
		r = allow_check(a, line + 1);
		must(r != ALLOW_KEY || allow_wants_key(a));
		if (r == ALLOW_YES)
			must(allow_key(a, line + 1, key));
	}
}

static void
allow(struct script *s)
{
	struct conf_item	 items[LIST];
	struct conf_list	 who = STAILQ_HEAD_INITIALIZER(who);
	struct allow		*a;
	char			*words[LIST], err[ALLOW_ERR], *line;
	size_t			 i, n = list(s, words);

	for (i = 0; i < n; i++) {
		items[i].value = words[i];
		STAILQ_INSERT_TAIL(&who, &items[i], next);
	}
	if ((a = allow_new(&who, "us@here.example", err)) == NULL) {
		must(*err != '\0');
	} else {
		allow_roster_begins(a);
		while ((line = script_line(s)) != NULL)
			judge(a, line);
		allow_roster_ends(a);
		must(allow_check(a, "us@here.example/x") != ALLOW_NO);
		allow_free(a);
	}
	for (i = 0; i < n; i++)
		free(words[i]);
}

static void
find(const struct services *sv, enum service_for what, char *asked)
{
	struct target	 t;
	char		*host = NULL, *port = NULL, err[SERVICE_ERR];

	if (*asked != '\0' && addr_split(asked, &host, &port) == -1)
		return;
	if (services_match(sv, host, port, what, &t, err) != SERVICE_FOUND) {
		must(*err != '\0');
		return;
	}
	must(what == SERVICE_FOR_ANY ||
	    (what == SERVICE_FOR_DATAGRAMS) == (t.kind == TARGET_UDP));
	must(t.kind != TARGET_COMMAND || services_run_commands(sv));
	if (t.kind == TARGET_TCP || t.kind == TARGET_UDP)
		must(*t.host != '\0' && t.port != 0);
	else
		must((t.kind == TARGET_UNIX ? t.path : t.command) != NULL);
}

/* What a caller asks for, before it does. */
static void
ask(char *asked)
{
	char	*host, *port, err[SERVICE_ERR];

	if (service_asked(asked, &host, &port, err) == 0)
		must(*host != '\0' && (port == NULL || *port != '\0'));
	else
		must(*err != '\0');
}

static void
service_line(const struct services *sv, char *line)
{
	switch (*line) {
	case '?':
		find(sv, SERVICE_FOR_ANY, line + 1);
		break;
	case '&':
		find(sv, SERVICE_FOR_DATAGRAMS, line + 1);
		break;
	case '%':
		find(sv, SERVICE_FOR_BYTES, line + 1);
		break;
	case '!':
		ask(line + 1);
		break;
	default:
		break;
	}
}

static void
service(struct script *s)
{
	struct services	*sv;
	char		*words[LIST], err[SERVICE_ERR], text[64], *line;
	size_t		 i, n = list(s, words);

	if ((sv = services_new(words, n, n / 2, err)) == NULL)
		must(*err != '\0');
	else
		must(strlen(services_text(sv, text, sizeof(text))) <
		    sizeof(text));
	while (sv != NULL && (line = script_line(s)) != NULL)
		service_line(sv, line);
	services_free(sv);
	for (i = 0; i < n; i++)
		free(words[i]);
}

/* Nothing is allowed that was not listed, and what is tried for port 0 is
 * allowed. */
static void
place(const struct remote_allowed *a, const char *where)
{
	char			 err[REMOTE_ERR], text[REMOTE_PLACE];
	struct remote_place	 p, again;
	uint16_t		 port = 0;
	int			 i;

	if (remote_place_read(where, &p, err) == -1) {
		must(*err != '\0');
		return;
	}
	must(remote_place_read(remote_place_text(&p, p.port, text), &again,
	    err) == 0);
	must(strcmp(p.host, again.host) == 0 && p.port == again.port);
	must(!remote_allows(a, &p) || remote_allows_any(a));
	for (i = 0; i < LIST && remote_next(a, &p, &port) && port != 0; i++) {
		again.port = port;
		must(remote_allows(a, &again));
	}
}

static void
remote_line(const struct remote_allowed *a, char *line)
{
	struct remote_line	 l;
	struct remote_spec	 spec;
	char			 err[REMOTE_ERR];
	size_t			 len = strlen(line);

	if (*line == '?') {
		place(a, line + 1);
	} else if (*line == '-') {
		if (remote_spec(line + 1, &spec, err) == 0)
			must(*spec.where != '\0' && *spec.target != '\0');
		else
			must(*err != '\0');
	} else if (*line == '!') {
		line[len] = '\n';	/* in place of its NUL */
		if (remote_words_read((unsigned char *)line + 1, len, &l) > 0)
			must(l.number > 0 && l.number <= REMOTE_PORTS);
		line[len] = '\0';
	}
}

static void
remote(struct script *s)
{
	struct conf_item	 items[LIST];
	struct conf_list	 ports = STAILQ_HEAD_INITIALIZER(ports);
	struct remote_allowed	*a;
	char			*words[LIST], err[REMOTE_ERR], *line;
	size_t			 i, n = list(s, words);

	for (i = 0; i < n; i++) {
		items[i].value = words[i];
		STAILQ_INSERT_TAIL(&ports, &items[i], next);
	}
	if ((a = remote_allowed_new(&ports, err)) == NULL)
		must(*err != '\0');
	while ((line = script_line(s)) != NULL)
		remote_line(a, line);
	remote_allowed_free(a);
	for (i = 0; i < n; i++)
		free(words[i]);
}

static void
places(struct script *s)
{
	const char	*line;
	struct proxy	 p;
	struct endpoint	 w;
	char		 err[PROXY_ERR], text[ENDPOINT_TEXT];

	while ((line = script_line(s)) != NULL) {
		if (endpoint_parse(line, DISCOVER_ANY, (int)(strlen(line) % 2),
		    NULL, &w, err) == 0)
			must(*w.host != '\0' && w.port != 0 &&
			    *endpoint_text(&w, text) != '\0' &&
			    endpoint_same(&w, &w));
		else
			must(*err != '\0');
		if (proxy_parse(line, &p, err) == 0)
			must(*p.host != '\0' && p.port != 0 && proxy_for(&p,
			    "localhost") == &p);
		else
			must(*err != '\0' && strstr(err, "secret") == NULL);
	}
}

static void
environment(struct script *s)
{
	const char	*line;
	struct proxy	 p;
	char		 err[PROXY_ERR];
	int		 r;

	if ((line = script_line(s)) == NULL || setenv("all_proxy", line, 1) ==
	    -1 || (line = script_line(s)) == NULL)
		return;
	setenv("no_proxy", line, 1);
	r = proxy_environment(&p, err);
	must(r != -1 || *err != '\0');
	while (r == 1 && (line = script_line(s)) != NULL)
		if (proxy_for(&p, line) == NULL)
			must(p.except != NULL && *p.except != '\0');
	unsetenv("all_proxy");
	unsetenv("no_proxy");
}

int
fuzz_conf(const uint8_t *data, size_t size)
{
	struct script	 s;
	const uint8_t	*rest;
	const char	*line;
	char		 what[16];
	size_t		 len;

	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL)
		return 0;
	if (strncmp(line, "config", 6) == 0) {
		strlcpy(what, line[6] == ' ' ? line + 7 : "", sizeof(what));
		rest = script_rest(&s, &len);
		config(what, rest, len);
	} else if (strcmp(line, "option") == 0) {
		options(&s);
	} else if (strcmp(line, "allow") == 0) {
		allow(&s);
	} else if (strcmp(line, "remote") == 0) {
		remote(&s);
	} else if (strcmp(line, "service") == 0) {
		service(&s);
	} else if (strcmp(line, "environment") == 0) {
		environment(&s);
	} else if (strcmp(line, "where") == 0) {
		places(&s);
	}
	return 0;
}

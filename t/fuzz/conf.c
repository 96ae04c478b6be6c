/*
 * Fuzzer of what the user writes: the first line says what the rest is:
 *
 *	config		the configuration file
 *	option		-o, by line
 *	allow		-a, by line, and JIDs to be judged, with ? before;
 *			< begins an item of the roster
 *	service		services of a listener, and with ? before, names that
 *			are asked for
 *	where		-c and -x, by line
 *	environment	all_proxy, no_proxy, and by line, hosts to be reached
 */
#include <sys/types.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
#include "t/lib/stanza.h"
#include "xml/elem.h"
#include "xml/utf8.h"

#define must(x)	do { if (!(x)) abort(); } while (0)
#define LIST	16

static void
config(const uint8_t *data, size_t len)
{
	static pid_t	 made;
	struct conf	 c;
	char		 err[CONF_ERR];

	if (made != getpid()) {
		made = getpid();
		kept_begin("config");
		atexit(kept_clean);
		setenv("XCAT_CONFIG", kept_path, 1);
	}
	kept_put((const char *)data, len, 0600);
	must(conf_init(&c) == 0);
	if (conf_read(&c, err) == -1)
		must(*err != '\0' && strchr(err, '\n') == NULL);
	must(strcmp(c.path, kept_path) == 0);
	conf_free(&c);
}

static void
options(struct script *s)
{
	struct conf	 c;
	const char	*line;
	char		 err[CONF_ERR];

	must(conf_init(&c) == 0);
	while ((line = script_line(s)) != NULL)
		if (*line == '-' && line[1] != '\0')
			(void)!conf_letter(&c, line[1], line + 2, err);
		else if (conf_option(&c, line, err) == -1)
			must(*err != '\0');
	must(c.password == NULL && c.password_command == NULL);
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
	    strchr("?<", *line) == NULL) {
		must((out[n++] = strdup(line)) != NULL);
		old = *s;
	}
	*s = old;
	return n;
}

static void
judge(struct allow *a, const char *line)
{
	static const char	 key[] = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
				    "AAAAAAAAAAAAA";
	enum allow_result	 r;
	struct elem		*e;

	if (*line == '<' && (e = stanza_parse(line)) != NULL) {
		allow_contact(a, e);
		elem_free(e);
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
	const char		*line;
	char			*words[LIST], err[ALLOW_ERR];
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
find(const struct services *sv, char *asked)
{
	struct target	 t;
	char		*host = NULL, *port = NULL, err[SERVICE_ERR];

	if (*asked != '\0' && addr_split(asked, &host, &port) == -1)
		return;
	if (services_match(sv, host, port, &t, err) == -1) {
		must(*err != '\0');
		return;
	}
	if (t.kind == TARGET_TCP)
		must(*t.host != '\0' && t.port != 0);
	else
		must((t.kind == TARGET_UNIX ? t.path : t.command) != NULL);
}

static void
service(struct script *s)
{
	struct services	*sv;
	char		*words[LIST], err[SERVICE_ERR], *line;
	size_t		 i, n = list(s, words);

	if ((sv = services_new(words, n, err)) == NULL)
		must(*err != '\0');
	while (sv != NULL && (line = script_line(s)) != NULL)
		if (*line == '?')
			find(sv, line + 1);
	services_free(sv);
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
	size_t		 len;

	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL)
		return 0;
	if (strcmp(line, "config") == 0) {
		rest = script_rest(&s, &len);
		config(rest, len);
	} else if (strcmp(line, "option") == 0) {
		options(&s);
	} else if (strcmp(line, "allow") == 0) {
		allow(&s);
	} else if (strcmp(line, "service") == 0) {
		service(&s);
	} else if (strcmp(line, "environment") == 0) {
		environment(&s);
	} else if (strcmp(line, "where") == 0) {
		places(&s);
	}
	return 0;
}

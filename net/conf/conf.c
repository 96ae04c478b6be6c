/* conf: see conf.h.  Here is the table of keywords; conffile.c reads it. */
#include <sys/queue.h>
#include <sys/socket.h>

#include <openssl/crypto.h>

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/conf/conf.h"
#include "net/conf/conffile.h"
#include "xml/number.h"

#define UPGRADE_AFTER	(256 * 1024)
#define MEMORY_LEAST		(1024L * 1024)
#define INVITE_TIME		3600	/* s */
#define INVITE_MOST		(7 * 24 * 3600)
#define SHARE_MOST		(7 * 24 * 3600)
#define MAX_STREAMS		1024
#define MAX_STREAMS_PER_PEER	512
#define UDP_CLIENTS		256
#define UDP_IDLE		300	/* s */
#define VALUE_MAX	1024

enum type { CONF_LIST, CONF_LONG, CONF_PATH, CONF_STRING, CONF_WORD };

struct word {
	const char	*name;
	int		 value;
};

/* Other names of yes and no. */
#define ALSO_YES(n)	{ "true", n }, { "on", n }
#define ALSO_NO(n)	{ "false", n }, { "off", n }

static const struct word yesno[] = {
	{ "yes", 1 }, ALSO_YES(1), { "no", 0 }, ALSO_NO(0), { NULL, 0 }
};

static const struct word families[] = {
	{ "any", CONF_FAMILY_ANY }, { "4", CONF_FAMILY_4 },
	{ "6", CONF_FAMILY_6 },
	{ NULL, 0 }
};

static const struct word sessions[] = {
	{ "prefer", CONF_E2E_PREFER }, { "require", CONF_E2E_REQUIRE },
	{ "off", CONF_E2E_OFF },
	{ NULL, 0 }
};

static const struct word transports[] = {
	{ "auto", CONF_TRANSPORT_AUTO }, { "tcp", CONF_TRANSPORT_TCP },
	{ "websocket", CONF_TRANSPORT_WEBSOCKET },
	{ "bosh", CONF_TRANSPORT_BOSH },
	{ NULL, 0 }
};

static const struct word carriers[] = {
	{ "auto", CONF_CARRIER_AUTO }, { "ibb", CONF_CARRIER_IBB },
	{ "s5b", CONF_CARRIER_S5B },
	{ NULL, 0 }
};

static const struct word policies[] = {
	{ "auto", CONF_POLICY_AUTO }, { "public", CONF_POLICY_PUBLIC },
	{ "any", CONF_POLICY_ANY },
	{ NULL, 0 }
};

static const struct word owners[] = {
	{ "peer", CONF_KNOWN_PEER }, { "account", CONF_KNOWN_ACCOUNT },
	{ NULL, 0 }
};

static const struct word logs[] = {
	{ "text", CONF_LOG_TEXT }, { "json", CONF_LOG_JSON },
	{ NULL, 0 }
};

static const struct word presences[] = {
	{ "contacts", CONF_PRESENCE_CONTACTS },
	{ "peer", CONF_PRESENCE_PEER }, { "none", CONF_PRESENCE_NONE },
	{ NULL, 0 }
};

static const struct word uploads[] = {
	{ "yes", CONF_UPLOAD_YES }, ALSO_YES(CONF_UPLOAD_YES),
	{ "absent", CONF_UPLOAD_ABSENT },
	{ "no", CONF_UPLOAD_NO }, ALSO_NO(CONF_UPLOAD_NO),
	{ NULL, 0 }
};

/* In place of a number. */
static const struct word waits[] = {
	{ "forever", CONF_WAIT_FOREVER },
	{ "no", CONF_WAIT_NO }, ALSO_NO(CONF_WAIT_NO), { NULL, 0 }
};

static const struct word levels[] = {
	{ "-1", -1 }, { "0", 0 }, { "1", 1 }, { "2", 2 },
	{ NULL, 0 }
};

/* In place of a number. */
static const struct word shares[] = {
	{ "yes", CONF_SHARE_TIME }, ALSO_YES(CONF_SHARE_TIME),
	{ "no", 0 }, ALSO_NO(0), { NULL, 0 }
};

#define FILEONLY	1		/* a secret: never from argv */
#define SOURCE		2		/* one of the ways to the password */

static const struct keyword {
	const char		*name;
	size_t			 where;
	enum type		 type;
	unsigned		 flags;
	const struct word	*words;		/* of a WORD; of a LONG, those
						 * that stand for numbers */
	long			 min, max;	/* of a LONG */
} keywords[] = {				/* sorted by name */
#define AT(field)	offsetof(struct conf, field)
	{ "allow", AT(allow), CONF_LIST, 0, NULL, 0, 0 },
	{ "background", AT(background), CONF_WORD, CONF_RUN, yesno, 0, 0 },
	{ "block-size", AT(block_size), CONF_LONG, CONF_RUN, NULL, 1, 65535 },
	{ "ca-file", AT(ca_file), CONF_PATH, 0, NULL, 0, 0 },
	{ "carrier", AT(carrier), CONF_WORD, 0, carriers, 0, 0 },
	{ "certificate", AT(certificate), CONF_PATH, 0, NULL, 0, 0 },
	{ "cleartext", AT(cleartext), CONF_WORD, 0, yesno, 0, 0 },
	{ "close-at-eof", AT(close_at_eof), CONF_WORD, CONF_RUN, yesno, 0, 0 },
	{ "e2e", AT(e2e), CONF_WORD, 0, sessions, 0, 0 },
	{ "family", AT(family), CONF_WORD, 0, families, 0, 0 },
	{ "fast", AT(fast), CONF_WORD, 0, yesno, 0, 0 },
	{ "forward", AT(forward), CONF_LIST, CONF_RUN, NULL, 0, 0 },
	{ "grace", AT(grace), CONF_LONG, 0, NULL, 0, INT_MAX / 1000 },
	{ "invite", AT(invite), CONF_WORD, 0, yesno, 0, 0 },
	{ "invite-time", AT(invite_time), CONF_LONG, 0, NULL, 1, INVITE_MOST },
	{ "jid", AT(jid), CONF_STRING, 0, NULL, 0, 0 },
	{ "keep-listening", AT(keep), CONF_WORD, 0, yesno, 0, 0 },
	{ "key", AT(key), CONF_PATH, 0, NULL, 0, 0 },
	{ "known", AT(known), CONF_WORD, 0, owners, 0, 0 },
	{ "log", AT(log), CONF_WORD, 0, logs, 0, 0 },
	{ "max-size", AT(max_size), CONF_LONG, 0, NULL, 0, LONG_MAX },
	{ "max-streams", AT(max_streams), CONF_LONG, 0, NULL, 1, 65535 },
	{ "max-streams-per-peer", AT(max_streams_per_peer), CONF_LONG, 0,
	    NULL, 1, 65535 },
	{ "memory", AT(memory), CONF_LONG, 0, NULL, MEMORY_LEAST, LONG_MAX },
	{ "message", AT(message), CONF_WORD, CONF_RUN, yesno, 0, 0 },
	{ "no-stdin", AT(no_stdin), CONF_WORD, CONF_RUN, yesno, 0, 0 },
	{ "oob", AT(oob), CONF_STRING, 0, NULL, 0, 0 },
	{ "password", AT(password), CONF_STRING, FILEONLY | SOURCE,
	    NULL, 0, 0 },
	{ "password-command", AT(password_command), CONF_STRING,
	    FILEONLY | SOURCE, NULL, 0, 0 },
	{ "password-file", AT(password_file), CONF_PATH, SOURCE, NULL, 0, 0 },
	{ "plain", AT(plain), CONF_WORD, 0, yesno, 0, 0 },
	{ "portmap", AT(portmap), CONF_WORD, 0, yesno, 0, 0 },
	{ "presence", AT(presence), CONF_WORD, 0, presences, 0, 0 },
	{ "proxy", AT(proxy), CONF_STRING, 0, NULL, 0, 0 },
	{ "punch", AT(punch), CONF_WORD, 0, yesno, 0, 0 },
	{ "receive", AT(receive), CONF_PATH, 0, NULL, 0, 0 },
	{ "remote", AT(remote), CONF_LIST, 0, NULL, 0, 0 },
	{ "reverse", AT(reverse), CONF_LIST, CONF_RUN, NULL, 0, 0 },
	{ "road", AT(transport), CONF_WORD, 0, transports, 0, 0 }, /* old */
	{ "s5b-proxy", AT(s5b_proxy), CONF_LIST, 0, NULL, 0, 0 },
	{ "sandbox", AT(sandbox), CONF_WORD, 0, yesno, 0, 0 },
	{ "server", AT(server), CONF_STRING, 0, NULL, 0, 0 },
	{ "service", AT(service), CONF_LIST, 0, NULL, 0, 0 },
	{ "share", AT(share), CONF_LONG, CONF_RUN, shares, 0, SHARE_MOST },
	{ "socks", AT(socks), CONF_LIST, CONF_RUN, NULL, 0, 0 },
	{ "streamhost", AT(streamhost), CONF_LIST, 0, NULL, 0, 0 },
	{ "streamhost-policy", AT(policy), CONF_WORD, 0, policies, 0, 0 },
	{ "stun", AT(stun), CONF_STRING, 0, NULL, 0, 0 },
	{ "timeout", AT(timeout), CONF_LONG, CONF_RUN, NULL, 0,
	    INT_MAX / 1000 },
	{ "transport", AT(transport), CONF_WORD, 0, transports, 0, 0 },
	{ "udp", AT(udp), CONF_WORD, CONF_RUN, yesno, 0, 0 },
	{ "udp-clients", AT(udp_clients), CONF_LONG, CONF_RUN, NULL, 1,
	    65535 },
	{ "udp-idle", AT(udp_idle), CONF_LONG, CONF_RUN, NULL, 1,
	    INT_MAX / 1000 },
	{ "upgrade-after", AT(upgrade_after), CONF_LONG, 0, NULL, 0, LONG_MAX },
	{ "upload", AT(upload), CONF_WORD, 0, uploads, 0, 0 },
	{ "verbosity", AT(verbosity), CONF_WORD, CONF_RUN, levels, 0, 0 },
	{ "wait", AT(wait), CONF_LONG, CONF_RUN, waits, 0, INT_MAX / 1000 },
#undef AT
};

#define NKEYWORDS	(sizeof(keywords) / sizeof(keywords[0]))
_Static_assert(NKEYWORDS <= 64, "a bit for each in conf.given");

int
conf_fail(char *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(err, CONF_ERR, fmt, ap);
	va_end(ap);
	return -1;
}

int
conf_af(const struct conf *c)
{
	return c->family == CONF_FAMILY_4 ? AF_INET :
	    c->family == CONF_FAMILY_6 ? AF_INET6 : AF_UNSPEC;
}

static void *
at(struct conf *c, const struct keyword *k)
{
	return (char *)c + k->where;
}

void
conf_init(struct conf *c)
{
	memset(c, 0, sizeof(*c));
	STAILQ_INIT(&c->allow);
	STAILQ_INIT(&c->forward);
	STAILQ_INIT(&c->remote);
	STAILQ_INIT(&c->reverse);
	STAILQ_INIT(&c->service);
	STAILQ_INIT(&c->socks);
	STAILQ_INIT(&c->s5b_proxy);
	STAILQ_INIT(&c->streamhost);
	c->fast = 1;
	c->sandbox = 1;
	c->portmap = 1;
	c->punch = 1;
	c->upgrade_after = UPGRADE_AFTER;
	c->invite_time = INVITE_TIME;
	c->max_streams = MAX_STREAMS;
	c->max_streams_per_peer = MAX_STREAMS_PER_PEER;
	c->udp_clients = UDP_CLIENTS;
	c->udp_idle = UDP_IDLE;
}

static void
list_free(struct conf_list *l)
{
	struct conf_item *i;

	while ((i = STAILQ_FIRST(l)) != NULL) {
		STAILQ_REMOVE_HEAD(l, next);
		free(i->value);
		free(i);
	}
}

/* Wipe the old value: it may be a secret. */
static void
replace(char **s, char *with)
{
	if (*s != NULL)
		OPENSSL_cleanse(*s, strlen(*s));
	free(*s);
	*s = with;
}

void
conf_free(struct conf *c)
{
	const struct keyword *k;

	for (k = keywords; k < keywords + NKEYWORDS; k++) {
		if (k->type == CONF_LIST)
			list_free(at(c, k));
		else if (k->type == CONF_STRING || k->type == CONF_PATH)
			replace(at(c, k), NULL);
	}
	replace(&c->path, NULL);
	replace(&c->dir, NULL);
}

static int
conf_compare(const void *name, const void *k)
{
	return strcmp(name, ((const struct keyword *)k)->name);
}

static const struct keyword *
find(const char *name)
{
	return bsearch(name, keywords, NKEYWORDS, sizeof(keywords[0]),
	    conf_compare);
}

/* The keyword's, in c->given. */
static uint64_t
bit(const struct keyword *k)
{
	return UINT64_C(1) << (k - keywords);
}

/*
 * All of them
 */

static int
each_item(const struct conf_list *l, const struct keyword *k, conf_see_fn *see,
    void *arg)
{
	const struct conf_item	*i;

	STAILQ_FOREACH(i, l, next)
		if (see(arg, k->name, i->value, k->flags & CONF_RUN) == -1)
			return -1;
	return 0;
}

/* What a number or a word was set with. */
static const char *
value_text(const struct keyword *k, long value, char out[24])
{
	const struct word	*w;

	for (w = k->words; w != NULL && w->name != NULL; w++)
		if (w->value == value)
			return w->name;
	snprintf(out, 24, "%ld", value);
	return out;
}

/* The value of the keyword, if a new struct conf has another one; or NULL. */
static const char *
value_set(const struct conf *c, const struct conf *fresh,
    const struct keyword *k, char out[24])
{
	const void	*now = (const char *)c + k->where;
	const void	*then = (const char *)fresh + k->where;

	switch (k->type) {
	case CONF_LONG:
		return *(const long *)now == *(const long *)then ? NULL :
		    value_text(k, *(const long *)now, out);
	case CONF_WORD:
		return *(const int *)now == *(const int *)then ? NULL :
		    value_text(k, *(const int *)now, out);
	default:
		return *(char *const *)now;
	}
}

int
conf_each(const struct conf *c, conf_see_fn *see, void *arg)
{
	const struct keyword	*k;
	struct conf		 fresh;
	const char		*value;
	char			 text[24];

	conf_init(&fresh);
	for (k = keywords; k < keywords + NKEYWORDS; k++) {
		if (k->flags & SOURCE)
			continue;
		if (k->type == CONF_LIST) {
			if (each_item((const void *)((const char *)c +
			    k->where), k, see, arg) == -1)
				return -1;
		} else if ((value = value_set(c, &fresh, k, text)) != NULL &&
		    see(arg, k->name, value, k->flags & CONF_RUN) == -1)
			return -1;
	}
	return 0;
}

/* The keyword that was meant, one mistake in four letters being likely. */
static const struct keyword *
closest(const char *name)
{
	const struct keyword *k, *best = NULL;
	int d, least = KEYWORD_MAX;

	if (strlen(name) > KEYWORD_MAX)
		return NULL;
	for (k = keywords; k < keywords + NKEYWORDS; k++) {
		d = conf_distance(name, k->name);
		if (d < least && d <= 1 + (int)strlen(k->name) / 4) {
			least = d;
			best = k;
		}
	}
	return best;
}

/* The message does not repeat the name, which may be a misplaced password. */
static int
unknown(const char *name, char *err)
{
	const struct keyword *k;

	if ((k = closest(name)) == NULL)
		return conf_fail(err,
		    "no such keyword; xcat(1) lists those there are");
	return conf_fail(err, "no such keyword; did you mean %s?", k->name);
}

/* The word that the value is, or NULL. */
static const struct word *
find_word(const struct word *words, const char *value)
{
	const struct word *w;

	for (w = words; w != NULL && w->name != NULL; w++)
		if (strcmp(w->name, value) == 0)
			return w;
	return NULL;
}

static int
set_word(int *v, const struct keyword *k, const char *value, char *err)
{
	const struct word *w;

	if ((w = find_word(k->words, value)) != NULL) {
		*v = w->value;
		return 0;
	}
	return conf_fail(err, "%s must be %s", k->name,
	    k->words == yesno ? "yes or no" :
	    k->words == families ? "any, 4 or 6" :
	    k->words == carriers ? "auto, ibb or s5b" :
	    k->words == policies ? "auto, public or any" :
	    k->words == owners ? "peer or account" :
	    k->words == uploads ? "yes, absent or no" :
	    k->words == logs ? "text or json" :
	    k->words == presences ? "contacts, peer or none" :
	    k->words == sessions ? "prefer, require or off" :
	    k->words == transports ? "auto, tcp, websocket or bosh" :
	    "-1, 0, 1 or 2");
}

static int
set_long(long *v, const struct keyword *k, const char *value, char *err)
{
	const struct word *w;
	uint64_t n;

	if ((w = find_word(k->words, value)) != NULL) {
		*v = w->value;
		return 0;
	}
	if (number_read(value, (uint64_t)k->min, (uint64_t)k->max, &n) == -1)
		return conf_fail(err, "%s must be %sa number from %ld to %ld",
		    k->name, k->words == shares ? "yes, no or " :
		    k->words == waits ? "no, forever or " : "",
		    k->min, k->max);
	*v = (long)n;
	return 0;
}

static int
set_string(char **s, const char *value, char *err)
{
	char *copy;

	if ((copy = strdup(value)) == NULL)
		return conf_fail(err, "out of memory");
	replace(s, copy);
	return 0;
}

static int
set_path(char **s, const char *value, char *err)
{
	char *copy;

	if ((copy = conf_expand(value, err)) == NULL)
		return -1;
	replace(s, copy);
	return 0;
}

static int
add_item(struct conf_list *l, const char *value, int given, char *err)
{
	struct conf_item *i;

	if ((i = malloc(sizeof(*i))) == NULL ||
	    (i->value = strdup(value)) == NULL) {
		free(i);
		return conf_fail(err, "out of memory");
	}
	i->given = given;
	STAILQ_INSERT_TAIL(l, i, next);
	return 0;
}

static int
assign(struct conf *c, const struct keyword *k, const char *value, int given,
    char *err)
{
	switch (k->type) {
	case CONF_LIST:
		return add_item(at(c, k), value, given, err);
	case CONF_LONG:
		return set_long(at(c, k), k, value, err);
	case CONF_PATH:
		return set_path(at(c, k), value, err);
	case CONF_STRING:
		return set_string(at(c, k), value, err);
	case CONF_WORD:
		return set_word(at(c, k), k, value, err);
	}
	return conf_fail(err, "%s cannot be set", k->name);
}

int
conf_set(struct conf *c, const char *keyword, const char *value, int secrets,
    char *err)
{
	const struct keyword *k, *o;

	if ((k = find(keyword)) == NULL)
		return unknown(keyword, err);
	if ((k->flags & FILEONLY) && !secrets)
		return conf_fail(err, "%s is not for the command line, which "
		    "others can see; write it to the configuration file",
		    k->name);
	if (*value == '\0')
		return conf_fail(err, "%s needs a value", k->name);
	if (strlen(value) > VALUE_MAX)
		return conf_fail(err, "%s is longer than %d bytes", k->name,
		    VALUE_MAX);
	if (assign(c, k, value, !secrets, err) == -1)
		return -1;
	if (!secrets)
		c->given |= bit(k);
	/* There is one password: the last way to it counts. */
	for (o = keywords; o < keywords + NKEYWORDS; o++)
		if (o != k && (o->flags & k->flags & SOURCE))
			replace(at(c, o), NULL);
	return 0;
}

int
conf_add_given(struct conf *c, const struct conf *from, char *err)
{
	const struct keyword	*k;
	const struct conf_list	*l;
	const struct conf_item	*i;

	for (k = keywords; k < keywords + NKEYWORDS; k++) {
		if (k->type != CONF_LIST)
			continue;
		l = (const void *)((const char *)from + k->where);
		STAILQ_FOREACH(i, l, next)
			if (i->given && add_item(at(c, k), i->value, 1, err) ==
			    -1)
				return -1;
	}
	return 0;
}

int
conf_given(const struct conf *c, const char *keyword)
{
	const struct keyword	*k = find(keyword);

	return k != NULL && (c->given & bit(k)) != 0;
}

/* Remove what the file has put into the list. */
static void
list_ignore(struct conf_list *l)
{
	struct conf_item	*i, *next;

	STAILQ_FOREACH_SAFE(i, l, next, next) {
		if (i->given)
			continue;
		STAILQ_REMOVE(l, i, conf_item, next);
		free(i->value);
		free(i);
	}
}

void
conf_ignore(struct conf *c, const char *keyword)
{
	const struct keyword	*k = find(keyword);

	if (k == NULL)
		return;
	if (k->type == CONF_LIST)
		list_ignore(at(c, k));
	else if (c->given & bit(k))
		return;
	else if (k->type == CONF_WORD)
		*(int *)at(c, k) = 0;
	else if (k->type == CONF_STRING || k->type == CONF_PATH)
		replace(at(c, k), NULL);
}

/* log_json: see log_json.h. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "net/io/log.h"
#include "net/io/log_json.h"
#include "xml/text.h"

#define END		3	/* bytes: what ends a string and an object */

enum type {
	TYPE_TEXT,		/* const char *; NULL is left out */
	TYPE_COUNT,		/* uint64_t */
	TYPE_SECONDS,		/* int64_t of milliseconds */
	TYPE_STATUS,		/* int */
	TYPE_YES		/* int: true or false */
};

static const char *const names[] = {
	[LOG_MESSAGE] = "message",
	[LOG_LISTENING] = "listening",
	[LOG_STREAM_OPENED] = "stream-opened",
	[LOG_CARRIER] = "carrier-changed",
	[LOG_STREAM_ENDED] = "stream-ended",
	[LOG_FILE] = "file-received",
	[LOG_SERVER_LOST] = "server-lost",
	[LOG_SERVER_BACK] = "server-back",
	[LOG_RELOADED] = "configuration-read",
	[LOG_DRAINING] = "ending",
	[LOG_PORT_OPENED] = "port-opened",
	[LOG_PORT_CLOSED] = "port-closed"
};

#define IN(kind)	(1U << (kind))
#define STREAMS		(IN(LOG_STREAM_OPENED) | IN(LOG_CARRIER) | \
			    IN(LOG_STREAM_ENDED))
#define PORTS		(IN(LOG_PORT_OPENED) | IN(LOG_PORT_CLOSED))

/* The members of struct log_event, and the events that have them. */
static const struct member {
	const char	*name;
	size_t		 where;
	enum type	 type;
	unsigned	 kinds;
} members[] = {
#define AT(field)	offsetof(struct log_event, field)
	{ "message", AT(message), TYPE_TEXT, IN(LOG_MESSAGE) },
	{ "address", AT(address), TYPE_TEXT, IN(LOG_LISTENING) },
	{ "key", AT(key), TYPE_TEXT, IN(LOG_LISTENING) },
	{ "server", AT(server), TYPE_TEXT,
	    IN(LOG_SERVER_LOST) | IN(LOG_SERVER_BACK) },
	{ "resumed", AT(resumed), TYPE_YES, IN(LOG_SERVER_BACK) },
	{ "peer", AT(peer), TYPE_TEXT, STREAMS | PORTS | IN(LOG_FILE) },
	{ "sid", AT(sid), TYPE_TEXT, STREAMS },
	{ "service", AT(service), TYPE_TEXT,
	    IN(LOG_STREAM_OPENED) | IN(LOG_STREAM_ENDED) },
	{ "port", AT(port), TYPE_TEXT, PORTS },
	{ "carrier", AT(carrier), TYPE_TEXT, IN(LOG_CARRIER) },
	{ "way", AT(way), TYPE_TEXT, IN(LOG_CARRIER) },
	{ "file", AT(file), TYPE_TEXT, IN(LOG_FILE) },
	{ "as", AT(as), TYPE_TEXT, IN(LOG_FILE) },
	{ "bytes", AT(in), TYPE_COUNT, IN(LOG_FILE) },
	{ "in", AT(in), TYPE_COUNT, IN(LOG_STREAM_ENDED) },
	{ "out", AT(out), TYPE_COUNT, IN(LOG_STREAM_ENDED) },
	{ "seconds", AT(ms), TYPE_SECONDS, IN(LOG_STREAM_ENDED) },
	{ "status", AT(status), TYPE_STATUS, IN(LOG_STREAM_ENDED) },
	{ "services", AT(services), TYPE_COUNT, IN(LOG_RELOADED) },
	{ "streams", AT(streams), TYPE_COUNT, IN(LOG_DRAINING) },
	{ "reason", AT(reason), TYPE_TEXT, IN(LOG_CARRIER) | PORTS |
	    IN(LOG_STREAM_ENDED) | IN(LOG_SERVER_LOST) },
#undef AT
};

/* An object that grows.  There is always room for its end. */
struct object {
	char	*out;
	size_t	 size, len;
};

static void
add_raw(struct object *o, const char *name, const char *value)
{
	size_t	 n = strlen(name) + strlen(value) + sizeof(",\"\":") - 1;

	if (o->len + n + END >= o->size)
		return;
	o->len += (size_t)snprintf(o->out + o->len, o->size - o->len,
	    "%s\"%s\":%s", o->len > 0 ? "," : "{", name, value);
}

static void
add_text(struct object *o, const char *name, const char *value)
{
	size_t	 before = o->len;

	if (value == NULL)
		return;
	add_raw(o, name, "\"");
	if (o->len == before)
		return;
	text_json(value, o->out + o->len, o->size - o->len - END);
	o->len += strlen(o->out + o->len);
	o->out[o->len++] = '"';
	o->out[o->len] = '\0';
}

static void
add_member(struct object *o, const struct member *m, const struct log_event *e)
{
	const void	*at = (const char *)e + m->where;
	char		 number[32];
	int64_t		 ms;

	switch (m->type) {
	case TYPE_TEXT:
		add_text(o, m->name, *(const char *const *)at);
		return;
	case TYPE_COUNT:
		snprintf(number, sizeof(number), "%llu",
		    (unsigned long long)*(const uint64_t *)at);
		break;
	case TYPE_SECONDS:
		ms = *(const int64_t *)at;
		snprintf(number, sizeof(number), "%lld.%03d",
		    (long long)ms / 1000, (int)(ms % 1000));
		break;
	case TYPE_STATUS:
		snprintf(number, sizeof(number), "%d", *(const int *)at);
		break;
	case TYPE_YES:
		strlcpy(number, *(const int *)at ? "true" : "false",
		    sizeof(number));
		break;
	}
	add_raw(o, m->name, number);
}

static const char *
level_name(int level)
{
	return level <= LOG_FAULT ? "error" : level == LOG_EVENT ? "info" :
	    level == LOG_DETAIL ? "detail" : "trace";
}

void
log_json_time(char out[LOG_JSON_TIME])
{
	struct timespec	 now;
	struct tm	 tm;
	size_t		 n;

	*out = '\0';
	if (clock_gettime(CLOCK_REALTIME, &now) == -1 ||
	    gmtime_r(&now.tv_sec, &tm) == NULL)
		return;
	n = strftime(out, LOG_JSON_TIME, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, LOG_JSON_TIME - n, ".%03dZ",
	    (int)(now.tv_nsec / 1000000));
}

size_t
log_json(const struct log_event *e, int level, const char *time, char *out,
    size_t size)
{
	struct object	 o = { .out = out, .size = size };
	size_t		 i;

	add_text(&o, "time", time);
	add_text(&o, "event", names[e->kind]);
	add_text(&o, "level", level_name(level));
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (members[i].kinds & IN(e->kind))
			add_member(&o, &members[i], e);
	out[o.len++] = '}';
	out[o.len++] = '\n';
	return o.len;
}

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/way.h"

static const char *
scheme(const struct way *w)
{
	switch (w->kind) {
	case WAY_WEBSOCKET:
		return w->tls ? "wss" : "ws";
	case WAY_BOSH:
		return w->tls ? "https" : "http";
	default:
		return w->tls ? "xmpps" : "xmpp";
	}
}

char *
way_text(const struct way *w, char *out)
{
	int	 v6 = strchr(w->host, ':') != NULL;

	snprintf(out, WAY_TEXT, "%s://%s%s%s:%u%s", scheme(w), v6 ? "[" : "",
	    w->host, v6 ? "]" : "", w->port, w->target);
	return out;
}

int
way_same(const struct way *a, const struct way *b)
{
	return a->kind == b->kind && a->tls == b->tls &&
	    a->port == b->port && strcasecmp(a->host, b->host) == 0 &&
	    strcmp(a->target, b->target) == 0;
}

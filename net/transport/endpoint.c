/* endpoint: see endpoint.h. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/transport/endpoint.h"

static const char *
scheme(const struct endpoint *w)
{
	switch (w->kind) {
	case ENDPOINT_WEBSOCKET:
		return w->tls ? "wss" : "ws";
	case ENDPOINT_BOSH:
		return w->tls ? "https" : "http";
	default:
		return w->tls ? "xmpps" : "xmpp";
	}
}

char *
endpoint_text(const struct endpoint *w, char *out)
{
	int	 v6 = strchr(w->host, ':') != NULL;

	snprintf(out, ENDPOINT_TEXT, "%s://%s%s%s:%u%s", scheme(w),
	    v6 ? "[" : "", w->host, v6 ? "]" : "", w->port, w->target);
	return out;
}

int
endpoint_same(const struct endpoint *a, const struct endpoint *b)
{
	return a->kind == b->kind && a->tls == b->tls &&
	    a->port == b->port && strcasecmp(a->host, b->host) == 0 &&
	    strcmp(a->target, b->target) == 0;
}

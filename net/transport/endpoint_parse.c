/* endpoint_parse: see endpoint_parse.h. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/dial/proxy.h"
#include "net/http/url.h"
#include "net/transport/discover.h"
#include "net/transport/endpoint_parse.h"

static const struct scheme {
	const char	*name;
	enum endpoint_kind	 kind;
	int		 tls;
	uint16_t	 port;
} schemes[] = {
	{ "xmpp", ENDPOINT_TCP, 0, 5222 },
	{ "xmpps", ENDPOINT_TCP, 1, 5223 },
	{ "ws", ENDPOINT_WEBSOCKET, 0, 80 },
	{ "wss", ENDPOINT_WEBSOCKET, 1, 443 },
	{ "http", ENDPOINT_BOSH, 0, 80 },
	{ "https", ENDPOINT_BOSH, 1, 443 },
};

static const char *
from_url(const char *s, struct endpoint *w)
{
	const struct scheme	*sc;
	const char		*why;
	struct url		 u;
	size_t			 i;

	if ((why = url_parse(s, &u)) != NULL)
		return why;
	if (u.has_user)
		return "users go to -j";
	for (i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
		if (strcmp(schemes[i].name, u.scheme) == 0)
			break;
	if (i == sizeof(schemes) / sizeof(*schemes))
		return "unknown kind of address";
	sc = &schemes[i];
	w->kind = sc->kind;
	w->tls = sc->tls;
	w->port = u.port != 0 ? u.port : sc->port;
	memcpy(w->host, u.host, sizeof(w->host));
	if (sc->kind == ENDPOINT_TCP)
		return strcmp(u.target, "/") != 0 ?
		    "a path means nothing here" : NULL;
	return strlcpy(w->target, u.target, sizeof(w->target)) >=
	    sizeof(w->target) ? "too long" : NULL;
}

static int
on_loopback(const char *host)
{
	return strcasecmp(host, "localhost") == 0 ||
	    strcmp(host, "::1") == 0 || (strncmp(host, "127.", 4) == 0 &&
	    strspn(host, "0123456789.") == strlen(host));
}

static int
wanted(int kinds, enum endpoint_kind kind)
{
	return kinds == DISCOVER_ANY ||
	    (kinds == DISCOVER_TCP && kind == ENDPOINT_TCP) ||
	    (kinds == DISCOVER_WEBSOCKET && kind == ENDPOINT_WEBSOCKET) ||
	    (kinds == DISCOVER_BOSH && kind == ENDPOINT_BOSH);
}

int
endpoint_parse(const char *server, int kinds, int cleartext,
    const struct proxy *proxy, struct endpoint *w, char *err)
{
	const char	*why;

	memset(w, 0, sizeof(*w));
	w->port = 5222;
	w->source = "-c";
	if (strstr(server, "://") != NULL)
		why = from_url(server, w);
	else
		why = url_hostport(server, strlen(server), w->host,
		    sizeof(w->host), &w->port);
	if (why != NULL)
		snprintf(err, ENDPOINT_ERR, "-c %.100s: %s: give host, "
		    "host:port, or an xmpp, xmpps, ws, wss, http or https "
		    "URL", server, why);
	else if (!wanted(kinds, w->kind))
		snprintf(err, ENDPOINT_ERR,
		    "-c %.100s: this is not the kind of "
		    "transport that \"transport\" says: change one of them",
		    server);
	else if (w->kind != ENDPOINT_TCP && !w->tls && !cleartext &&
	    (!on_loopback(w->host) || proxy_for(proxy, w->host) != NULL))
		snprintf(err, ENDPOINT_ERR, "-c %.100s: without TLS everybody "
		    "between could read along: use wss:// or https://, or "
		    "allow it with -o cleartext=yes", server);
	else
		return 0;
	return -1;
}

int
endpoint_secure(const char *url, struct endpoint *w)
{
	memset(w, 0, sizeof(*w));
	return from_url(url, w) == NULL && w->tls && w->kind != ENDPOINT_TCP ?
	    0 : -1;
}

int
endpoint_moved(const char *to, const struct endpoint *from, const char *domain,
    struct endpoint *w)
{
	if (strstr(to, "://") != NULL) {
		if (endpoint_secure(to, w) == -1)
			return -1;
		strlcpy(w->origin, from->kind == ENDPOINT_TCP ? domain :
		    *from->origin != '\0' ? from->origin : from->host,
		    sizeof(w->origin));
		return 0;
	}
	if (from->kind != ENDPOINT_TCP)
		return -1;
	*w = *from;
	w->port = from->tls ? 5223 : 5222;
	/* As with a URL: nothing else can be in a name or an address. */
	return to[strspn(to, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]")] != '\0' ||
	    url_hostport(to, strlen(to), w->host, sizeof(w->host),
	    &w->port) != NULL ? -1 : 0;
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/where.h"

static int
bad(const char *server, const char *why, char *err)
{
	snprintf(err, WHERE_ERR, "-c %.100s: %s: give host, host:port, "
	    "xmpp://host:port or xmpps://host:port", server, why);
	return -1;
}

static int
set_port(const char *server, const char *port, struct way *w, char *err)
{
	const char	*bound;

	w->port = (uint16_t)strtonum(port, 1, 65535, &bound);
	return bound != NULL ? bad(server, "bad port", err) : 0;
}

static int
set_host(const char *server, const char *host, size_t len, struct way *w,
    char *err)
{
	if (len == 0)
		return bad(server, "no host", err);
	if (len >= sizeof(w->host))
		return bad(server, "host too long", err);
	memcpy(w->host, host, len);
	w->host[len] = '\0';
	return 0;
}

/* Skip the scheme, which decides about TLS. */
static const char *
scheme(const char *s, struct way *w)
{
	if (strncmp(s, "xmpps://", 8) == 0) {
		w->tls = 1;
		return s + 8;
	}
	return strncmp(s, "xmpp://", 7) == 0 ? s + 7 : s;
}

int
where_parse(const char *server, const char *domain, struct way *w,
    char *err)
{
	const char	*s, *end, *colon;
	size_t		 len;

	memset(w, 0, sizeof(*w));
	s = scheme(server != NULL ? server : domain, w);
	if (server == NULL)
		server = domain;
	w->port = w->tls ? 5223 : 5222;
	if (strstr(s, "://") != NULL)
		return bad(server, "unknown kind of address", err);
	len = strcspn(s, "/");		/* a final slash of a URL */
	if (s[len] != '\0' && s[len + 1] != '\0')
		return bad(server, "a path means nothing here", err);
	if (*s == '[') {
		if ((end = memchr(s, ']', len)) == NULL)
			return bad(server, "no closing ]", err);
		if (set_host(server, s + 1, (size_t)(end - s - 1), w, err) ==
		    -1)
			return -1;
		colon = end + 1;
		if (colon == s + len)
			return 0;
		if (*colon != ':')
			return bad(server, "something follows ]", err);
	} else {
		colon = memchr(s, ':', len);
		/* An IPv6 address without brackets has no port. */
		if (colon != NULL && strchr(colon + 1, ':') != NULL)
			colon = NULL;
		if (set_host(server, s, colon != NULL ? (size_t)(colon - s) :
		    len, w, err) == -1)
			return -1;
		if (colon == NULL)
			return 0;
	}
	char	 port[8];

	len -= (size_t)(colon + 1 - s);
	if (len == 0 || len >= sizeof(port))
		return bad(server, "bad port", err);
	memcpy(port, colon + 1, len);
	port[len] = '\0';
	return set_port(server, port, w, err);
}

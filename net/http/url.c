/* url: see url.h. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "net/http/url.h"
#include "xml/number.h"

static const char *
copy(const char *s, size_t len, char *out, size_t size, const char *what)
{
	if (len >= size)
		return what;
	memcpy(out, s, len);
	out[len] = '\0';
	return NULL;
}

static const char *
set_port(const char *s, size_t len, uint16_t *port)
{
	uint64_t	 n;

	if (number_decimal(s, len, 1, UINT16_MAX, &n) == -1)
		return "a port is a number from 1 to 65535";
	*port = (uint16_t)n;
	return NULL;
}

static const char *
set_host(const char *s, size_t len, char *host, size_t size)
{
	return len == 0 ? "no host" :
	    copy(s, len, host, size, "host too long");
}

const char *
url_hostport(const char *s, size_t len, char *host, size_t size,
    uint16_t *port)
{
	const char	*end = s + len, *colon, *why;

	if (len > 0 && *s == '[') {
		if ((colon = memchr(s, ']', len)) == NULL)
			return "no closing ]";
		why = set_host(s + 1, (size_t)(colon - s - 1), host, size);
		if (++colon != end && *colon != ':')
			return "something follows ]";
	} else {
		colon = memchr(s, ':', len);
		/* An IPv6 address without brackets has no port. */
		if (colon == NULL || memchr(colon + 1, ':',
		    (size_t)(end - colon - 1)) != NULL)
			colon = end;
		why = set_host(s, (size_t)(colon - s), host, size);
	}
	if (why != NULL || colon == end)
		return why;
	return set_port(colon + 1, (size_t)(end - colon - 1), port);
}

static const char *
decode(const char *s, size_t len, char *out, size_t size)
{
	uint64_t c;
	size_t	 i, n = 0;

	for (i = 0; i < len; i++) {
		c = (unsigned char)s[i];
		if (c == '%') {
			if (len - i < 3 ||
			    number_hex(s + i + 1, 2, UINT8_MAX, &c) == -1)
				return "bad % in it";
			i += 2;
		}
		if (c == '\0' || n + 1 >= size)
			return "user or password too long";
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return NULL;
}

static const char *
set_user(const char *s, size_t len, struct url *u)
{
	const char	*colon = memchr(s, ':', len), *why;
	size_t		 n = colon != NULL ? (size_t)(colon - s) : len;

	u->has_user = 1;
	if ((why = decode(s, n, u->user, sizeof(u->user))) != NULL ||
	    colon == NULL)
		return why;
	return decode(colon + 1, len - n - 1, u->password,
	    sizeof(u->password));
}

static const char *
set_authority(const char *s, size_t len, struct url *u)
{
	const char	*at = NULL, *why;
	size_t		 i;

	for (i = 0; i < len; i++)
		if (s[i] == '@')
			at = s + i;
	if (at != NULL) {
		if ((why = set_user(s, (size_t)(at - s), u)) != NULL)
			return why;
		len -= (size_t)(at + 1 - s);
		s = at + 1;
	}
	/* Nothing else can be in a name or in an address. */
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) &&
		    strchr("-._:[]", s[i]) == NULL)
			return "bad character in the host";
	return url_hostport(s, len, u->host, sizeof(u->host), &u->port);
}

static const char *
set_target(const char *s, struct url *u)
{
	size_t	 len = strcspn(s, "#"), slash = *s != '/';

	if (slash)
		u->target[0] = '/';
	return copy(s, len, u->target + slash, sizeof(u->target) - slash,
	    "too long");
}

const char *
url_parse(const char *s, struct url *u)
{
	const char	*p, *why;
	size_t		 i, len;

	memset(u, 0, sizeof(*u));
	for (p = s; *p != '\0'; p++)
		if (*p <= ' ' || *p >= 0x7f)
			return "bad character in it";
	if ((p = strstr(s, "://")) == NULL || p == s)
		return "no scheme and ://";
	if ((why = copy(s, (size_t)(p - s), u->scheme, sizeof(u->scheme),
	    "unknown scheme")) != NULL)
		return why;
	for (i = 0; u->scheme[i] != '\0'; i++)
		u->scheme[i] = (char)tolower((unsigned char)u->scheme[i]);
	s = p + 3;
	len = strcspn(s, "/?#");
	if ((why = set_authority(s, len, u)) != NULL)
		return why;
	return set_target(s + len, u);
}

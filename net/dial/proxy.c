/* proxy: see proxy.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/dial/proxy.h"

int
proxy_parse(const char *s, struct proxy *p, char *err)
{
	const char	*why;
	struct url	 u;

	memset(p, 0, sizeof(*p));
	why = url_parse(s, &u);
	if (why == NULL && strcmp(u.target, "/") != 0)
		why = "a path means nothing here";
	if (why == NULL && strcmp(u.scheme, "http") == 0)
		p->kind = PROXY_HTTP;
	else if (why == NULL && strcmp(u.scheme, "socks5") != 0 &&
	    strcmp(u.scheme, "socks5h") != 0)
		why = "unknown kind of proxy";
	if (why == NULL) {
		p->port = u.port != 0 ? u.port :
		    p->kind == PROXY_HTTP ? 3128 : 1080;
		p->has_user = u.has_user;
		memcpy(p->host, u.host, sizeof(p->host));
		memcpy(p->user, u.user, sizeof(p->user));
		memcpy(p->password, u.password, sizeof(p->password));
	} else {
		snprintf(err, PROXY_ERR, "%s: give socks5://host:port or "
		    "http://host:port", why);
	}
	explicit_bzero(&u, sizeof(u));
	return why == NULL ? 0 : -1;
}

static const char *
variable(const char *lower, const char *upper)
{
	const char	*s = getenv(lower);

	if (s == NULL || *s == '\0')
		s = getenv(upper);
	return s != NULL && *s != '\0' ? s : NULL;
}

int
proxy_environment(struct proxy *p, char *err)
{
	const char	*s = variable("all_proxy", "ALL_PROXY");
	char		 why[PROXY_ERR];

	if (s == NULL)
		return 0;
	if (proxy_parse(s, p, why) == -1) {
		snprintf(err, PROXY_ERR, "ALL_PROXY: %.200s", why);
		return -1;
	}
	p->except = variable("no_proxy", "NO_PROXY");
	return 1;
}

/* Is host the domain of len bytes at name, or a host inside it? */
static int
covers(const char *name, size_t len, const char *host)
{
	size_t	 n = strlen(host);

	if (len == 1 && *name == '*')
		return 1;
	if (len > 0 && *name == '.') {
		name++;
		len--;
	}
	/* An address in digits has no parent domain. */
	if (len != n && (strchr(host, ':') != NULL ||
	    strspn(host, "0123456789.") == n))
		return 0;
	if (len == 0 || n < len || strncasecmp(host + n - len, name, len) != 0)
		return 0;
	return n == len || host[n - len - 1] == '.';
}

const struct proxy *
proxy_for(const struct proxy *p, const char *host)
{
	const char	*s;
	size_t		 n;

	if (p == NULL || p->except == NULL)
		return p;
	for (s = p->except; *s != '\0'; s += n) {
		s += strspn(s, ", \t");
		n = strcspn(s, ", \t");
		if (covers(s, n, host))
			return NULL;
	}
	return p;
}

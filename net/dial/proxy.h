/*
 * proxy: the proxy between us and every server, of SOCKS5 (RFC 1928) or HTTP
 * (CONNECT, RFC 9110 section 9.3.6), as -x or the environment names it.
 */
#ifndef NET_DIAL_PROXY_H
#define NET_DIAL_PROXY_H

#include "net/http/url.h"
#include "xml/check.h"

enum proxy_kind { PROXY_SOCKS5, PROXY_HTTP };

struct proxy {
	enum proxy_kind	 kind;
	char		 host[URL_HOST];
	uint16_t	 port;
	int		 has_user;
	char		 user[URL_USER], password[URL_USER];
	const char	*except;	/* what no_proxy says, or NULL */
};

#define PROXY_ERR 256

/* Take socks5://, socks5h:// or http://[user[:password]@]host[:port]; ports are
 * 1080 and 3128 by default.  0, or -1 with what is wrong in err[PROXY_ERR],
 * which never has the password in it. */
int	 proxy_parse(const char *s, struct proxy *p, char *err) MUST_CHECK;
/*
 * Take the proxy that all_proxy or ALL_PROXY names, and the hosts that need
 * none from no_proxy or NO_PROXY.  Returns 1, 0 if no proxy is named, or -1
 * with a message in err[PROXY_ERR].
 */
int	 proxy_environment(struct proxy *p, char *err) MUST_CHECK;
/* Returns p, which may be NULL, or NULL if connections to host need no
 * proxy. */
const struct proxy *proxy_for(const struct proxy *p, const char *host);

#endif

/*
 * proxy: what stands between us and every server: a SOCKS5 proxy (RFC 1928)
 * or an HTTP one (CONNECT, RFC 9110 section 9.3.6), as -x or the environment
 * names it.
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

/* socks5://, socks5h:// or http://[user[:password]@]host[:port]; ports are
 * 1080 and 3128 by default.  0, or -1 with what is wrong in err[PROXY_ERR],
 * without the password. */
int	 proxy_parse(const char *s, struct proxy *p, char *err) MUST_CHECK;
/*
 * What all_proxy or ALL_PROXY says, but for hosts that no_proxy or NO_PROXY
 * names.  1, 0 if they name none, or -1 with a message.
 */
int	 proxy_environment(struct proxy *p, char *err) MUST_CHECK;
/* p, or NULL if connections to host do without it.  p may be NULL. */
const struct proxy *proxy_for(const struct proxy *p, const char *host);

#endif

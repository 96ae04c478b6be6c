/* url: a URL in its parts (RFC 3986), for those with an authority. */
#ifndef NET_HTTP_URL_H
#define NET_HTTP_URL_H

#include <stddef.h>
#include <stdint.h>

#define URL_HOST	256
#define URL_USER	256	/* as long as RFC 1929 has them */
#define URL_TARGET	2048
#define URL_TEXT	(URL_HOST + URL_TARGET + 32)

struct url {
	char		scheme[16];		/* in lower case */
	int		has_user;		/* an @ was there */
	char		user[URL_USER];		/* decoded, as is the next */
	char		password[URL_USER];
	char		host[URL_HOST];		/* without brackets */
	uint16_t	port;			/* 0: none given */
	char		target[URL_TARGET];	/* path, query; "/" if none */
};

/*
 * Take scheme://[user[:password]@]host[:port][/path][?query][#fragment]
 * apart; the fragment is dropped.  Printable ASCII only, as RFC 3986 has it:
 * nothing in the parts can end a line of a protocol, and user and password
 * contain no NUL.  Returns NULL, or what is wrong with s.
 */
const char *url_parse(const char *s, struct url *u);

/* Take host, host:port, [address] or [address]:port, len bytes at s, apart.
 * A bare IPv6 address is all host.  *port stays as it is if none is given.
 * host has room for size bytes.  Returns NULL, or what is wrong. */
const char *url_hostport(const char *s, size_t len, char *host, size_t size,
	    uint16_t *port);

#endif

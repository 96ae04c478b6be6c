/*
 * socks5_client: the client's side of SOCKS5 (RFC 1928) with user and password
 * (RFC 1929), CONNECT only: bytes in, bytes out, no descriptors.  For
 * proxies and for the streamhosts of XEP-0065, whose "name" is a hash.
 *
 * Nothing is read ahead, so that what follows the reply is the caller's.  Each
 * message is sent once the answer to the last is there: the relays of XMPP
 * servers want it so.
 *
 *	socks5_client_init(&s, host, port, NULL, NULL);
 *	do {
 *		send socks5_client_output(&s, &len), if len > 0;
 *		read at most socks5_client_need(&s) bytes;
 *	} while (socks5_client_input(&s, buf, n) == SOCKS5_MORE);
 */
#ifndef NET_DIAL_SOCKS5_CLIENT_H
#define NET_DIAL_SOCKS5_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "xml/check.h"

/* RFC 1928, shared with socks5_server.c. */
#define SOCKS5_VERSION	5
#define SOCKS5_NO_AUTH	0x00
#define SOCKS5_PASSWORD	0x02
#define SOCKS5_NO_METHOD 0xff
#define SOCKS5_CONNECT	1
#define SOCKS5_NAME_MAX	255

/* Types of addresses (section 5). */
enum socks5_atyp {
	SOCKS5_IPV4 = 1,
	SOCKS5_NAME = 3,
	SOCKS5_IPV6 = 4
};

/* How many bytes an address of this type has with its port; 0 for a name, whose
 * length comes first; -1 if the type is unknown. */
int	 socks5_client_address(unsigned atyp);

enum socks5_client_result {
	SOCKS5_MORE,
	SOCKS5_OPEN,		/* connected; what follows is not SOCKS */
	SOCKS5_REFUSED,		/* by the server, see socks5_client_error() */
	SOCKS5_NONSENSE		/* the proxy speaks no SOCKS5 */
};

#define SOCKS5_IN	(SOCKS5_NAME_MAX + 2)
#define SOCKS5_OUT	(3 + 2 * SOCKS5_NAME_MAX)

struct socks5_client {
	int		 state;
	char		 host[SOCKS5_NAME_MAX + 1];
	uint16_t	 port;
	int		 is_name;	/* even if it looks like an address */
	const char	*user, *password;
	unsigned char	 in[SOCKS5_IN];		/* what the state waits for */
	size_t		 have, need;
	unsigned char	 out[SOCKS5_OUT];
	size_t		 outlen;
	const char	*error;
};

/*
 * Begin.  host is a name or an address.  user may be NULL, else user and
 * password must stay until the end.  0, or -1 if a string is too long for
 * SOCKS.
 */
int	 socks5_client_init(struct socks5_client *s, const char *host,
	    uint16_t port,
	    const char *user, const char *password) MUST_CHECK;
/* Begin, for a bytestream with this hash (XEP-0065 section 5.3.2). */
int	 socks5_client_init_hash(struct socks5_client *s,
	    const char *hash) MUST_CHECK;
/* The *len bytes that are to be sent now.  Each byte is returned once. */
const void *socks5_client_output(struct socks5_client *s, size_t *len);
/* How many bytes the answer still lacks. */
size_t	 socks5_client_need(const struct socks5_client *s);
/* Take len bytes of the answer, at most as many as it lacks. */
enum socks5_client_result socks5_client_input(struct socks5_client *s,
	    const void *data, size_t len);
/* What is wrong, for people: a constant phrase. */
const char *socks5_client_error(const struct socks5_client *s);

#endif

/*
 * socks5_server: the server's side of SOCKS5 (RFC 1928): no authentication,
 * CONNECT only; bytes in, bytes out, no descriptors.
 *
 * Nothing is read ahead, so that what follows the request is the caller's.
 *
 *	socks5_server_init(&s);
 *	do {
 *		read at most socks5_server_need(&s) bytes;
 *		r = socks5_server_input(&s, buf, n);
 *		send socks5_server_output(&s, &len), if len > 0;
 *	} while (r == SOCKS5_SERVER_MORE);
 *	if (r == SOCKS5_SERVER_ASKED)
 *		socks5_server_reply(&s, SOCKS_OK, 0), and send that.
 */
#ifndef NET_DIAL_SOCKS5_SERVER_H
#define NET_DIAL_SOCKS5_SERVER_H

#include <stddef.h>

#include "net/dial/socks5_client.h"

/* RFC 1928 section 6 */
enum socks_reply {
	SOCKS_OK = 0,
	SOCKS_FAILURE = 1,
	SOCKS_NOT_ALLOWED = 2,
	SOCKS_HOST_UNREACHABLE = 4,
	SOCKS_REFUSED = 5,
	SOCKS_NO_COMMAND = 7,
	SOCKS_NO_ADDRESS = 8
};

enum socks5_server_result {
	SOCKS5_SERVER_MORE,
	SOCKS5_SERVER_ASKED,		/* for host and port */
	SOCKS5_SERVER_OVER		/* it was nonsense, or refused */
};

#define SOCKS5_SERVER_OUT	(4 + 1 + SOCKS5_NAME_MAX + 2)

struct socks5_server {
	int		 state;
	unsigned char	 in[SOCKS5_IN];		/* what the state waits for */
	size_t		 have, need;
	unsigned char	 atyp;
	unsigned char	 out[SOCKS5_SERVER_OUT];
	size_t		 outlen;
	char		 host[SOCKS5_NAME_MAX + 1];	/* or an address */
	char		 port[6];		/* in digits */
};

/* Begin. */
void	 socks5_server_init(struct socks5_server *s);
/* How many bytes the client's message still lacks. */
size_t	 socks5_server_need(const struct socks5_server *s);
/* Take len bytes of it, at most as many as it lacks. */
enum socks5_server_result socks5_server_input(struct socks5_server *s,
	    const void *data, size_t len);
/* The *len bytes that are to be sent now.  Each byte is returned once. */
const void *socks5_server_output(struct socks5_server *s, size_t *len);
/*
 * Make the reply.  With same (1), it names as bound the address that was asked
 * for, as XEP-0065 section 5.3.2 has it, and a client that has not asked yet
 * gets no reply; else (0) it names no address.
 */
void	 socks5_server_reply(struct socks5_server *s, enum socks_reply reply,
	    int same);

#endif

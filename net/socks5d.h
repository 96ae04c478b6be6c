/*
 * socks5d: the server's side of SOCKS5 (RFC 1928): no authentication, CONNECT
 * only; bytes in, bytes out, no descriptors.
 *
 * Nothing is read ahead, so that what follows the request is the caller's.
 *
 *	socks5d_init(&s);
 *	do {
 *		read at most socks5d_need(&s) bytes;
 *		r = socks5d_input(&s, buf, n);
 *		send socks5d_output(&s, &len), if len > 0;
 *	} while (r == SOCKS5D_MORE);
 *	if (r == SOCKS5D_ASKED)
 *		socks5d_reply(&s, SOCKS_OK, 0), and send that.
 */
#ifndef NET_SOCKS5D_H
#define NET_SOCKS5D_H

#include <stddef.h>

#include "net/socks5.h"

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

enum socks5d_result {
	SOCKS5D_MORE,
	SOCKS5D_ASKED,		/* for host and port */
	SOCKS5D_OVER		/* nonsense, or it was refused */
};

#define SOCKS5D_OUT	(4 + 1 + SOCKS5_NAME_MAX + 2)

struct socks5d {
	int		 state;
	unsigned char	 in[SOCKS5_IN];		/* what the state waits for */
	size_t		 have, need;
	unsigned char	 atyp;
	unsigned char	 out[SOCKS5D_OUT];
	size_t		 outlen;
	char		 host[SOCKS5_NAME_MAX + 1];	/* or an address */
	char		 port[6];		/* in digits */
};

void	 socks5d_init(struct socks5d *s);
/* How many bytes are to be read at most; some of them. */
size_t	 socks5d_need(const struct socks5d *s);
enum socks5d_result socks5d_input(struct socks5d *s, const void *data,
	    size_t len);
/* What is to be sent now, len bytes of it, once. */
const void *socks5d_output(struct socks5d *s, size_t *len);
/*
 * Make the reply.  same: it names as bound what was asked for, as XEP-0065
 * section 5.3.2 has it, and is none if nothing was; else it names nothing.
 */
void	 socks5d_reply(struct socks5d *s, enum socks_reply reply, int same);

#endif

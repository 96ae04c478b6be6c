/*
 * tls_binding: what ties a login to the TLS connection below it (RFC 5056).
 * net/io/tls makes bindings, net/login uses them, and neither includes the
 * other's headers for that.
 */
#ifndef NET_IO_TLS_BINDING_H
#define NET_IO_TLS_BINDING_H

#include <stddef.h>

/* A channel binding that this connection can do (RFC 9266, RFC 5929). */
struct tls_binding {
	const char	*type;		/* for instance "tls-exporter" */
	unsigned char	 data[64];
	size_t		 len;		/* bytes of data */
};

#endif

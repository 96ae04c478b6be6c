/*
 * http_serve: one file by HTTP/1.1 (RFC 9110, RFC 9112), at a path that cannot
 * be guessed: GET and HEAD, whole or one range.
 */
#ifndef NET_FILE_HTTP_SERVE_H
#define NET_FILE_HTTP_SERVE_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct http_serve;

#define HTTP_SERVE_ERR	256
#define HTTP_SERVE_PATH	1024

struct http_serve_file {
	int		 fd;		/* stays the caller's */
	uint64_t	 size;
	const char	*name;		/* of the file, to be shown */
	const char	*type;		/* media type */
};

/* Listen where the string says, as port_listen() has it, and serve this file to
 * all that know its path.  f is copied, its strings must outlive the server.
 * sent (may be NULL) is called with the position behind the bytes that are on
 * their way.  NULL with a message in err[HTTP_SERVE_ERR]. */
struct http_serve *http_serve_new(struct loop *l, const char *where,
	    const struct http_serve_file *f,
	    void (*sent)(void *arg, uint64_t at), void *arg, char *err);
/* The path of the file's URL, with its slash; less than HTTP_SERVE_PATH. */
const char *http_serve_path(const struct http_serve *s);
/* The port of the file's URL. */
uint16_t http_serve_port(const struct http_serve *s);
/* Close all connections.  NULL is fine. */
void	 http_serve_free(struct http_serve *s);

#endif

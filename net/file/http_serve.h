/*
 * serve: one file by HTTP/1.1 (RFC 9110, RFC 9112), for whoever knows its
 * path, which nobody can guess: GET and HEAD, whole or one range.
 */
#ifndef NET_FILE_HTTP_SERVE_H
#define NET_FILE_HTTP_SERVE_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct http_serve;

#define SERVE_ERR	256
#define SERVE_PATH	1024

struct http_serve_file {
	int		 fd;		/* stays the caller's */
	uint64_t	 size;
	const char	*name;		/* of the file, to be shown */
	const char	*type;		/* media type */
};

/* Listen where it says, as port_listen(); f is copied, its strings must
 * outlive it.  sent (may be NULL) is called with the position behind the bytes
 * that are on their way.  NULL with a message in err[SERVE_ERR]. */
struct http_serve *serve(struct loop *l, const char *where,
	    const struct http_serve_file *f,
	    void (*sent)(void *arg, uint64_t at), void *arg, char *err);
/* Of its URL: the path with its slash; the port. */
const char *http_serve_path(const struct http_serve *s);
uint16_t http_serve_port(const struct http_serve *s);
/* Closes all connections.  NULL is fine. */
void	 http_serve_free(struct http_serve *s);

#endif

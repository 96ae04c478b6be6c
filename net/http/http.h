/*
 * http: HTTP/1.1 messages as a client has them (RFC 9110, RFC 9112): requests
 * to write, responses to take apart as they come.  No descriptors.
 *
 * Framing that has led to attacks is refused rather than guessed at: more than
 * one length, a length together with chunks, codings other than chunked, folded
 * lines, line ends other than CRLF.  Memory is bounded by HTTP_HEAD_MAX
 * whatever the server sends: a body is handed on as it comes.
 */
#ifndef NET_HTTP_HTTP_H
#define NET_HTTP_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "xml/buf.h"
#include "xml/check.h"

#define HTTP_LINE_MAX	8192		/* bytes of one line */
#define HTTP_HEAD_MAX	32768		/* of all fields; of trailers, too */
#define HTTP_FIELDS_MAX	128
#define HTTP_INTERIM_MAX 8		/* 1xx responses in a row */

/*
 * Requests.  Each function appends to b and returns 0, or -1 when b is full or
 * memory is out.
 */

/* Begin a request: the request line and Host, without the port if that is
 * default_port. */
int	 http_start(struct buf *b, const char *method, const char *target,
	    const char *host, uint16_t port, uint16_t default_port) MUST_CHECK;
/* A field.  A value with a line end or another control character in it is an
 * error. */
int	 http_add(struct buf *b, const char *name, const char *value)
	    MUST_CHECK;
/* A field for basic authentication (RFC 7617): Authorization or
 * Proxy-Authorization. */
int	 http_add_basic(struct buf *b, const char *name, const char *user,
	    const char *password) MUST_CHECK;
/* End the head of a request without a body. */
int	 http_end(struct buf *b) MUST_CHECK;
/* End the head of a request; a body of len bytes follows. */
int	 http_end_body(struct buf *b, uint64_t len) MUST_CHECK;

/*
 * Responses
 */

enum http_event {
	HTTP_MORE,		/* the input is used up: more is needed */
	HTTP_HEAD,		/* status and fields are known */
	HTTP_BODY,		/* some of the body */
	HTTP_END,		/* the response is complete */
	HTTP_ERROR		/* see http_error(); final */
};

struct http {
	int		 state;		/* the parser's */
	int		 bodyless;
	int		 status;
	int		 minor;		/* of the version, 1.0 or 1.1 */
	int		 interim;	/* 1xx that were passed over */
	int		 persistent;	/* another response may follow */
	size_t		 scanned;	/* of a line; no end up to there */
	size_t		 used;		/* of the input, by the last event */
	uint64_t	 left;		/* of the body or of this chunk */
	size_t		 nfields;
	size_t		 head;		/* bytes of lines so far */
	struct buf	 fields;	/* name NUL value NUL, and so on */
	const char	*error;
};

/* Begin, with no response expected. */
void	 http_init(struct http *h);
/* Free what is in h. */
void	 http_free(struct http *h);

/* A response is to come, on a new connection or behind the last response;
 * bodyless (1) to HEAD or CONNECT. */
void	 http_expect(struct http *h, int bodyless);

/*
 * The next event of what is in `in', which is drained of the bytes used.  With
 * HTTP_BODY, data[len] is some of the body, in `in', until the next call.
 * After HTTP_END the rest of `in' is not of this response.  A 101 ends with
 * its head (RFC 9110 section 7.8), as does a 2xx to CONNECT.
 */
enum http_event http_next(struct http *h, struct buf *in,
	    const unsigned char **data, size_t *len);
/* The connection has ended, in order: HTTP_END if that ends the response,
 * HTTP_ERROR if it cuts it short. */
enum http_event http_eof(struct http *h);

/* From HTTP_HEAD on: the value of the first field of this name, in upper or
 * lower case; NULL if there is none. */
const char *http_field(const struct http *h, const char *name);
/* Is token in that field, which is a list (RFC 9110 section 5.6.1)? */
int	 http_has(const struct http *h, const char *name, const char *token);
/* After HTTP_ERROR: what is wrong, for people. */
const char *http_error(const struct http *h);

#endif

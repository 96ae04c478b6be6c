/*
 * ws: WebSocket frames as a client has them (RFC 6455): out they are masked,
 * in they must not be.  No descriptors.
 */
#ifndef NET_HTTP_WS_H
#define NET_HTTP_WS_H

#include <stddef.h>
#include <stdint.h>

#include "xml/buf.h"
#include "xml/check.h"

/* RFC 6455 section 7.4.1 */
enum ws_code {
	WS_NORMAL = 1000,
	WS_PROTOCOL = 1002,
	WS_UNSUPPORTED = 1003,
	WS_NO_CODE = 1005,		/* never sent: a close without one */
	WS_BAD_DATA = 1007,
	WS_TOO_LARGE = 1009
};

/* The handshake (section 4.1): a fresh key, and whether the server's
 * Sec-WebSocket-Accept is the answer to it. */
#define WS_KEY 25
void	 ws_key(char *key);
int	 ws_accepted(const char *key, const char *accept);

/* Append a frame: a whole text message, a ping or pong, a close with a code
 * and no reason.  0 or -1. */
int	 ws_text(struct buf *out, const void *data, size_t len) MUST_CHECK;
int	 ws_ping(struct buf *out, const void *data, size_t len) MUST_CHECK;
int	 ws_pong(struct buf *out, const void *data, size_t len) MUST_CHECK;
int	 ws_close(struct buf *out, enum ws_code code) MUST_CHECK;
/* How many bytes stand before len bytes in a frame. */
size_t	 ws_header(size_t len);

enum ws_event {
	WS_MORE,		/* all that was there is used up */
	WS_DATA,		/* some of a text message */
	WS_END,			/* the message is complete */
	WS_PING,		/* answer with a pong of that data */
	WS_PONG,
	WS_CLOSE,		/* see ws->code; data is the reason, UTF-8 */
	WS_ERROR		/* see ws_error() and ws->code; final */
};

#define WS_CONTROL_MAX 125

struct ws {
	int		 state;
	int		 opcode;	/* of the frame */
	int		 fin;
	int		 fragmented;	/* a message has begun and not ended */
	uint64_t	 left;		/* of the frame */
	uint64_t	 size, max;	/* of the message, in bytes */
	size_t		 used;		/* of the input, by the last event */
	unsigned	 code;		/* of a close; what to close with */
	const char	*error;
	char		 control[WS_CONTROL_MAX + 1];	/* the last one */
};

/* Messages of more than max bytes are an error. */
void	 ws_init(struct ws *w, uint64_t max);
/*
 * The next event of what is in `in', which is drained of what is used.
 * data[len] is valid until the next call: some of the message with WS_DATA,
 * what it carries with a control frame, NUL-terminated then.
 */
enum ws_event ws_next(struct ws *w, struct buf *in,
	    const unsigned char **data, size_t *len);
/* What is wrong, for people. */
const char *ws_error(const struct ws *w);

#endif

/*
 * ws: WebSocket frames as a client has them (RFC 6455): frames that it sends
 * are masked, frames that it gets must not be.  No descriptors.
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

#define WS_KEY 25		/* bytes of a key, with its NUL */

/* Put a fresh key for the handshake (section 4.1) into key[WS_KEY]. */
void	 ws_key(char *key);
/* Is the server's Sec-WebSocket-Accept the answer to key? */
int	 ws_accepted(const char *key, const char *accept);

/* Append a whole text message, in one frame.  0, or -1 without room or
 * memory, as the next three. */
int	 ws_text(struct buf *out, const void *data, size_t len) MUST_CHECK;
/* Append a ping. */
int	 ws_ping(struct buf *out, const void *data, size_t len) MUST_CHECK;
/* Append a pong, which repeats the data of a ping. */
int	 ws_pong(struct buf *out, const void *data, size_t len) MUST_CHECK;
/* Append a close with a code and no reason. */
int	 ws_close(struct buf *out, enum ws_code code) MUST_CHECK;
/* How many bytes stand before len bytes in a frame. */
size_t	 ws_header(size_t len);

enum ws_event {
	WS_MORE,		/* the input is used up: more is needed */
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

/* Begin; a message of more than max bytes will be an error. */
void	 ws_init(struct ws *w, uint64_t max);
/*
 * The next event of what is in `in', which is drained of the bytes used.
 * data[len] is valid until the next call: some of the message with WS_DATA, the
 * payload of a control frame, with a NUL behind it, otherwise.
 */
enum ws_event ws_next(struct ws *w, struct buf *in,
	    const unsigned char **data, size_t *len);
/* After WS_ERROR: what is wrong, for people. */
const char *ws_error(const struct ws *w);

#endif

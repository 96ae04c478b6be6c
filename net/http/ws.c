/* ws: see ws.h. */
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "net/http/ws.h"
#include "xml/base64.h"
#include "xml/utf8.h"

#define GUID	"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

enum opcode {
	WS_OP_CONTINUATION = 0x0,
	WS_OP_TEXT = 0x1,
	WS_OP_BINARY = 0x2,
	WS_OP_CLOSE = 0x8,
	WS_OP_PING = 0x9,
	WS_OP_PONG = 0xa
};

#define FIN	0x80
#define RSV	0x70
#define MASK	0x80

enum state { WS_AT_HEADER, WS_AT_PAYLOAD, WS_AT_BAD };

/*
 * The handshake
 */

void
ws_key(char *key)
{
	unsigned char	 nonce[16];

	arc4random_buf(nonce, sizeof(nonce));
	key[base64_encode(key, nonce, sizeof(nonce))] = '\0';
}

int
ws_accepted(const char *key, const char *accept)
{
	unsigned char	 hash[SHA_DIGEST_LENGTH];
	char		 text[WS_KEY + sizeof(GUID)], want[32];

	if (strlcpy(text, key, sizeof(text)) >= WS_KEY)
		return 0;
	strlcat(text, GUID, sizeof(text));
	SHA1((const unsigned char *)text, strlen(text), hash);
	want[base64_encode(want, hash, sizeof(hash))] = '\0';
	return strcmp(accept, want) == 0;
}

/*
 * Frames out
 */

static size_t
put_length(unsigned char *p, size_t len)
{
	int	 i, n = len < 126 ? 0 : len <= 0xffff ? 2 : 8;

	p[0] = (unsigned char)(MASK |
	    (n == 0 ? len : (size_t)(n == 2 ? 126 : 127)));
	for (i = 0; i < n; i++)
		p[1 + i] = (unsigned char)((uint64_t)len >> 8 * (n - 1 - i));
	return (size_t)n + 1;
}

size_t
ws_header(size_t len)
{
	unsigned char	 p[9];

	return 1 + put_length(p, len) + 4;
}

/* Eight bytes at a time: the mask repeats every four. */
static void
mask(unsigned char *to, const unsigned char *from, size_t len,
    const unsigned char *key)
{
	uint64_t	 m, word;
	size_t		 i = 0;

	memcpy(&m, key, 4);
	memcpy((unsigned char *)&m + 4, key, 4);
	for (; len - i >= 8; i += 8) {
		memcpy(&word, from + i, 8);
		word ^= m;
		memcpy(to + i, &word, 8);
	}
	for (; i < len; i++)
		to[i] = from[i] ^ key[i % 4];
}

static int
ws_frame(struct buf *out, enum opcode opcode, const void *data, size_t len)
{
	unsigned char	 head[14], *p;
	size_t		 n;

	head[0] = (unsigned char)(FIN | opcode);
	n = 1 + put_length(head + 1, len);
	arc4random_buf(head + n, 4);
	if ((p = buf_reserve(out, n + 4 + len)) == NULL)
		return -1;
	memcpy(p, head, n + 4);
	mask(p + n + 4, data, len, head + n);
	buf_commit(out, n + 4 + len);
	return 0;
}

int
ws_text(struct buf *out, const void *data, size_t len)
{
	return ws_frame(out, WS_OP_TEXT, data, len);
}

int
ws_ping(struct buf *out, const void *data, size_t len)
{
	return ws_frame(out, WS_OP_PING, data, len);
}

int
ws_pong(struct buf *out, const void *data, size_t len)
{
	return ws_frame(out, WS_OP_PONG, data, len);
}

int
ws_close(struct buf *out, enum ws_code code)
{
	unsigned char	 p[2] = { (unsigned char)(code >> 8),
			    (unsigned char)(code & 0xff) };

	return ws_frame(out, WS_OP_CLOSE, p, sizeof(p));
}

/*
 * Frames in
 */

void
ws_init(struct ws *w, uint64_t max)
{
	memset(w, 0, sizeof(*w));
	w->max = max;
}

static enum ws_event
ws_bad(struct ws *w, enum ws_code code, const char *why)
{
	w->state = WS_AT_BAD;
	w->code = code;
	w->error = why;
	return WS_ERROR;
}

static int
is_control(const struct ws *w)
{
	return (w->opcode & 0x8) != 0;
}

static enum ws_event
ws_check(struct ws *w)
{
	switch (w->opcode) {
	case WS_OP_CLOSE:
	case WS_OP_PING:
	case WS_OP_PONG:
		if (!w->fin || w->left > WS_CONTROL_MAX)
			return ws_bad(w, WS_PROTOCOL, "a control frame is in "
			    "pieces or too long");
		return WS_MORE;
	case WS_OP_BINARY:
		return ws_bad(w, WS_UNSUPPORTED, "a frame is binary");
	case WS_OP_TEXT:
		if (w->fragmented)
			return ws_bad(w, WS_PROTOCOL, "a message begins inside "
			    "of another");
		w->size = 0;
		break;
	case WS_OP_CONTINUATION:
		if (!w->fragmented)
			return ws_bad(w, WS_PROTOCOL, "a frame goes on with "
			    "nothing");
		break;
	default:
		return ws_bad(w, WS_PROTOCOL, "a frame is of no known kind");
	}
	if (w->left > w->max - w->size)
		return ws_bad(w, WS_TOO_LARGE, "a message is too large");
	w->size += w->left;
	w->fragmented = !w->fin;
	return WS_MORE;
}

/* RFC 6455 section 5.2: the least number of bytes must be used. */
static enum ws_event
ws_take_header(struct ws *w, struct buf *in)
{
	const unsigned char	*p = buf_data(in);
	size_t			 n, i, have = buf_len(in);

	if (have < 2)
		return WS_MORE;
	if (p[0] & RSV)
		return ws_bad(w, WS_PROTOCOL, "a frame has reserved bits set");
	if (p[1] & MASK)
		return ws_bad(w, WS_PROTOCOL, "a frame is masked");
	n = p[1] == 126 ? 2 : p[1] == 127 ? 8 : 0;
	if (have < 2 + n)
		return WS_MORE;
	w->opcode = p[0] & 0xf;
	w->fin = (p[0] & FIN) != 0;
	w->left = n == 0 ? p[1] : 0;
	for (i = 0; i < n; i++)
		w->left = w->left << 8 | p[2 + i];
	if ((n == 2 && w->left < 126) || (n == 8 && w->left <= 0xffff) ||
	    w->left >> 63 != 0)
		return ws_bad(w, WS_PROTOCOL, "a frame has a malformed length");
	buf_drain(in, 2 + n);
	w->state = WS_AT_PAYLOAD;
	return ws_check(w);
}

/* RFC 6455 section 7.4, and what IANA has registered since. */
static int
is_code(unsigned code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 &&
	    code != 1005 && code != 1006) || (code >= 3000 && code < 5000);
}

static enum ws_event
take_close(struct ws *w, const unsigned char **data, size_t *len)
{
	const unsigned char	*p = *data;

	w->code = WS_NO_CODE;
	if (*len == 0)
		return WS_CLOSE;
	if (*len == 1 || !is_code((unsigned)p[0] << 8 | p[1]) ||
	    strlen(w->control + 2) != *len - 2)
		return ws_bad(w, WS_PROTOCOL, "its close is malformed");
	if (!utf8_valid(w->control + 2))
		return ws_bad(w, WS_BAD_DATA, "its close is no UTF-8");
	w->code = (unsigned)p[0] << 8 | p[1];
	*data += 2;
	*len -= 2;
	return WS_CLOSE;
}

static enum ws_event
control(struct ws *w, struct buf *in, const unsigned char **data, size_t *len)
{
	if (buf_len(in) < w->left)
		return WS_MORE;
	*len = (size_t)w->left;
	memcpy(w->control, buf_data(in), *len);
	w->control[*len] = '\0';
	*data = (const unsigned char *)w->control;
	buf_drain(in, *len);
	w->state = WS_AT_HEADER;
	return w->opcode == WS_OP_PING ? WS_PING :
	    w->opcode == WS_OP_PONG ? WS_PONG :
	    take_close(w, data, len);
}

static enum ws_event
payload(struct ws *w, struct buf *in, const unsigned char **data, size_t *len)
{
	size_t	 n = buf_len(in);

	if (n > w->left)
		n = (size_t)w->left;
	if (n == 0)
		return WS_MORE;
	w->left -= n;
	*data = buf_data(in);
	*len = w->used = n;
	return WS_DATA;
}

enum ws_event
ws_next(struct ws *w, struct buf *in, const unsigned char **data, size_t *len)
{
	enum ws_event	 ev;

	buf_drain(in, w->used);
	w->used = 0;
	for (;;) {
		if (w->state == WS_AT_BAD)
			return WS_ERROR;
		if (w->state == WS_AT_HEADER) {
			if ((ev = ws_take_header(w, in)) != WS_MORE ||
			    w->state == WS_AT_HEADER)
				return ev;
		} else if (is_control(w)) {
			return control(w, in, data, len);
		} else if (w->left > 0) {
			return payload(w, in, data, len);
		} else {
			w->state = WS_AT_HEADER;
			if (w->fin)
				return WS_END;
		}
	}
}

const char *
ws_error(const struct ws *w)
{
	return w->error;
}

/*
 * Fuzzer of WebSocket frames, and of stanzas that are wrapped.  However the
 * frames are split, the events must be the same.
 */
#include <stdint.h>
#include <string.h>

#include "net/http/ws.h"
#include "net/transport/wrap.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/must.h"
#include "xml/buf.h"

#define MAX	1000

static void
note(struct buf *b, const struct ws *w, enum ws_event ev,
    const unsigned char *p, size_t len)
{
	unsigned char	 c = (unsigned char)ev;

	if (ev != WS_DATA)
		must(buf_add(b, &c, 1) == 0);
	if (ev != WS_ERROR && ev != WS_END)
		must(buf_add(b, p, len) == 0);
	if (ev == WS_CLOSE || ev == WS_ERROR)
		must(buf_add(b, &w->code, sizeof(w->code)) == 0);
	if (ev == WS_PING || ev == WS_PONG)
		must(len <= WS_CONTROL_MAX);
}

static void
frames(const uint8_t *data, size_t size, size_t step, struct buf *seen)
{
	const unsigned char	*p;
	enum ws_event		 ev = WS_MORE;
	struct ws		 w;
	struct buf		 in;
	size_t			 i, n, len;

	buf_init(&in, size + 1);
	ws_init(&w, MAX);
	for (i = 0; i < size && ev != WS_ERROR; i += n) {
		n = size - i < step ? size - i : step;
		must(buf_add(&in, data + i, n) == 0);
		while ((ev = ws_next(&w, &in, &p, &len)) != WS_MORE) {
			note(seen, &w, ev, p, len);
			if (ev == WS_ERROR)
				break;
		}
		must(w.size <= MAX);
	}
	buf_free(&in);
}

int
fuzz_ws(const uint8_t *data, size_t size)
{
	struct buf	 a, b;
	size_t		 step;

	if (size < 1)
		return 0;
	step = data[0] + 1U;
	data++;
	size--;
	buf_init(&a, 16 * size + 64);
	buf_init(&b, 16 * size + 64);
	frames(data, size, size + 1, &a);
	frames(data, size, step, &b);
	must(buf_len(&a) == buf_len(&b) && (buf_len(&a) == 0 ||
	    memcmp(buf_data(&a), buf_data(&b), buf_len(&a)) == 0));
	buf_truncate(&a, 0);
	if (wrap_stanza(&a, data, size) == 0)
		must(buf_len(&a) > 0);
	buf_free(&a);
	buf_free(&b);
	return 0;
}

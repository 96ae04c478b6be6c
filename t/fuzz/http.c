/*
 * Fuzzer of what a web server or a proxy can send: HTTP responses, URLs, JRD,
 * SOCKS5.  However a response is split, the events must be the same.
 */
#include <stdint.h>
#include <string.h>

#include "net/dial/socks5_client.h"
#include "net/http/http.h"
#include "net/http/jrd.h"
#include "net/http/url.h"
#include "net/transport/endpoint.h"
#include "net/transport/endpoint_parse.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/must.h"
#include "xml/buf.h"

/* Body bytes are noted without the borders between events. */
static void
note(struct buf *b, const struct http *h, enum http_event ev)
{
	unsigned char	 c[4] = { (unsigned char)ev,
			    (unsigned char)(h->status >> 8),
			    (unsigned char)h->status,
			    (unsigned char)h->persistent };

	if (ev != HTTP_BODY)
		must(buf_add(b, c, sizeof(c)) == 0);
}

static void
responses(const uint8_t *data, size_t size, size_t step, int bodyless,
    struct buf *seen)
{
	const unsigned char	*p;
	enum http_event		 ev = HTTP_MORE;
	struct http		 h;
	struct buf		 in;
	size_t			 i, n, len;

	buf_init(&in, size + 1);
	http_init(&h);
	http_expect(&h, bodyless);
	for (i = 0; i < size && ev != HTTP_ERROR; i += n) {
		n = size - i < step ? size - i : step;
		must(buf_add(&in, data + i, n) == 0);
		while ((ev = http_next(&h, &in, &p, &len)) != HTTP_MORE) {
			note(seen, &h, ev);
			if (ev == HTTP_ERROR)
				break;
			if (ev == HTTP_BODY)
				must(buf_add(seen, p, len) == 0);
			if (ev == HTTP_END)
				http_expect(&h, bodyless);
		}
		must(buf_len(&h.fields) <= HTTP_HEAD_MAX);
	}
	must(ev == HTTP_ERROR ? http_error(&h) != NULL : 1);
	buf_free(&in);
	http_free(&h);
}

static void
channel_found(void *arg, const char *rel, const char *href)
{
	must(strlen(rel) < JRD_MAX && strlen(href) < JRD_MAX);
	(*(int *)arg)++;
}

static void
strings(const uint8_t *data, size_t size)
{
	char		 text[URL_TARGET + 512];
	struct url	 u;
	struct endpoint	 w, from = { .kind = ENDPOINT_TCP };

	if (size >= sizeof(text))
		size = sizeof(text) - 1;
	memcpy(text, data, size);
	text[size] = '\0';
	if (url_parse(text, &u) == NULL)
		must(*u.host != '\0' && *u.target == '/' &&
		    strpbrk(u.host, "\r\n /@") == NULL &&
		    strpbrk(u.target, "\r\n #") == NULL);
	if (endpoint_moved(text, &from, "d.test", &w) == 0)
		must(w.port != 0 && *w.host != '\0' &&
		    (w.kind == ENDPOINT_TCP || w.tls));
}

static void
socks(const uint8_t *data, size_t size)
{
	enum socks5_client_result	 r = SOCKS5_MORE;
	struct socks5_client		 s;
	size_t			 n, len;

	must(socks5_client_init(&s, "example.org", 5222, "user", "password") ==
	    0);
	while (r == SOCKS5_MORE && size > 0) {
		socks5_client_output(&s, &len);
		must(len <= SOCKS5_OUT && socks5_client_need(&s) > 0);
		n = socks5_client_need(&s) < size ? socks5_client_need(&s)
		    : size;
		r = socks5_client_input(&s, data, n);
		data += n;
		size -= n;
	}
}

int
fuzz_http(const uint8_t *data, size_t size)
{
	struct buf	 a, b;
	size_t		 step;
	int		 links = 0, bodyless;

	if (size < 1)
		return 0;
	step = (data[0] & 0x7f) + 1U;
	bodyless = data[0] >> 7;
	data++;
	size--;
	buf_init(&a, 16 * size + 64);
	buf_init(&b, 16 * size + 64);
	responses(data, size, size + 1, bodyless, &a);
	responses(data, size, step, bodyless, &b);
	must(buf_len(&a) == buf_len(&b) && (buf_len(&a) == 0 ||
	    memcmp(buf_data(&a), buf_data(&b), buf_len(&a)) == 0));
	buf_free(&a);
	buf_free(&b);
	jrd_links(data, size, channel_found, &links);
	strings(data, size);
	socks(data, size);
	return 0;
}

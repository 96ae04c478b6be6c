/* http: see http.h. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/http/http.h"
#include "xml/base64.h"
#include "xml/number.h"

#define LENGTH_MAX	(UINT64_C(1) << 62)

enum state {
	HTTP_IN_STATUS,
	HTTP_IN_FIELDS,
	HTTP_IN_LENGTH,		/* a body of known length */
	HTTP_IN_TOEOF,		/* the body ends with the connection */
	HTTP_IN_SIZE,			/* of a chunk */
	HTTP_IN_CHUNK,
	HTTP_IN_CHUNKEND,
	HTTP_IN_TRAILERS,
	HTTP_IN_COMPLETE,		/* HTTP_END is to be told */
	HTTP_IN_DONE,
	HTTP_IN_BAD
};

/*
 * Requests
 */

int
http_start(struct buf *b, const char *method, const char *target,
    const char *host, uint16_t port, uint16_t default_port)
{
	char	 authority[512];
	int	 v6 = strchr(host, ':') != NULL, n;

	n = snprintf(authority, sizeof(authority), "%s%s%s", v6 ? "[" : "",
	    host, v6 ? "]" : "");
	if (port != default_port && n > 0 && (size_t)n < sizeof(authority))
		n += snprintf(authority + n, sizeof(authority) - (size_t)n,
		    ":%u", port);
	if (n < 0 || (size_t)n >= sizeof(authority))
		return -1;
	return buf_addstr(b, method) == -1 || buf_addstr(b, " ") == -1 ||
	    buf_addstr(b, target) == -1 ||
	    buf_addstr(b, " HTTP/1.1\r\n") == -1 ||
	    http_add(b, "Host", authority) == -1 ? -1 : 0;
}

int
http_add(struct buf *b, const char *name, const char *value)
{
	const char	*p;

	for (p = value; *p != '\0'; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			return -1;
	return buf_addstr(b, name) == -1 || buf_addstr(b, ": ") == -1 ||
	    buf_addstr(b, value) == -1 || buf_addstr(b, "\r\n") == -1 ?
	    -1 : 0;
}

int
http_add_basic(struct buf *b, const char *name, const char *user,
    const char *password)
{
	char	 pair[513], value[6 + BASE64_ENCODED(sizeof(pair)) + 1];
	int	 n, r;
	size_t	 len;

	n = snprintf(pair, sizeof(pair), "%s:%s", user, password);
	if (n < 0 || (size_t)n >= sizeof(pair))
		return -1;
	memcpy(value, "Basic ", 6);
	len = base64_encode(value + 6, pair, (size_t)n);
	value[6 + len] = '\0';
	r = http_add(b, name, value);
	explicit_bzero(pair, sizeof(pair));
	explicit_bzero(value, sizeof(value));
	return r;
}

int
http_end(struct buf *b)
{
	return buf_add(b, "\r\n", 2);
}

int
http_end_body(struct buf *b, uint64_t len)
{
	char	 digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)len);
	return http_add(b, "Content-Length", digits) == -1 ? -1 : http_end(b);
}

/*
 * Responses
 */

void
http_init(struct http *h)
{
	memset(h, 0, sizeof(*h));
	buf_init(&h->fields, HTTP_HEAD_MAX);
	h->state = HTTP_IN_DONE;
}

void
http_free(struct http *h)
{
	buf_free(&h->fields);
}

void
http_expect(struct http *h, int bodyless)
{
	h->state = HTTP_IN_STATUS;
	h->bodyless = bodyless;
	h->status = h->minor = h->interim = h->persistent = 0;
	h->scanned = h->used = h->nfields = h->head = 0;
	h->left = 0;
	buf_truncate(&h->fields, 0);
}

static enum http_event
http_bad(struct http *h, const char *why)
{
	h->error = why;
	h->state = HTTP_IN_BAD;
	return HTTP_ERROR;
}

/* RFC 9110 section 5.6.2 */
static int
is_tchar(unsigned char c)
{
	return isalnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

/*
 * Take the next line of `in', without its end, into line, NUL-terminated.
 * Returns 1, 0 if it has not come whole, or -1 if it is no line.
 */
static int
take_line(struct http *h, struct buf *in, char *line)
{
	const unsigned char	*p = buf_data(in), *end;
	size_t			 n = buf_len(in), len;

	end = n > h->scanned ? memchr(p + h->scanned, '\n', n - h->scanned) :
	    NULL;
	if (end == NULL) {
		h->scanned = n;
		if (n <= HTTP_LINE_MAX)
			return 0;
		http_bad(h, "a line is too long");
		return -1;
	}
	h->scanned = 0;
	len = (size_t)(end - p);
	if (len > HTTP_LINE_MAX || (h->head += len + 1) > HTTP_HEAD_MAX) {
		http_bad(h, "its head is too long");
		return -1;
	}
	if (len == 0 || p[len - 1] != '\r' ||
	    memchr(p, '\r', len - 1) != NULL ||
	    memchr(p, '\0', len - 1) != NULL) {
		http_bad(h, "a line is malformed");
		return -1;
	}
	memcpy(line, p, len - 1);
	line[len - 1] = '\0';
	buf_drain(in, len + 1);
	return 1;
}

/* HTTP/1.x nnn reason */
static int
http_take_status(struct http *h, const char *s)
{
	uint64_t	 minor, status;

	if (strncmp(s, "HTTP/1.", 7) != 0 ||
	    number_decimal(s + 7, 1, 0, 9, &minor) == -1 || s[8] != ' ' ||
	    number_decimal(s + 9, 3, 100, 999, &status) == -1 ||
	    (s[12] != ' ' && s[12] != '\0')) {
		http_bad(h, "it does not speak HTTP");
		return -1;
	}
	h->minor = (int)minor;
	h->status = (int)status;
	h->state = HTTP_IN_FIELDS;
	return 0;
}

static int
keep_field(struct http *h, char *s)
{
	char	*colon = strchr(s, ':'), *p, *value, *end;

	if (colon == NULL || colon == s) {
		http_bad(h, "a field is malformed");
		return -1;
	}
	for (p = s; p < colon; p++) {
		if (!is_tchar((unsigned char)*p)) {
			http_bad(h, "a field is malformed");
			return -1;
		}
		*p = (char)tolower((unsigned char)*p);
	}
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	for (end = value + strlen(value); end > value &&
	    (end[-1] == ' ' || end[-1] == '\t'); end--)
		;
	*end = '\0';
	if (++h->nfields > HTTP_FIELDS_MAX ||
	    buf_add(&h->fields, s, strlen(s) + 1) == -1 ||
	    buf_add(&h->fields, value, strlen(value) + 1) == -1) {
		http_bad(h, "its head is too long");
		return -1;
	}
	return 0;
}

/* The value of the first field of this name behind `after'. */
static const char *
http_find(const struct http *h, const char *name, const char *after)
{
	const char	*p = (const char *)buf_data(&h->fields);
	const char	*end = p + buf_len(&h->fields), *value;

	for (; p < end; p = value + strlen(value) + 1) {
		value = p + strlen(p) + 1;
		if (strcasecmp(p, name) == 0 &&
		    (after == NULL || value > after))
			return value;
	}
	return NULL;
}

const char *
http_field(const struct http *h, const char *name)
{
	return buf_len(&h->fields) == 0 ? NULL : http_find(h, name, NULL);
}

static int
list_has(const char *list, const char *token)
{
	size_t	 n, len = strlen(token);

	for (;; list += n) {
		list += strspn(list, " \t,");
		if (*list == '\0')
			return 0;
		n = strcspn(list, " \t,;");
		if (n == len && strncasecmp(list, token, n) == 0)
			return 1;
		n += strcspn(list + n, ",");
	}
}

int
http_has(const struct http *h, const char *name, const char *token)
{
	const char	*value = http_field(h, name);

	for (; value != NULL; value = http_find(h, name, value))
		if (list_has(value, token))
			return 1;
	return 0;
}

/* RFC 9112 section 6.3: all Content-Length there are must agree. */
static int
take_length(struct http *h, const char *s)
{
	const char	*p;

	for (p = s; p != NULL; p = http_find(h, "content-length", p))
		if (strcmp(p, s) != 0)
			return -1;
	return number_read(s, 0, LENGTH_MAX, &h->left);
}

static int
chunked(const struct http *h)
{
	const char	*s = http_field(h, "transfer-encoding");

	return s != NULL && strcasecmp(s, "chunked") == 0 &&
	    http_find(h, "transfer-encoding", s) == NULL;
}

/* RFC 9112 section 6.3: where does this response end? */
static enum http_event
http_frame(struct http *h)
{
	int		 coded = http_field(h, "transfer-encoding") != NULL;
	const char	*length = http_field(h, "content-length");
	int		 sized = length != NULL;

	h->persistent = h->minor >= 1 ? !http_has(h, "connection", "close") :
	    http_has(h, "connection", "keep-alive");
	if (coded && (sized || h->minor == 0 || !chunked(h)))
		return http_bad(h,
		    "its body has a coding that is not understood");
	if (length != NULL && take_length(h, length) == -1)
		return http_bad(h, "its body has no length that makes sense");
	h->head = 0;
	if (h->status == 101 || h->status == 204 || h->status == 304 ||
	    (h->bodyless && h->status / 100 == 2) ||
	    (sized && h->left == 0))
		h->state = HTTP_IN_COMPLETE;
	else if (coded)
		h->state = HTTP_IN_SIZE;
	else if (sized)
		h->state = HTTP_IN_LENGTH;
	else {
		h->state = HTTP_IN_TOEOF;
		h->persistent = 0;
	}
	return HTTP_HEAD;
}

/* The head is there.  After a 1xx the response is yet to come. */
static enum http_event
end_head(struct http *h)
{
	int	 n = h->interim, bodyless = h->bodyless;

	if (h->status / 100 != 1 || h->status == 101)
		return http_frame(h);
	if (n == HTTP_INTERIM_MAX)
		return http_bad(h, "it sends no end of interim responses");
	http_expect(h, bodyless);
	h->interim = n + 1;
	return HTTP_MORE;
}

/* RFC 9112 section 7.1; extensions mean nothing to us. */
static int
take_size(struct http *h, const char *s)
{
	size_t	 len = strspn(s, NUMBER_HEX_DIGITS);
	int	 wrong = number_hex(s, len, LENGTH_MAX, &h->left);

	s += len;
	s += strspn(s, " \t");
	if (wrong || (*s != '\0' && *s != ';')) {
		http_bad(h, "a chunk has no size that makes sense");
		return -1;
	}
	h->head = 0;
	h->state = h->left > 0 ? HTTP_IN_CHUNK : HTTP_IN_TRAILERS;
	return 0;
}

static enum http_event
line(struct http *h, char *s)
{
	switch (h->state) {
	case HTTP_IN_STATUS:
		return http_take_status(h, s) == -1 ? HTTP_ERROR : HTTP_MORE;
	case HTTP_IN_FIELDS:
		if (*s == '\0')
			return end_head(h);
		return keep_field(h, s) == -1 ? HTTP_ERROR : HTTP_MORE;
	case HTTP_IN_SIZE:
		return take_size(h, s) == -1 ? HTTP_ERROR : HTTP_MORE;
	case HTTP_IN_CHUNKEND:
		if (*s != '\0')
			return http_bad(h, "a chunk is longer than its size");
		h->head = 0;
		h->state = HTTP_IN_SIZE;
		return HTTP_MORE;
	default:	/* HTTP_IN_TRAILERS: nothing is expected of them */
		if (*s == '\0')
			h->state = HTTP_IN_COMPLETE;
		return HTTP_MORE;
	}
}

static enum http_event
body(struct http *h, struct buf *in, const unsigned char **data, size_t *len)
{
	size_t	 n = buf_len(in);

	if (n == 0)
		return HTTP_MORE;
	if (h->state != HTTP_IN_TOEOF) {
		if (n > h->left)
			n = (size_t)h->left;
		if ((h->left -= n) == 0)
			h->state = h->state == HTTP_IN_CHUNK ?
			    HTTP_IN_CHUNKEND : HTTP_IN_COMPLETE;
	}
	*data = buf_data(in);
	*len = h->used = n;
	return HTTP_BODY;
}

enum http_event
http_next(struct http *h, struct buf *in, const unsigned char **data,
    size_t *len)
{
	enum http_event	 ev;
	char		 text[HTTP_LINE_MAX + 1];
	int		 r;

	buf_drain(in, h->used);
	h->used = 0;
	/* Look before a whole line has come: there may never be one. */
	if (h->state == HTTP_IN_CHUNKEND && buf_len(in) > 0 &&
	    buf_data(in)[0] != '\r')
		return http_bad(h, "a chunk is longer than its size");
	for (;;) {
		switch (h->state) {
		case HTTP_IN_LENGTH:
		case HTTP_IN_TOEOF:
		case HTTP_IN_CHUNK:
			return body(h, in, data, len);
		case HTTP_IN_COMPLETE:
			h->state = HTTP_IN_DONE;
			return HTTP_END;
		case HTTP_IN_DONE:
			return HTTP_MORE;
		case HTTP_IN_BAD:
			return HTTP_ERROR;
		default:
			break;
		}
		if ((r = take_line(h, in, text)) != 1)
			return r == 0 ? HTTP_MORE : HTTP_ERROR;
		if ((ev = line(h, text)) != HTTP_MORE)
			return ev;
	}
}

enum http_event
http_eof(struct http *h)
{
	if (h->state == HTTP_IN_TOEOF) {
		h->state = HTTP_IN_DONE;
		return HTTP_END;
	}
	return h->state == HTTP_IN_BAD ? HTTP_ERROR :
	    http_bad(h, "the connection ended in the middle of it");
}

const char *
http_error(const struct http *h)
{
	return h->error;
}

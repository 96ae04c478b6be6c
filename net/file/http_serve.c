/* http_serve: a file by HTTP; see http_serve.h. */
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "net/dial/port.h"
#include "net/file/http_serve.h"
#include "net/io/io.h"
#include "net/io/loop.h"
#include "xml/buf.h"
#include "xml/number.h"

#define VISITS		8		/* connections at a time */
#define HEAD_MAX	8192		/* bytes of a request */
#define PATIENCE	60000		/* ms for a request, and for each piece
					 * of the answer to be taken */
#define PIECE		(64 * 1024)	/* of the file, at a time */

/* A connection. */
struct visit {
	struct http_serve	*serve;
	struct io		*io;
	int			 answered;	/* its request, which is one */
	uint64_t		 at, end;	/* of the file, to be sent */
	struct timer		 timer;		/* until it is freed */
	TAILQ_ENTRY(visit)	 next;
};

struct http_serve {
	struct loop		*loop;
	struct port		*port;
	struct http_serve_file	 file;
	char			 path[HTTP_SERVE_PATH];
	TAILQ_HEAD(, visit)	 visits;	/* oldest first */
	size_t			 n;
	void			(*sent)(void *, uint64_t);
	void			*arg;
};

/*
 * What is asked for
 */

struct request {
	int		 head;		/* HEAD, not GET */
	const char	*target;
	const char	*range;		/* NULL: none */
};

/* Take the request in s apart, in place.  Returns 0, or the status that answers
 * what is no request. */
static int
parse_request(char *s, struct request *r)
{
	char	*line, *method, *version, *value;

	memset(r, 0, sizeof(*r));
	line = strsep(&s, "\r");
	method = strsep(&line, " ");
	r->target = strsep(&line, " ");
	version = line;
	if (r->target == NULL || version == NULL ||
	    strncmp(version, "HTTP/1.", 7) != 0)
		return 400;
	r->head = strcmp(method, "HEAD") == 0;
	if (!r->head && strcmp(method, "GET") != 0)
		return 405;
	while ((line = strsep(&s, "\r")) != NULL) {
		if (*line != '\n')
			return 400;
		line++;
		value = strchr(line, ':');
		if (value == NULL)
			continue;
		*value++ = '\0';
		value += strspn(value, " \t");
		if (strcasecmp(line, "Range") == 0 && r->range == NULL)
			r->range = value;
		else if (strcasecmp(line, "If-Range") == 0)
			r->range = "";	/* it has no tag of ours */
	}
	return 0;
}

/* The number that *s begins with, which moves behind it.  -1, with *s where it
 * is, if there are no digits, or too many. */
static int64_t
digits(const char **s)
{
	size_t		 len = strspn(*s, NUMBER_DIGITS);
	uint64_t	 n;

	if (number_decimal(*s, len, 0, INT64_MAX, &n) == -1)
		return -1;
	*s += len;
	return (int64_t)n;
}

/* The status of the answer, and the bytes that it is about (RFC 9110 section
 * 14.1.2).  What is not understood is ignored, and so are several ranges. */
static int
parse_range(const char *s, uint64_t size, uint64_t *from, uint64_t *end)
{
	int64_t	 a, b;

	*from = 0;
	*end = size;
	if (s == NULL || strncasecmp(s, "bytes=", 6) != 0)
		return 200;
	s += 6;
	a = digits(&s);
	if (*s++ != '-')
		return 200;
	b = digits(&s);
	if (*s != '\0' || (a == -1 && b == -1) || (b != -1 && a > b))
		return 200;
	if (a == -1 ? b == 0 || size == 0 : (uint64_t)a >= size)
		return 416;
	if (a == -1) {
		*from = (uint64_t)b < size ? size - (uint64_t)b : 0;
	} else {
		*from = (uint64_t)a;
		if (b != -1 && (uint64_t)b < size - 1)
			*end = (uint64_t)b + 1;
	}
	return 206;
}

/*
 * Answering
 */

static void
end_visit(struct visit *v)
{
	timer_set(v->serve->loop, &v->timer, clock_ms());
}

/* What a client sends gives it no more time, only what it takes. */
static void
wait_on(struct visit *v)
{
	timer_set(v->serve->loop, &v->timer, clock_ms() + PATIENCE);
}

static const char *
phrase(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 206:
		return "Partial Content";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 416:
		return "Range Not Satisfiable";
	default:
		return "Bad Request";
	}
}

static void
write_head(struct visit *v, int status, uint64_t from, uint64_t end)
{
	const struct http_serve_file	*f = &v->serve->file;
	int	 good = status / 100 == 2, n;
	char	 head[1024], range[128] = "";

	if (status == 206)
		snprintf(range, sizeof(range), "Content-Range: bytes "
		    "%llu-%llu/%llu\r\n", (unsigned long long)from,
		    (unsigned long long)end - 1, (unsigned long long)f->size);
	else if (status == 416)
		snprintf(range, sizeof(range), "Content-Range: bytes */%llu"
		    "\r\n", (unsigned long long)f->size);
	n = snprintf(head, sizeof(head), "HTTP/1.1 %d %s\r\n"
	    "Content-Type: %s\r\nContent-Length: %llu\r\n%s%s%s"
	    "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
	    status, phrase(status), good ? f->type : "text/plain",
	    good ? (unsigned long long)(end - from) : 0, range,
	    good ? "Accept-Ranges: bytes\r\n"
	    "Content-Disposition: attachment\r\n" : "",
	    status == 405 ? "Allow: GET, HEAD\r\n" : "");
	if (n < 0 || (size_t)n >= sizeof(head) ||
	    io_write(v->io, head, (size_t)n) == -1)
		end_visit(v);
}

static void
answer(struct visit *v, char *text)
{
	struct request	 r;
	uint64_t	 from = 0, end = 0;
	int		 status = parse_request(text, &r);

	v->answered = 1;
	wait_on(v);
	if (status == 0)
		status = strcmp(r.target, v->serve->path) != 0 ? 404 :
		    parse_range(r.range, v->serve->file.size, &from, &end);
	write_head(v, status, from, end);
	if (status / 100 == 2 && !r.head) {
		v->at = from;
		v->end = end;
	}
}

/* The next piece of the file, or the end. */
static void
feed(struct visit *v)
{
	static unsigned char	 piece[PIECE];
	uint64_t		 left = v->end - v->at;
	ssize_t			 n;

	if (left == 0) {
		io_shutdown(v->io);
		return;
	}
	n = pread(v->serve->file.fd, piece, left < PIECE ? (size_t)left :
	    PIECE, (off_t)v->at);
	if (n <= 0 || io_write(v->io, piece, (size_t)n) == -1) {
		end_visit(v);	/* short of its length: no proper end */
		return;
	}
	v->at += (uint64_t)n;
	wait_on(v);
	if (v->serve->sent != NULL)
		v->serve->sent(v->serve->arg, v->at);
}

static void
input(struct visit *v)
{
	struct buf	*in = io_input(v->io);
	char		 text[HEAD_MAX + 1];
	size_t		 len = buf_len(in);

	if (v->answered) {
		buf_drain(in, len);
		return;
	}
	if (len > HEAD_MAX)
		len = HEAD_MAX;
	memcpy(text, buf_data(in), len);
	text[len] = '\0';
	if (strlen(text) != len || (strstr(text, "\r\n\r\n") == NULL &&
	    len == HEAD_MAX)) {
		v->answered = 1;
		write_head(v, 400, 0, 0);
	} else if (strstr(text, "\r\n\r\n") != NULL) {
		*strstr(text, "\r\n\r\n") = '\0';
		answer(v, text);
	}
}

static void
io_event(void *arg, enum io_event ev)
{
	struct visit	*v = arg;

	switch (ev) {
	case IO_INPUT:
		input(v);
		break;
	case IO_DRAINED:
		if (v->answered)
			feed(v);
		break;
	case IO_EOF:
		/* A client that waits for its answer may have said all. */
		if (!v->answered || (v->at == v->end && io_queued(v->io) == 0))
			end_visit(v);
		break;
	case IO_ERROR:
		end_visit(v);
		break;
	default:
		break;
	}
}

/*
 * Life and death
 */

static void
visit_free(struct visit *v)
{
	timer_clear(v->serve->loop, &v->timer);
	TAILQ_REMOVE(&v->serve->visits, v, next);
	v->serve->n--;
	io_free(v->io);
	free(v);
}

static void
fire(void *arg)
{
	visit_free(arg);
}

/* Strangers may connect, too: none of them keeps a place from the next client,
 * be it silent, or told already that there is no file for it. */
static void
make_room(struct http_serve *s)
{
	struct visit	*v;

	if (s->n < VISITS)
		return;
	TAILQ_FOREACH(v, &s->visits, next)
		if (v->at == v->end && io_queued(v->io) == 0)
			break;
	if (v != NULL)
		visit_free(v);
}

static void
visited(void *arg, int fd)
{
	struct http_serve	*s = arg;
	struct visit	*v;

	make_room(s);
	if (s->n >= VISITS || (v = calloc(1, sizeof(*v))) == NULL) {
		close(fd);
		return;
	}
	v->serve = s;
	v->timer = (struct timer){ .fire = fire, .arg = v };
	TAILQ_INSERT_TAIL(&s->visits, v, next);
	s->n++;
	if ((v->io = io_new(s->loop, fd, io_event, v)) == NULL) {
		close(fd);
		visit_free(v);
		return;
	}
	wait_on(v);
}

/* Random digits, and behind them the name, as a URL has it. */
static void
make_path(struct http_serve *s)
{
	unsigned char	 r[16];
	const char	*p;
	size_t		 n = 0;

	arc4random_buf(r, sizeof(r));
	s->path[n++] = '/';
	number_to_hex(r, sizeof(r), s->path + n);
	n += 2 * sizeof(r);
	s->path[n++] = '/';
	for (p = s->file.name; *p != '\0' && n + 4 < sizeof(s->path); p++)
		if ((*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= 'a' && *p <= 'z') || strchr("-._~", *p) != NULL) {
			s->path[n++] = *p;
		} else {
			snprintf(s->path + n, 4, "%%%02X", (unsigned char)*p);
			n += 3;
		}
	s->path[n] = '\0';
}

struct http_serve *
http_serve_new(struct loop *l, const char *where,
    const struct http_serve_file *f, void (*sent)(void *, uint64_t),
    void *arg, char *err)
{
	struct http_serve	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL) {
		snprintf(err, HTTP_SERVE_ERR, "out of memory");
		return NULL;
	}
	s->loop = l;
	s->file = *f;
	s->sent = sent;
	s->arg = arg;
	TAILQ_INIT(&s->visits);
	make_path(s);
	if ((s->port = port_listen(l, where, visited, s, err)) == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

const char *
http_serve_path(const struct http_serve *s)
{
	return s->path;
}

uint16_t
http_serve_port(const struct http_serve *s)
{
	return port_number(s->port);
}

void
http_serve_free(struct http_serve *s)
{
	if (s == NULL)
		return;
	while (!TAILQ_EMPTY(&s->visits))
		visit_free(TAILQ_FIRST(&s->visits));
	port_free(s->port);
	free(s);
}

/* road: from a way to a stream, of whichever kind. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/dial.h"
#include "net/io.h"
#include "net/road_int.h"
#include "net/tls.h"

/*
 * What the kinds tell
 */

static void
tell(struct road *r, enum road_event ev, const struct elem *e)
{
	if (!r->over)
		r->fn(r->arg, ev, e);
}

void
road_secure(struct road *r)
{
	tell(r, ROAD_SECURE, NULL);
}

void
road_opened(struct road *r, const struct elem *header)
{
	tell(r, ROAD_OPEN, header);
}

void
road_stanza(struct road *r, const struct elem *e)
{
	tell(r, ROAD_STANZA, e);
}

void
road_drained(struct road *r)
{
	tell(r, ROAD_DRAINED, NULL);
}

void
road_ended(struct road *r)
{
	tell(r, ROAD_CLOSE, NULL);
	r->over = 1;
}

void
road_broke(struct road *r, enum road_fault fault, const char *why)
{
	if (r->over)
		return;
	r->fault = fault;
	strlcpy(r->err, why, sizeof(r->err));
	tell(r, ROAD_ERROR, NULL);
	r->over = 1;
}

void
road_log(struct road *r, int level, const char *fmt, ...)
{
	char	 line[1024];
	va_list	 ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	r->conf.log(r->arg, level, line);
}

int
road_tls(struct road *r, struct io *io, const char *alpn)
{
	SSL	*ssl;

	ssl = tls_client(r->conf.tls, io_fd(io), r->conf.tls_name, alpn);
	if (ssl == NULL)
		return -1;
	io_secure(io, ssl, r->conf.tls_name);
	return 0;
}

/*
 * Life and death
 */

static void
dialled(void *arg, int fd, const char *err)
{
	struct road	*r = arg;

	r->dial = NULL;
	if (fd == -1) {
		road_broke(r, ROAD_UNREACHED, err);
		return;
	}
	road_log(r, 1, "connected to %s port %u", r->way->host, r->way->port);
	r->kind = &road_tcp;
	if ((r->k = r->kind->begin(r, fd)) == NULL)
		road_broke(r, ROAD_LOST, "out of memory");
}

struct road *
road_new(struct loop *l, struct resolver *res, const struct road_conf *conf,
    road_fn *fn, void *arg)
{
	struct road	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->loop = l;
	r->resolver = res;
	r->conf = *conf;
	r->way = conf->way;
	r->fn = fn;
	r->arg = arg;
	r->dial = dial(l, res, r->way->host, r->way->port, conf->family,
	    dialled, r);
	if (r->dial == NULL) {
		free(r);
		return NULL;
	}
	return r;
}

void
road_free(struct road *r)
{
	if (r == NULL)
		return;
	dial_cancel(r->dial);
	if (r->k != NULL)
		r->kind->free(r->k);
	free(r);
}

/*
 * What the kinds do
 */

int
road_send(struct road *r, const void *data, size_t len)
{
	if (r->k == NULL || r->over)
		return -1;
	return r->kind->send(r->k, data, len);
}

void
road_keepalive(struct road *r)
{
	if (r->k != NULL && !r->over)
		r->kind->keepalive(r->k);
}

size_t
road_queued(const struct road *r)
{
	return r->k != NULL ? r->kind->queued(r->k) : 0;
}

void
road_restart(struct road *r)
{
	if (r->k != NULL && !r->over)
		r->kind->restart(r->k);
}

void
road_pause(struct road *r, int pause)
{
	if (r->k != NULL)
		r->kind->pause(r->k, pause);
}

void
road_close(struct road *r)
{
	if (r->k != NULL && !r->over)
		r->kind->close(r->k);
}

int
road_connected(const struct road *r)
{
	return r->k != NULL;
}

SSL *
road_ssl(struct road *r)
{
	return r->k != NULL ? r->kind->ssl(r->k) : NULL;
}

enum road_fault
road_fault(const struct road *r)
{
	return r->fault;
}

const char *
road_error(const struct road *r)
{
	return r->err;
}

/* record_pack: TLS records as servers like them; see record_pack.h. */
#include <string.h>

#include "net/io/loop.h"
#include "net/io/record_pack.h"

#define FEW	512		/* bytes to fill a record with */
#define BULK	100		/* ms after a full record: there is much */

void
record_pack_init(struct record_pack *p, size_t max)
{
	memset(p, 0, sizeof(*p));
	buf_init(&p->units, max);
}

void
record_pack_free(struct record_pack *p)
{
	buf_free(&p->units);
}

void
record_pack_pads(struct record_pack *p)
{
	p->pads = 1;
}

int
record_pack_add(struct record_pack *p, size_t len)
{
	return buf_add(&p->units, &len, sizeof(len));
}

void
record_pack_undo(struct record_pack *p)
{
	buf_truncate(&p->units, buf_len(&p->units) - sizeof(size_t));
}

size_t
record_pack_fill(struct record_pack *p, size_t len)
{
	size_t	 n = (RECORD_PACK_MAX - len % RECORD_PACK_MAX) %
		    RECORD_PACK_MAX;
	int64_t	 now = clock_ms();

	if (n <= FEW || len >= RECORD_PACK_MAX)
		p->filled = now;
	return n <= FEW || now - p->filled < BULK ? n : 0;
}

/* As many whole units as a record has room for, or what it has room for of the
 * first. */
static size_t
next_record(const struct record_pack *p)
{
	size_t	 len, off, sum = 0;

	for (off = 0; off < buf_len(&p->units); off += sizeof(len)) {
		memcpy(&len, buf_data(&p->units) + off, sizeof(len));
		if (off == 0)
			len -= p->gone;
		if (sum > 0 && sum + len > RECORD_PACK_MAX)
			break;
		sum += len;
	}
	return sum > RECORD_PACK_MAX ? RECORD_PACK_MAX : sum;
}

static size_t
next_padding(struct record_pack *p, size_t queued)
{
	int64_t	 now = clock_ms(), since = now - p->wrote;

	p->wrote = now;
	if (p->record + FEW >= RECORD_PACK_MAX)
		p->filled = now;
	return now - p->filled < BULK ||
	    (since < BULK && queued >= RECORD_PACK_MAX) ?
	    RECORD_PACK_MAX - p->record : 0;
}

const void *
record_pack_next(struct record_pack *p, const struct buf *out, int tls,
    unsigned char copy[RECORD_PACK_MAX], size_t *len)
{
	if (p->record == 0) {
		p->record = next_record(p);
		p->padding = p->pads && tls ? next_padding(p, buf_len(out)) :
		    0;
	}
	*len = p->record + p->padding;
	if (p->padding == 0)
		return buf_data(out);
	memcpy(copy, buf_data(out), p->record);
	memset(copy + p->record, ' ', p->padding);
	return copy;
}

void
record_pack_sent(struct record_pack *p, struct buf *out, size_t n)
{
	size_t	 len;

	n -= p->padding;
	p->record = 0;
	buf_drain(out, n);
	for (p->gone += n; buf_len(&p->units) > 0; p->gone -= len) {
		memcpy(&len, buf_data(&p->units), sizeof(len));
		if (p->gone < len)
			break;
		buf_drain(&p->units, sizeof(len));
	}
}

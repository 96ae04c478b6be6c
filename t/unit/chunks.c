/*
 * Unit tests of xml/chunks: beside a queue that is one array, by chance that is
 * the same each time, and what it keeps.
 */
#include <errno.h>
#include <string.h>

#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "xml/chunks.h"

#define MOST	300000

static unsigned char	 model[2 * MOST];
static size_t		 head, tail;
static unsigned		 seed = 1;

static unsigned
chance(unsigned n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

static void
add(struct chunks *q, size_t len)
{
	static unsigned char	 data[100000];
	size_t			 i;
	int			 fits = tail - head + len <= MOST;

	for (i = 0; i < len; i++)
		data[i] = (unsigned char)chance(256);
	errno = 0;
	must((chunks_add(q, data, len) == 0) == fits);
	must(fits || errno == ENOBUFS);
	if (!fits)
		return;
	if (tail + len > sizeof(model)) {
		memmove(model, model + head, tail - head);
		tail -= head;
		head = 0;
	}
	memcpy(model + tail, data, len);
	tail += len;
}

/* All of it, from some offset on, piece by piece; or its front. */
static int
agrees(struct chunks *q)
{
	static unsigned char	 room[MOST];
	size_t			 len = tail - head, at, n;
	const unsigned char	*p;

	if (chunks_len(q) != len)
		return 0;
	for (at = len > 0 ? chance((unsigned)len) : 0; at < len; at += n) {
		p = chunks_piece(q, at, &n);
		if (n == 0 || at + n > len ||
		    memcmp(p, model + head + at, n) != 0)
			return 0;
	}
	n = len > 0 ? chance((unsigned)len) : 0;
	return memcmp(chunks_front(q, n, room), model + head, n) == 0;
}

static void
test_model(void)
{
	struct chunks	 q;
	size_t		 len;
	int		 i;

	chunks_init(&q, MOST);
	for (i = 0; i < 20000 && agrees(&q); i++) {
		len = tail - head;
		switch (chance(5)) {
		case 0:
		case 1:
			add(&q, chance(chance(2) ? 100 : 100000));
			break;
		case 2:
		case 3:
			len = len > 0 ? chance((unsigned)len + 1) : 0;
			chunks_drain(&q, len);
			head += len;
			break;
		default:
			if (chance(10) == 0) {
				len = len > 0 ? chance((unsigned)len + 1) : 0;
				chunks_truncate(&q, len);
				tail = head + len;
			}
			break;
		}
	}
	is_int(i, 20000, "as an array");
	chunks_free(&q);
	ok(chunks_len(&q) == 0 && chunks_storage(&q) == 0, "freed");
}

static void
test_storage(void)
{
	static unsigned char	 data[100000];
	struct chunks		 q;
	int			 i;

	chunks_init(&q, 64 * 1024 * 1024);
	must(chunks_add(&q, data, 30) == 0);
	ok(chunks_storage(&q) <= 4096, "little for little");
	for (i = 0; i < 300; i++)
		must(chunks_add(&q, data, sizeof(data)) == 0);
	ok(chunks_storage(&q) < 31000000, "no more than there is, for much");
	chunks_drain(&q, 29000030);
	ok(chunks_storage(&q) < 1800000, "less when it is drained: %zu",
	    chunks_storage(&q));
	chunks_trim(&q);
	ok(chunks_storage(&q) < 1200000, "and less: %zu", chunks_storage(&q));
	chunks_drain(&q, 1000000);
	ok(chunks_len(&q) == 0 && chunks_storage(&q) <= 8 * 65536,
	    "some is kept for what follows");
	chunks_trim(&q);
	is_int((long)chunks_storage(&q), 0, "until it is not wanted");
}

int
main(void)
{
	test_model();
	test_storage();
	return tap_done();
}

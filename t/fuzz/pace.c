/*
 * Fuzzer of what decides how much is under way, ibb/pace: blocks are sent as it
 * allows, and land, out of turn or never, while a clock of the input's goes on.
 * Whatever the path is like, there is a block that may be sent when nothing is
 * under way, and never more than the budget allows beyond one.
 *
 * Input that begins with P is of paths, five bytes each, that the blocks take
 * one after the other, with a queue at the narrowest place: the time that a
 * block takes there and back without the queue, the rate, how many blocks, how
 * much one may be late by chance, and in its lowest bit whether there is other
 * traffic.
 */
#include <string.h>

#include "ibb/congestion.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/must.h"

#define MARKS	256
#define PATHS	8

static struct congestion		 p;
static struct congestion_mark		 marks[MARKS];
static size_t			 first, last;	/* those under way */
static int64_t			 now;
static int64_t			 lands[MARKS];	/* when, on a path */

static void
check(void)
{
	must(p.landed <= p.sent && p.nlanded <= p.nsent);
	must(p.budget > 0 && p.budget <= CONGESTION_BUDGET_MAX);
	must(congestion_stanza(&p) > 0 && congestion_stanza(&p) <= 64 * 1024);
	must(congestion_room(&p, congestion_stanza(&p)) <=
	    CONGESTION_BLOCKS_MAX);
	if (congestion_flying(&p) == 0)
		must(congestion_room(&p, congestion_stanza(&p)) > 0);
}

static void
send_block(size_t len)
{
	if (last - first == MARKS || congestion_room(&p, len) == 0)
		return;
	congestion_sent(&p, len, now, &marks[last++ % MARKS]);
}

/* The skip oldest have no answer: they count as landed with this one. */
static void
land(size_t skip, int polite)
{
	if (last - first <= skip)
		return;
	first += skip;
	congestion_landed(&p, &marks[first++ % MARKS], now, polite);
}

/* What fits goes into the queue, which is empty at the time *empty. */
static void
send_all(int64_t delay, int64_t rate, int64_t late, int64_t *empty)
{
	size_t	 len = congestion_stanza(&p), n = last;

	while (last - first < MARKS && congestion_room(&p, len) > 0) {
		send_block(len);
		must(++n == last);
		if (*empty < now + delay / 2)
			*empty = now + delay / 2;
		*empty += (int64_t)len * 1000000 / rate;
		lands[(n - 1) % MARKS] = *empty + delay / 2 + (late > 0 ?
		    (int64_t)(n * 2654435761U >> 8 & 0xffff) % late : 0);
		check();
	}
}

static void
take_path(const uint8_t a[5])
{
	int64_t	 delay = (a[0] + 1) * 1000, rate = (a[1] + 1) * 4096;
	int64_t	 late = (a[4] >> 1) * 1000, empty = now;
	int	 n = (a[2] + (a[3] << 8)) & 0x3fff, polite = a[4] & 1;

	congestion_restart(&p, now);
	first = last;
	while (n-- > 0) {
		send_all(delay, rate, late, &empty);
		must(last > first);
		if (now < lands[first % MARKS])
			now = lands[first % MARKS];
		land(0, polite);
		check();
	}
}

int
fuzz_pace(const uint8_t *data, size_t size)
{
	size_t	 i, n;

	now = 1000000;
	first = last = 0;
	congestion_init(&p, now);
	if (size > 0 && *data == 'P') {
		for (i = 1; i + 5 <= size && i < 5 * PATHS; i += 5)
			take_path(data + i);
		return 0;
	}
	for (i = 0; i + 1 < size; i += 2) {
		n = data[i + 1];
		switch (data[i] % 8) {
		case 0: case 1:
			send_block(n * 64 + 1);
			break;
		case 2:		/* as many as there is room for */
			while (n-- > 0)
				send_block(congestion_stanza(&p));
			break;
		case 3: case 4:
			land(0, (data[i] & 8) != 0);
			break;
		case 5:
			land(n % 4, 0);
			break;
		case 6:
			now += (int64_t)n << (data[i] >> 4);
			break;
		default:
			if (n < 4) {
				congestion_restart(&p, now);
				first = last;
			} else {
				now += (int64_t)n * 100;
			}
		}
		check();
	}
	return 0;
}

/*
 * Fuzzer of what decides how much is under way, ibb/pace: blocks are sent as it
 * allows, and land, out of turn or never, while a clock of the input's goes on.
 * Whatever the path is like, there is a block that may be sent when nothing is
 * under way, and never more than the budget allows beyond one.
 */
#include <stdlib.h>
#include <string.h>

#include "ibb/congestion.h"
#include "t/fuzz/fuzz.h"

#define must(x)	do { if (!(x)) abort(); } while (0)
#define MARKS	256

static struct congestion		 p;
static struct congestion_mark		 marks[MARKS];
static size_t			 first, last;	/* those under way */
static int64_t			 now;

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

int
fuzz_pace(const uint8_t *data, size_t size)
{
	size_t	 i, n;

	now = 1000000;
	first = last = 0;
	congestion_init(&p, now);
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

/* bounded.h says what this is. */
#include "net/io/loop.h"
#include "t/lib/bounded.h"

static void
stop(void *arg)
{
	loop_stop(arg);
}

int
bounded_run(struct loop *l, int64_t ms)
{
	struct timer	 bound = { .fire = stop, .arg = l };
	int		 r, in_time;

	timer_set(l, &bound, clock_ms() + ms);
	r = loop_run(l);
	in_time = bound.on;
	timer_clear(l, &bound);
	return r == -1 ? -1 : in_time;
}

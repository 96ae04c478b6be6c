/* context: see context.h. */
#include "xml/context.h"

static unsigned	 last, now;

unsigned
context_new(void)
{
	return ++last;
}

unsigned
context_now(void)
{
	return now;
}

unsigned
context_enter(unsigned context)
{
	unsigned	 left = now;

	now = context;
	return left;
}

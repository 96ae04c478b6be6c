/*
 * Unit tests of ibb/budget: what streams of several accounts leave each other.
 */
#include <stdint.h>

#include "ibb/budget.h"
#include "t/lib/tap.h"

#define BYTES	4000
#define PART	2000

static void
left(const struct charge *c, size_t windows, size_t all, const char *name)
{
	is_int((long long)charge_left(c), (long long)windows,
	    "%s: left for windows", name);
	is_int((long long)charge_rest(c), (long long)all, "%s: left at all",
	    name);
}

static void
test_parts(void)
{
	struct budget	*b = budget_new(BYTES, PART);
	struct charge	 a1, a2, c;

	is_int(charge_begin(&a1, b, "a@x/1"), 0, "begun");
	is_int(charge_begin(&a2, b, "a@x/2"), 0, "the same account");
	is_int(charge_begin(&c, b, "c@x"), 0, "another one");
	left(&a1, 1500, 2000, "nothing taken");
	ok(!charge_is_tight(&a1), "that is plenty");
	charge_set(&a1, 100, 900);
	left(&a1, 600, 1100, "the part, by its bytes");
	left(&a2, 600, 1100, "that of all its streams");
	left(&c, 1500, 2000, "not that of others");
	ok(charge_is_tight(&a2), "it is half gone");
	charge_set(&a1, 100, 2500);
	left(&a2, 0, 0, "overdrawn");
	left(&c, 400, 1400, "less for others, as it is less of all");
	charge_set(&c, 1400, 0);
	left(&c, 0, 500, "to be there takes a quarter of all at most");
	charge_set(&a1, 100, 100);
	left(&a2, 1400, 1900, "given back");
	left(&c, 1500, 2000, "to others");
	charge_end(&a1);
	left(&a2, 1500, 2000, "and ended");
	charge_end(&a2);
	charge_end(&a2);
	charge_end(&c);
	budget_free(b);
}

static void
test_none(void)
{
	struct charge	 c;

	is_int(charge_begin(&c, NULL, "a@x"), 0, "no budget");
	charge_set(&c, 1, SIZE_MAX / 2);
	ok(charge_left(&c) == SIZE_MAX && charge_rest(&c) == SIZE_MAX,
	    "no bounds");
	ok(!charge_is_tight(&c), "never tight");
	charge_end(&c);
	budget_free(NULL);
}

int
main(void)
{
	test_parts();
	test_none();
	return tap_done();
}

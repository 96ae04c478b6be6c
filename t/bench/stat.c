#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "t/bench/stat.h"

size_t
stat_number(const char *text)
{
	const char	*why;
	long long	 n = strtonum(text, 0, LLONG_MAX, &why);

	if (why != NULL)
		errx(2, "%s: %s", text, why);
	return (size_t)n;
}

double
stat_now(void)
{
	struct timespec	 ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void
stat_sleep(unsigned int ms)
{
	struct timespec	 ts = {
		.tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000L,
	};

	if (ms > 0)
		nanosleep(&ts, NULL);
}

void
stat_add(struct stat_list *l, double v)
{
	if (l->n == l->size) {
		l->size = l->size * 2 + 64;
		if ((l->v = realloc(l->v, l->size * sizeof(*l->v))) == NULL)
			err(1, NULL);
	}
	l->v[l->n++] = v;
}

static int
compare(const void *a, const void *b)
{
	const double	*x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double
stat_percentile(struct stat_list *l, size_t percent)
{
	if (l->n == 0)
		errx(1, "nothing was measured");
	qsort(l->v, l->n, sizeof(*l->v), compare);
	return l->v[percent < 100 ? l->n * percent / 100 : l->n - 1];
}

void
stat_print(struct stat_list *l)
{
	printf("%.0f %.0f %.0f %zu\n", 1e6 * stat_percentile(l, 50),
	    1e6 * stat_percentile(l, 99), 1e6 * stat_percentile(l, 100), l->n);
	fflush(stdout);
}

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/lib/tap.h"

static int count, failed;
static const char *source;	/* of the test, once one has failed */

static int __attribute__((__format__(__printf__, 4, 0)))
report(const char *file, int line, int pass, const char *fmt, va_list ap)
{
	char name[256], *p;

	vsnprintf(name, sizeof(name), fmt, ap);
	for (p = name; *p != '\0'; p++) {
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	}
	printf("%sok %d - %s\n", pass ? "" : "not ", ++count, name);
	if (!pass) {
		failed++;
		source = file;
	}
	fflush(stdout);
	if (!pass)
		fprintf(stderr, "#   at %s:%d\n", file, line);
	return pass;
}

int
tap_ok(const char *file, int line, int pass, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(file, line, pass, fmt, ap);
	va_end(ap);
	return pass;
}

/* Each line of s becomes a comment. */
static void
show(const char *what, const char *s)
{
	if (s == NULL) {
		fprintf(stderr, "#   %s: NULL\n", what);
		return;
	}
	fprintf(stderr, "#   %s: \"", what);
	for (; *s != '\0'; s++) {
		putc(*s, stderr);
		if (*s == '\n')
			fprintf(stderr, "#     ");
	}
	fprintf(stderr, "\"\n");
}

int
tap_is(const char *file, int line, const char *got, const char *want,
    const char *fmt, ...)
{
	va_list ap;
	int pass;

	pass = got == want ||
	    (got != NULL && want != NULL && strcmp(got, want) == 0);
	va_start(ap, fmt);
	report(file, line, pass, fmt, ap);
	va_end(ap);
	if (!pass) {
		show("got", got);
		show("want", want);
	}
	return pass;
}

int
tap_is_int(const char *file, int line, long long got, long long want,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(file, line, got == want, fmt, ap);
	va_end(ap);
	if (got != want)
		fprintf(stderr, "#   got: %lld\n#   want: %lld\n", got, want);
	return got == want;
}

void
tap_wind(int times)
{
	double	 load;
	char	 rate[16];

	if (getloadavg(&load, 1) == 1) {
		load /= (double)sysconf(_SC_NPROCESSORS_ONLN);
		if (load >= 3)
			times = (times + 1) / 2;
		if (load >= 6)
			times = (times + 1) / 2;
	}
	snprintf(rate, sizeof(rate), "%d", times);
	if (setenv("XCAT_TEST_CLOCK", rate, 1) == -1)
		abort();
}

int
tap_soak(void)
{
	const char *tier = getenv("TIER");

	return tier != NULL && strcmp(tier, "soak") == 0;
}

int
tap_done(void)
{
	printf("1..%d\n", count);
	if (failed > 0)
		fprintf(stderr, "# %d of %d failed\n# to run it again:"
		    " prove -v %.*s.t\n", failed, count,
		    (int)strlen(source) - 2, source);
	return failed > 0;
}

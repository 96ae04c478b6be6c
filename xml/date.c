/* date: see date.h. */
#include <stdio.h>
#include <string.h>

#include "xml/date.h"
#include "xml/number.h"

#define FIRST	INT64_C(-62135596800)	/* 0001-01-01T00:00:00Z */
#define LAST	INT64_C(253402300799)	/* 9999-12-31T23:59:59Z */

/* Read n digits at *s, a number from least to most, and step over them.  0 or
 * -1. */
static int
digits(const char **s, size_t n, int least, int most, int *value)
{
	uint64_t	 got;

	if (number_decimal(*s, n, (uint64_t)least, (uint64_t)most, &got) == -1)
		return -1;
	*value = (int)got;
	*s += n;
	return 0;
}

/* Step over this character at *s.  0, or -1 if there is another. */
static int
skip(const char **s, char c)
{
	if (**s != c)
		return -1;
	(*s)++;
	return 0;
}

/* Step over the fraction of a second, which may be missing.  0 or -1. */
static int
skip_fraction(const char **s)
{
	size_t	 n;

	if (skip(s, '.') == -1)
		return 0;
	n = strspn(*s, NUMBER_DIGITS);
	*s += n;
	return n > 0 ? 0 : -1;
}

/* Read a time zone, which ends s: by how many seconds its clocks are ahead of
 * UTC.  0 or -1. */
static int
read_zone(const char *s, int *ahead)
{
	int	 west = *s == '-', h, m;

	*ahead = 0;
	if (strcmp(s, "Z") == 0)
		return 0;
	if (skip(&s, west ? '-' : '+') == -1 ||
	    digits(&s, 2, 0, 23, &h) == -1 || skip(&s, ':') == -1 ||
	    digits(&s, 2, 0, 59, &m) == -1 || *s != '\0')
		return -1;
	*ahead = (west ? -1 : 1) * (h * 3600 + m * 60);
	return 0;
}

int
date_read(const char *s, time_t *t)
{
	struct tm	 tm = { 0 };
	int		 day, ahead;
	time_t		 at;

	if (s == NULL ||
	    digits(&s, 4, 1, 9999, &tm.tm_year) == -1 || skip(&s, '-') == -1 ||
	    digits(&s, 2, 1, 12, &tm.tm_mon) == -1 || skip(&s, '-') == -1 ||
	    digits(&s, 2, 1, 31, &day) == -1 || skip(&s, 'T') == -1 ||
	    digits(&s, 2, 0, 23, &tm.tm_hour) == -1 || skip(&s, ':') == -1 ||
	    digits(&s, 2, 0, 59, &tm.tm_min) == -1 || skip(&s, ':') == -1 ||
	    digits(&s, 2, 0, 59, &tm.tm_sec) == -1 ||
	    skip_fraction(&s) == -1 || read_zone(s, &ahead) == -1)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	tm.tm_mday = day;
	at = timegm(&tm) - ahead;
	/* timegm() takes the 30th of February for a day in March. */
	if (tm.tm_mday != day || at < FIRST || at > LAST)
		return -1;
	*t = at;
	return 0;
}

const char *
date_text(time_t t, char *out)
{
	struct tm	 tm;

	if (t < FIRST || t > LAST || gmtime_r(&t, &tm) == NULL)
		return NULL;
	/* strftime() writes the year 999 with three digits. */
	snprintf(out, DATE_TEXT, "%04d-%02d-%02dT%02d:%02d:%02dZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec);
	return out;
}

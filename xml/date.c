#include <stdlib.h>
#include <string.h>

#include "xml/date.h"
#include "xml/number.h"

static int
two_digits(const char *s)
{
	uint64_t	 n;

	return number_decimal(s, 2, 0, 99, &n) == -1 ? -1 : (int)n;
}

int
date_read(const char *s, time_t *t)
{
	struct tm	 tm = { 0 };
	const char	*p;
	int		 h, m, sign;

	if (s == NULL || (p = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm)) == NULL ||
	    tm.tm_year < -1900 || tm.tm_year > 8099)
		return -1;
	if (*p == '.')
		p += 1 + strspn(p + 1, NUMBER_DIGITS);
	*t = timegm(&tm);
	if (strcmp(p, "Z") == 0 || *p == '\0')
		return 0;
	if ((*p != '+' && *p != '-') || strlen(p) != 6 || p[3] != ':' ||
	    (h = two_digits(p + 1)) == -1 || (m = two_digits(p + 4)) == -1)
		return -1;
	sign = *p == '+' ? -1 : 1;
	*t += sign * (h * 3600 + m * 60);
	return 0;
}

const char *
date_text(time_t t, char *out)
{
	struct tm	 tm;

	return gmtime_r(&t, &tm) != NULL && strftime(out, DATE_TEXT,
	    "%Y-%m-%dT%H:%M:%SZ", &tm) > 0 ? out : NULL;
}

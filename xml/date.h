/*
 * date: points in time as stanzas have them (XEP-0082).
 */
#ifndef XML_DATE_H
#define XML_DATE_H

#include <time.h>

#include "xml/check.h"

#define DATE_TEXT	64	/* a date, with NUL */

/* Read a DateTime (section 3.2) like 1969-07-21T02:56:15Z, of the years 1 to
 * 9999, with or without a fraction of a second, which is ignored, and in any
 * time zone, which has to be there.  Returns 0, or -1 with *t untouched if s is
 * anything else, or NULL. */
int	 date_read(const char *s, time_t *t) MUST_CHECK;
/* The DateTime in UTC, as date_read() reads it, into out[DATE_TEXT], which is
 * returned; NULL if t is outside of these years. */
const char *date_text(time_t t, char *out);

#endif

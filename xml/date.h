/*
 * date: points in time as stanzas have them (XEP-0082).
 */
#ifndef XML_DATE_H
#define XML_DATE_H

#include <time.h>

#include "xml/check.h"

#define DATE_TEXT	64	/* a date, with NUL */

/* Read a date like 1969-07-21T02:56:15Z, with or without a fraction, in any
 * time zone, or without one, in UTC.  0, or -1 if s is anything else, or
 * NULL. */
int	 date_read(const char *s, time_t *t) MUST_CHECK;
/* The date in UTC, into out[DATE_TEXT], which is returned; NULL if t is none
 * that can be written. */
const char *date_text(time_t t, char *out);

#endif

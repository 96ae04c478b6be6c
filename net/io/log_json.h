/*
 * log_json: an event or a line of the log as an object of JSON (RFC 8259).
 */
#ifndef NET_IO_LOG_JSON_H
#define NET_IO_LOG_JSON_H

#include <stddef.h>

struct log_event;

#define LOG_JSON_TIME	32	/* bytes of a time */

/* The present time as RFC 3339 has it, in UTC and to the millisecond. */
void	 log_json_time(char out[LOG_JSON_TIME]);
/*
 * Write the event with this time and level (enum log_level) into out of size
 * bytes: one line with its end.  A member that does not fit is cut or left out,
 * and the object is whole all the same, if size is at least 256.  Returns the
 * length.
 */
size_t	 log_json(const struct log_event *e, int level, const char *time,
	    char *out, size_t size);

#endif

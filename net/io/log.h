/*
 * log: the words of xcat: every line on standard error, and the report of -z
 * and -K on standard output.
 *
 * Words may come from peers, servers, files and the command line.  The log
 * cleans each line as a whole (xml/text.h), so that no name in it can move the
 * cursor of a terminal, begin a line of its own or turn the direction of
 * writing; callers pass words as they are.  The one thing on the terminal that
 * does not come through here is the progress line (net/file/progress.h).
 */
#ifndef NET_IO_LOG_H
#define NET_IO_LOG_H

#include <stdarg.h>

/* The importance of a line, and how much is printed (see log_set_level()). */
enum log_level {
	LOG_FAULT = -1,		/* always printed */
	LOG_EVENT = 0,		/* not with -q */
	LOG_DETAIL = 1,		/* with -v */
	LOG_TRACE = 2		/* with -vv */
};

/* Print lines of this level and of those below it; at first, LOG_EVENT.  With
 * LOG_TRACE each line begins with the time of day. */
void	 log_set_level(int level);
/* Have before called, with arg, ahead of each line, to clear what else is on
 * the terminal.  NULL: there is nothing to clear. */
void	 log_set_before(void (*before)(void *arg), void *arg);

/* Print "xcat: " and a line of printf's on standard error, with one write(2):
 * lines of several programs do not mix. */
void	 log_line(int level, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 2, 3)));
/* log_line() with the arguments in ap. */
void	 log_vline(int level, const char *fmt, va_list ap)
	    __attribute__((__format__(__printf__, 2, 0)));

/* Print a line of printf's on standard output at once, without a prefix.
 * Returns 0, or -1 and errno. */
int	 log_report(const char *fmt, ...)
	    __attribute__((__format__(__printf__, 1, 2)));
/* log_report() with the arguments in ap. */
int	 log_vreport(const char *fmt, va_list ap)
	    __attribute__((__format__(__printf__, 1, 0)));

#endif

/* log: see log.h. */
#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "net/io/fd.h"
#include "net/io/log.h"
#include "net/io/log_json.h"
#include "xml/context.h"
#include "xml/text.h"

/* Bytes; what does not fit is left out.  A JID in quotes fits, and another. */
#define LINE	16384
#define PREFIX	64		/* bytes for "xcat: " and the time */
#define OBJECT	(6 * LINE + 1024)	/* of a line that is all escapes */

#define COLUMNS	80		/* of a terminal that does not say */

static int	 own_put(void *, int, int, const char *, size_t);

/* What there is no other sink for; and the sinks of contexts. */
static struct log_sink	 own = { .level = LOG_EVENT, .put = own_put };
static enum log_style	 style;
static LIST_HEAD(, log_sink) sinks = LIST_HEAD_INITIALIZER(sinks);

static struct log_sink *
sink_of(unsigned context)
{
	struct log_sink	*s;

	LIST_FOREACH(s, &sinks, next)
		if (s->context == context)
			return s;
	return context == 0 ? &own : sink_of(0);
}

static struct log_sink *
sink_now(void)
{
	return LIST_EMPTY(&sinks) ? &own : sink_of(context_now());
}

void
log_add_sink(struct log_sink *sink, unsigned context)
{
	sink->context = context;
	LIST_INSERT_HEAD(&sinks, sink, next);
}

void
log_remove_sink(struct log_sink *sink)
{
	struct log_sink	*s;

	LIST_FOREACH(s, &sinks, next)
		if (s == sink) {
			LIST_REMOVE(s, next);
			return;
		}
}

void
log_set_level(int level)
{
	sink_now()->level = level;
}

void
log_set_style(enum log_style to)
{
	style = to;
}

int
log_is_json(void)
{
	return style == LOG_JSON;
}

int
log_is_kept(void)
{
	const char	*journal = getenv("JOURNAL_STREAM");
	struct stat	 st;
	char		 ours[64];

	if (isatty(STDERR_FILENO))
		return 0;
	if (journal == NULL || fstat(STDERR_FILENO, &st) == -1)
		return 1;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(journal, ours) != 0;
}

void
log_set_before(void (*before)(void *arg), void *arg)
{
	struct log_sink	*s = sink_now();

	s->before = before;
	s->before_arg = arg;
}

/* Another job is in the foreground: it has the terminal. */
static int
in_background(void)
{
	pid_t	 group = tcgetpgrp(STDERR_FILENO);

	return group != -1 && group != getpgrp();
}

int
log_columns(void)
{
	const struct log_sink	*s = sink_now();
	struct winsize		 ws;

	if (s != &own)
		return s->columns;
	if (!isatty(STDERR_FILENO))
		return 0;
	if (in_background())
		return -1;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0)
		return ws.ws_col;
	return COLUMNS;
}

/* The put() of this process. */
static int
own_put(void *arg, int level, int fd, const char *data, size_t len)
{
	(void)arg;
	(void)level;
	return fd_write_all(fd, data, len);
}

int
log_raw(const char *data, size_t len)
{
	struct log_sink	*s = sink_now();

	return s->put(s->arg, LOG_FAULT, STDERR_FILENO, data, len);
}

int
log_pass(int report, const char *data, size_t len)
{
	return fd_write_all(report ? STDOUT_FILENO : STDERR_FILENO, data, len);
}

/* Clean the line and write it behind the prefix.  0, or -1 and errno. */
static int log_put(struct log_sink *sink, int level, int fd, const char *prefix,
	    const char *fmt, va_list ap)
	    __attribute__((__format__(__printf__, 5, 0)));

static int
log_put(struct log_sink *sink, int level, int fd, const char *prefix,
    const char *fmt, va_list ap)
{
	char	 words[LINE], line[PREFIX + LINE + 1];
	size_t	 n;

	vsnprintf(words, sizeof(words), fmt, ap);
	n = strlcpy(line, prefix, PREFIX);
	text_clean(words, line + n, LINE);
	n += strlen(line + n);
	line[n++] = '\n';
	if (sink->before != NULL)
		sink->before(sink->before_arg);
	return sink->put(sink->arg, level, fd, line, n);
}

/* "xcat: ", behind the time, or with the time of day to the millisecond where
 * lines are traced. */
static void
make_prefix(const struct log_sink *sink, char out[PREFIX])
{
	struct timespec	 now;
	struct tm	 tm;
	char		 stamp[LOG_JSON_TIME];
	size_t		 n;

	if (style == LOG_STAMPED) {
		log_json_time(stamp);
		snprintf(out, PREFIX, "%s xcat: ", stamp);
		return;
	}
	n = strlcpy(out, "xcat: ", PREFIX);
	if (sink->level < LOG_TRACE ||
	    clock_gettime(CLOCK_REALTIME, &now) == -1 ||
	    localtime_r(&now.tv_sec, &tm) == NULL)
		return;
	n += strftime(out + n, PREFIX - n, "%H:%M:%S", &tm);
	snprintf(out + n, PREFIX - n, ".%03d ", (int)(now.tv_nsec / 1000000));
}

static void
put_object(struct log_sink *sink, int level, const struct log_event *e)
{
	static char	 line[OBJECT];
	char		 time[LOG_JSON_TIME];
	size_t		 n;

	log_json_time(time);
	n = log_json(e, level, time, line, sizeof(line));
	if (sink->before != NULL)
		sink->before(sink->before_arg);
	sink->put(sink->arg, level, STDERR_FILENO, line, n);
}

/* A line that is no event. */
static void put_message(struct log_sink *sink, int level, const char *fmt,
	    va_list ap) __attribute__((__format__(__printf__, 3, 0)));

static void
put_message(struct log_sink *sink, int level, const char *fmt, va_list ap)
{
	char			 words[LINE];
	const struct log_event	 e = { .kind = LOG_MESSAGE,
				     .message = words };

	vsnprintf(words, sizeof(words), fmt, ap);
	put_object(sink, level, &e);
}

void
log_vline(int level, const char *fmt, va_list ap)
{
	struct log_sink	*sink = sink_now();
	char		 prefix[PREFIX];

	if (level > sink->level)
		return;
	if (style == LOG_JSON) {
		put_message(sink, level, fmt, ap);
		return;
	}
	make_prefix(sink, prefix);
	log_put(sink, level, STDERR_FILENO, prefix, fmt, ap);
}

void
log_line(int level, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_vline(level, fmt, ap);
	va_end(ap);
}

void
log_event(int level, const struct log_event *e, const char *fmt, ...)
{
	struct log_sink	*sink = sink_now();
	va_list		 ap;

	if (style == LOG_JSON) {
		if (level > LOG_EVENT)
			level = LOG_EVENT;
		if (level <= sink->level)
			put_object(sink, level, e);
		return;
	}
	va_start(ap, fmt);
	log_vline(level, fmt, ap);
	va_end(ap);
}

int
log_vreport(const char *fmt, va_list ap)
{
	return log_put(sink_now(), LOG_FAULT, STDOUT_FILENO, "", fmt, ap);
}

int
log_report(const char *fmt, ...)
{
	va_list	 ap;
	int	 r;

	va_start(ap, fmt);
	r = log_vreport(fmt, ap);
	va_end(ap);
	return r;
}

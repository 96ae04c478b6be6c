#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/io/log.h"
#include "xml/text.h"

#define LINE	4096		/* bytes; what does not fit is left out */
#define PREFIX	32		/* bytes for "xcat: " and the time */

static int	 most = LOG_EVENT;
static void	(*clear)(void *);
static void	*clear_arg;

void
log_set_level(int level)
{
	most = level;
}

void
log_set_before(void (*before)(void *arg), void *arg)
{
	clear = before;
	clear_arg = arg;
}

/* Write all of data, by one call if possible.  0, or -1 and errno. */
static int
log_write(int fd, const char *data, size_t len)
{
	ssize_t	 n;

	for (; len > 0; data += n, len -= (size_t)n)
		if ((n = write(fd, data, len)) == -1) {
			if (errno != EINTR)
				return -1;
			n = 0;
		}
	return 0;
}

/* Clean the line and write it behind the prefix.  0, or -1 and errno. */
static int log_put(int fd, const char *prefix, const char *fmt, va_list ap)
	    __attribute__((__format__(__printf__, 3, 0)));

static int
log_put(int fd, const char *prefix, const char *fmt, va_list ap)
{
	char	 words[LINE], line[PREFIX + LINE + 1];
	size_t	 n;

	vsnprintf(words, sizeof(words), fmt, ap);
	n = strlcpy(line, prefix, PREFIX);
	text_clean(words, line + n, LINE);
	n += strlen(line + n);
	line[n++] = '\n';
	if (clear != NULL)
		clear(clear_arg);
	return log_write(fd, line, n);
}

/* "xcat: ", and the time of day to the millisecond where lines are traced. */
static void
make_prefix(char out[PREFIX])
{
	struct timespec	 now;
	struct tm	 tm;
	size_t		 n = strlcpy(out, "xcat: ", PREFIX);

	if (most < LOG_TRACE || clock_gettime(CLOCK_REALTIME, &now) == -1 ||
	    localtime_r(&now.tv_sec, &tm) == NULL)
		return;
	n += strftime(out + n, PREFIX - n, "%H:%M:%S", &tm);
	snprintf(out + n, PREFIX - n, ".%03d ", (int)(now.tv_nsec / 1000000));
}

void
log_vline(int level, const char *fmt, va_list ap)
{
	char	 prefix[PREFIX];

	if (level > most)
		return;
	make_prefix(prefix);
	log_put(STDERR_FILENO, prefix, fmt, ap);
}

void
log_line(int level, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	log_vline(level, fmt, ap);
	va_end(ap);
}

int
log_vreport(const char *fmt, va_list ap)
{
	return log_put(STDOUT_FILENO, "", fmt, ap);
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

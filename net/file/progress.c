#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "net/channel/app.h"
#include "net/file/progress.h"
#include "net/io/loop.h"
#include "xml/text.h"

#define PERIOD		500		/* ms between two lines */
#define WIDTH		80		/* columns, if it does not say */
#define FIGURES		44		/* columns behind the name */
#define STALLED		5000		/* ms without a byte */

static struct {
	int		 on;
	int		 shown;		/* columns of the line that is there */
	struct timer	 timer;
	char		 name[256];
	uint64_t	 begun, have, size, last;
	int64_t		 since, moved;	/* the begin; the last byte */
	double		 rate;		/* bytes per second, of late */
} bar;

static void
write_all(const char *s, size_t len)
{
	if (write(STDERR_FILENO, s, len) == -1)
		bar.on = 0;	/* nobody looks any more */
}

static int
columns(void)
{
	struct winsize	 ws;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0)
		return ws.ws_col;
	return WIDTH;
}

/* Another job is in the foreground: it has the terminal. */
static int
in_background(void)
{
	pid_t	 group = tcgetpgrp(STDERR_FILENO);

	return group != -1 && group != getpgrp();
}

static void
amount(double n, char out[16])
{
	static const char *const units[] = { "B ", "KB", "MB", "GB", "TB" };
	size_t	 i;

	for (i = 0; n >= 1000 && i < 4; i++)
		n /= 1024;
	snprintf(out, 16, i == 0 || n >= 100 ? "%.0f%s" : "%.1f%s", n,
	    units[i]);
}

static void
duration(double s, char out[24])
{
	long	 t = s < 359999 ? (long)(s + 0.5) : 359999;

	if (t >= 3600)
		snprintf(out, 24, "%ld:%02ld:%02ld", t / 3600, t / 60 % 60,
		    t % 60);
	else
		snprintf(out, 24, "%02ld:%02ld", t / 60, t % 60);
}

static void
time_left(char out[24], int over)
{
	int64_t	 now = clock_ms();

	if (over)
		duration((double)(now - bar.since) / 1000, out);
	else if (now - bar.moved >= STALLED)
		strlcpy(out, "stalled", 24);
	else if (bar.rate < 1)
		strlcpy(out, "--:--", 24);
	else
		duration((double)(bar.size - bar.have) / bar.rate, out);
}

/* As much of the name as there is room for, by what its characters take on
 * the terminal. */
static int
fit(const char *name, int room, size_t *bytes)
{
	mbstate_t	 state;
	wchar_t		 c;
	size_t		 n, at = 0;
	int		 used = 0, w;

	memset(&state, 0, sizeof(state));
	for (; name[at] != '\0'; at += n) {
		n = mbrtowc(&c, name + at, strlen(name + at), &state);
		if (n == 0 || n > strlen(name + at)) {
			memset(&state, 0, sizeof(state));
			n = 1;
			w = 1;
		} else if ((w = wcwidth(c)) < 0) {
			w = 1;
		}
		if (used + w > room)
			break;
		used += w;
	}
	*bytes = at;
	return used;
}

static void
draw(int over)
{
	char	 line[1024], have[16], rate[16], left[24];
	int	 width = columns() - 1, room = width - FIGURES, used, n;
	size_t	 bytes;

	if (in_background())
		return;
	used = fit(bar.name, room > 0 ? room : 0, &bytes);
	amount((double)bar.have, have);
	amount(bar.rate, rate);
	time_left(left, over);
	n = snprintf(line, sizeof(line), "\r%.*s%*s %3d%% %9s %9s/s %9s %s",
	    (int)bytes, bar.name, room > used ? room - used : 0, "",
	    bar.size > 0 ? (int)((double)bar.have * 100 / (double)bar.size) :
	    100, have, rate, left, over ? "   " : "ETA");
	if (n > 0 && (size_t)n < sizeof(line))
		write_all(line, (size_t)n);
	bar.shown = width;
}

/* Of late: the last period counts for a tenth. */
static void
tick(void *arg)
{
	double	 now = (double)(bar.have - bar.last) * 1000 / PERIOD;

	(void)arg;
	bar.rate = bar.rate < 1 ? now : bar.rate * 0.9 + now * 0.1;
	bar.last = bar.have;
	draw(0);
	if (bar.on)
		timer_set(run.loop, &bar.timer, clock_ms() + PERIOD);
}

void
progress_begin(const char *name, uint64_t have, uint64_t size)
{
	progress_end();
	if (run.conf.verbosity < 0 || !isatty(STDERR_FILENO))
		return;
	bar.on = 1;
	text_clean(name, bar.name, sizeof(bar.name));
	bar.begun = bar.have = bar.last = have;
	bar.size = size;
	bar.since = bar.moved = clock_ms();
	bar.rate = 0;
	bar.timer = (struct timer){ .fire = tick };
	timer_set(run.loop, &bar.timer, clock_ms() + PERIOD);
	draw(0);
}

void
progress_input(const char *name, int fd)
{
	struct stat	 st;
	off_t		 at;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (at = lseek(fd, 0, SEEK_CUR)) == -1 || at > st.st_size)
		return;
	progress_begin(name, 0, (uint64_t)(st.st_size - at));
}

void
progress_at(uint64_t have)
{
	if (!bar.on || have <= bar.have)
		return;
	bar.have = have < bar.size ? have : bar.size;
	bar.moved = clock_ms();
}

void
progress_end(void)
{
	double	 s;

	if (!bar.on)
		return;
	timer_clear(run.loop, &bar.timer);
	s = (double)(clock_ms() - bar.since) / 1000;
	bar.rate = s > 0 ? (double)(bar.have - bar.begun) / s : 0;
	draw(1);
	if (bar.shown > 0)
		write_all("\n", 1);
	bar.shown = bar.on = 0;
}

void
progress_clear(void)
{
	char	 line[1024];
	int	 n;

	if (!bar.on || bar.shown == 0)
		return;
	n = snprintf(line, sizeof(line), "\r%*s\r", bar.shown, "");
	if (n > 0 && (size_t)n < sizeof(line))
		write_all(line, (size_t)n);
	bar.shown = 0;
}

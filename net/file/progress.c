/* progress: the line on the terminal; see progress.h. */
#include <sys/types.h>
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "net/file/progress.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "xml/text.h"

#define PERIOD		500		/* ms between two lines */
#define FIGURES		44		/* columns behind the name */
#define STALLED		5000		/* ms without a byte */

struct progress {
	struct loop	*loop;
	int		 quiet;
	int		 on;		/* there is a file */
	int		 shown;		/* columns that its line takes */
	struct timer	 timer;
	char		 name[256];
	uint64_t	 begun;		/* bytes that were there at first, */
	uint64_t	 have;		/* now, */
	uint64_t	 last;		/* when the line was last drawn, */
	uint64_t	 size;		/* in the end */
	int64_t		 since, moved;	/* times of the begin and of the last
					 * byte, clock_ms() */
	double		 rate;		/* bytes per second, of late */
};

static void	 tick(void *);

struct progress *
progress_new(struct loop *l, int quiet)
{
	struct progress	*p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->loop = l;
	p->quiet = quiet;
	p->timer = (struct timer){ .fire = tick, .arg = p };
	return p;
}

void
progress_free(struct progress *p)
{
	progress_end(p);
	free(p);
}

static void
write_all(struct progress *p, const char *s, size_t len)
{
	if (log_raw(s, len) == -1)
		p->on = 0;	/* the terminal is gone */
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
time_left(const struct progress *p, char out[24], int over)
{
	int64_t	 now = clock_ms();

	if (over)
		duration((double)(now - p->since) / 1000, out);
	else if (now - p->moved >= STALLED)
		strlcpy(out, "stalled", 24);
	else if (p->rate < 1)
		strlcpy(out, "--:--", 24);
	else
		duration((double)(p->size - p->have) / p->rate, out);
}

/* How many bytes of the name fit into so many columns, by what its characters
 * take on the terminal; returns the columns that they take. */
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
draw(struct progress *p, int over)
{
	char	 line[1024], have[16], rate[16], left[24];
	int	 width = log_columns() - 1, room = width - FIGURES, used, n;
	size_t	 bytes;

	if (width < 0)	/* another job has the terminal */
		return;
	used = fit(p->name, room > 0 ? room : 0, &bytes);
	amount((double)p->have, have);
	amount(p->rate, rate);
	time_left(p, left, over);
	n = snprintf(line, sizeof(line), "\r%.*s%*s %3d%% %9s %9s/s %9s %s",
	    (int)bytes, p->name, room > used ? room - used : 0, "",
	    p->size > 0 ? (int)((double)p->have * 100 / (double)p->size) :
	    100, have, rate, left, over ? "   " : "ETA");
	if (n > 0 && (size_t)n < sizeof(line))
		write_all(p, line, (size_t)n);
	p->shown = width;
}

/* The rate of late: the last period counts for a tenth. */
static void
tick(void *arg)
{
	struct progress	*p = arg;
	double		 now = (double)(p->have - p->last) * 1000 / PERIOD;

	p->rate = p->rate < 1 ? now : p->rate * 0.9 + now * 0.1;
	p->last = p->have;
	draw(p, 0);
	if (p->on)
		timer_set(p->loop, &p->timer, clock_ms() + PERIOD);
}

void
progress_begin(struct progress *p, const char *name, uint64_t have,
    uint64_t size)
{
	progress_end(p);
	if (p == NULL || p->quiet || log_columns() == 0)
		return;
	p->on = 1;
	text_clean(name, p->name, sizeof(p->name));
	p->begun = p->have = p->last = have;
	p->size = size;
	p->since = p->moved = clock_ms();
	p->rate = 0;
	timer_set(p->loop, &p->timer, clock_ms() + PERIOD);
	draw(p, 0);
}

void
progress_input(struct progress *p, const char *name, int fd)
{
	struct stat	 st;
	off_t		 at;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    (at = lseek(fd, 0, SEEK_CUR)) == -1 || at > st.st_size)
		return;
	progress_begin(p, name, 0, (uint64_t)(st.st_size - at));
}

void
progress_at(struct progress *p, uint64_t have)
{
	if (p == NULL || !p->on || have <= p->have)
		return;
	p->have = have < p->size ? have : p->size;
	p->moved = clock_ms();
}

void
progress_end(struct progress *p)
{
	double	 s;

	if (p == NULL || !p->on)
		return;
	timer_clear(p->loop, &p->timer);
	s = (double)(clock_ms() - p->since) / 1000;
	p->rate = s > 0 ? (double)(p->have - p->begun) / s : 0;
	draw(p, 1);
	if (p->shown > 0)
		write_all(p, "\n", 1);
	p->shown = p->on = 0;
}

void
progress_clear(void *progress)
{
	struct progress	*p = progress;
	char		 line[1024];
	int		 n;

	if (p == NULL || !p->on || p->shown == 0)
		return;
	n = snprintf(line, sizeof(line), "\r%*s\r", p->shown, "");
	if (n > 0 && (size_t)n < sizeof(line))
		write_all(p, line, (size_t)n);
	p->shown = 0;
}

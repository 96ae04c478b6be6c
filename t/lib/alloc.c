/*
 * alloc: memory that runs out at a chosen moment.
 *
 * Preloaded into xcat (LD_PRELOAD), it counts the allocations of the program
 * and of its libraries, and fails the Nth, or all from the Nth on.  Nothing
 * happens in other programs, so commands that xcat starts have all they want.
 *
 * ALLOC_STATE	a file of struct state, which its maker may look into and
 *		change at any time: counting begins when it is armed
 * ALLOC_SITES	a file for a number for each allocation counted: equal
 *		ones came from the same calls within xcat itself
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum mode {
	ALLOC_COUNT,			/* fail none */
	ALLOC_ONE,			/* the Nth */
	ALLOC_ALL			/* from the Nth on */
};

#define WHERE		16

/* What the test knows as "<IIQQQ16Q". */
struct state {
	volatile uint32_t	 armed;
	volatile uint32_t	 mode;
	volatile uint64_t	 n;		/* 1 is the first */
	volatile uint64_t	 count;		/* since it was armed */
	volatile uint64_t	 failed;
	volatile uint64_t	 where[WHERE];	/* the first that failed: its
						 * callers within xcat */
};

#define FRAMES		64		/* of a stack, looked at */
#define SITES		(1 << 20)	/* allocations recorded */
#define FNV_BASIS	UINT64_C(14695981039346656037)
#define FNV_PRIME	UINT64_C(1099511628211)

static struct state	*state;
static uint64_t		*sites;
static uintptr_t	 base, text, text_end;	/* of the program */
static __thread int	 inside;		/* backtrace() allocates */

/* Until dlsym(3) has found the true ones, which may allocate itself. */
static _Alignas(max_align_t) char	 early[16384];
static size_t				 early_used;

static void	*(*real_malloc)(size_t);
static void	*(*real_calloc)(size_t, size_t);
static void	*(*real_realloc)(void *, size_t);
static void	*(*real_memalign)(size_t, size_t);
static void	 (*real_free)(void *);

static void
find(void *fn, const char *name)
{
	void	*p = dlsym(RTLD_NEXT, name);

	memcpy(fn, &p, sizeof(p));
}

static void
find_all(void)
{
	static int	 begun;

	if (begun)
		return;
	begun = 1;
	find(&real_malloc, "malloc");
	find(&real_calloc, "calloc");
	find(&real_realloc, "realloc");
	find(&real_memalign, "memalign");
	find(&real_free, "free");
}

static void *
early_alloc(size_t size)
{
	size_t	 need = (size + 15) & ~(size_t)15;
	void	*p = early + early_used;

	if (need > sizeof(early) - early_used)
		abort();
	early_used += need;
	return p;
}

static int
is_early(const void *p)
{
	return (uintptr_t)p - (uintptr_t)early < sizeof(early);
}

/* The first object is the program. */
static int
program(struct dl_phdr_info *info, size_t size, void *arg)
{
	int	 i;

	(void)size;
	(void)arg;
	base = info->dlpi_addr;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
			text = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			text_end = text + info->dlpi_phdr[i].p_memsz;
		}
	return 1;
}

static void *
map(const char *name, size_t size)
{
	const char	*path = getenv(name);
	void		*p;
	int		 fd;

	if (path == NULL || (fd = open(path, O_RDWR | O_CLOEXEC)) == -1)
		return NULL;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

/* Where it was: addresses for addr2line(1). */
static void
crashed(int signo)
{
	void	*frames[FRAMES];
	int	 n;

	inside = 1;
	/* begin() has loaded what these need, and the program is lost anyway.
	 * NOLINTBEGIN(bugprone-signal-handler, cert-sig30-c) */
	n = backtrace(frames, FRAMES);
	backtrace_symbols_fd(frames, n, STDERR_FILENO);
	/* NOLINTEND(bugprone-signal-handler, cert-sig30-c) */
	signal(signo, SIG_DFL);
	raise(signo);
}

__attribute__((__constructor__)) static void
begin(void)
{
	void	*frames[2];

	find_all();
	if (strcmp(program_invocation_short_name, "xcat") != 0)
		return;
	backtrace(frames, 2);		/* loads what it needs */
	dl_iterate_phdr(program, NULL);
	signal(SIGSEGV, crashed);
	signal(SIGBUS, crashed);
	signal(SIGABRT, crashed);
	sites = map("ALLOC_SITES", SITES * sizeof(*sites));
	state = map("ALLOC_STATE", sizeof(*state));
}

/* The addresses within xcat of the callers, innermost first. */
static int
callers(uint64_t *at, int max)
{
	void	*frames[FRAMES];
	int	 i, n, found = 0;

	inside = 1;
	n = backtrace(frames, FRAMES);
	inside = 0;
	for (i = 0; i < n && found < max; i++)
		if ((uintptr_t)frames[i] - text < text_end - text)
			at[found++] = (uintptr_t)frames[i] - base;
	return found;
}

static uint64_t
site(void)
{
	uint64_t	 at[FRAMES], hash = FNV_BASIS;
	int		 i, n = callers(at, FRAMES);

	for (i = 0; i < n; i++)
		hash = (hash ^ at[i]) * FNV_PRIME;
	return hash;
}

static void
tell(void)
{
	uint64_t	 at[WHERE];
	int		 i, n = callers(at, WHERE);

	for (i = 0; i < n; i++)
		state->where[i] = at[i];
}

/* Is this allocation to fail? */
static int
fails(void)
{
	uint64_t	 n;

	if (state == NULL || !state->armed || inside)
		return 0;
	n = ++state->count;
	if (sites != NULL && n <= SITES)
		sites[n - 1] = site();
	if (!(state->mode == ALLOC_ONE && n == state->n) &&
	    !(state->mode == ALLOC_ALL && n >= state->n))
		return 0;
	if (state->failed++ == 0)
		tell();
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	find_all();
	if (real_malloc == NULL)
		return early_alloc(size);
	return fails() ? NULL : real_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	find_all();
	if (real_calloc == NULL)
		return early_alloc(n * size);
	return fails() ? NULL : real_calloc(n, size);
}

void *
realloc(void *p, size_t size)
{
	if (is_early(p))
		abort();
	find_all();
	return fails() ? NULL : real_realloc(p, size);
}

void *
reallocarray(void *p, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	n *= size;
	return realloc(p, n > 0 ? n : 1);
}

void	*memalign(size_t, size_t);	/* of <malloc.h>, with attributes */

void *
memalign(size_t align, size_t size)
{
	find_all();
	return fails() ? NULL : real_memalign(align, size);
}

void *
aligned_alloc(size_t align, size_t size)
{
	return memalign(align, size);
}

int
posix_memalign(void **p, size_t align, size_t size)
{
	int	 saved = errno;
	void	*new = memalign(align, size);

	errno = saved;
	if (new == NULL)
		return ENOMEM;
	*p = new;
	return 0;
}

void
free(void *p)
{
	if (p != NULL && !is_early(p))
		real_free(p);
}

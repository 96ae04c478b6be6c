/* tap: a few lines of TAP for the unit tests. */
#ifndef T_LIB_TAP_H
#define T_LIB_TAP_H

/* What a test does not look at, it need not look at (xml/check.h). */
#pragma GCC diagnostic ignored "-Wunused-result"

/* Each returns whether the test passed and prints its line; on failure also
 * where it stands and what differed. */
#define ok(cond, ...)	tap_ok(__FILE__, __LINE__, !!(cond), __VA_ARGS__)
#define is(got, want, ...)	\
	tap_is(__FILE__, __LINE__, got, want, __VA_ARGS__)
#define is_int(got, want, ...)	\
	tap_is_int(__FILE__, __LINE__, got, want, __VA_ARGS__)

int	 tap_ok(const char *file, int line, int pass, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 4, 5)));
int	 tap_is(const char *file, int line, const char *got, const char *want,
	    const char *fmt, ...)
	    __attribute__((__format__(__printf__, 5, 6)));
int	 tap_is_int(const char *file, int line, long long got, long long want,
	    const char *fmt, ...)
	    __attribute__((__format__(__printf__, 5, 6)));
/* Is this make soak, with the large sizes? */
int	 tap_soak(void);
/* Wind the clock (net/io/clock.h), so that it goes so many times as fast, or
 * less on a machine that is busy: what is waited for takes longer there. */
void	 tap_wind(int times);
/* Print the plan; the status for main() to return. */
int	 tap_done(void);

#endif

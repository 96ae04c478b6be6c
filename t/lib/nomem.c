/*
 * nomem: an LD_PRELOAD library in which memory is out for xcat's large
 * buffers: malloc() of more than $NOMEM bytes, up to a megabyte, fails.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MOST	(1024 * 1024)

void *
malloc(size_t size)
{
	static void	*(*next)(size_t);
	static size_t	 least;
	const char	*s;

	if (next == NULL) {
		next = __extension__ (void *(*)(size_t))dlsym(RTLD_NEXT,
		    "malloc");
		s = getenv("NOMEM");
		least = s != NULL && strcmp(program_invocation_short_name,
		    "xcat") == 0 ? strtoul(s, NULL, 10) : MOST;
	}
	if (size > least && size <= MOST) {
		errno = ENOMEM;
		return NULL;
	}
	return next(size);
}

/*
 * sum: hashes of what is in files.
 */
#ifndef NET_FILE_SUM_H
#define NET_FILE_SUM_H

#include <stddef.h>
#include <stdint.h>

#include "ibb/hash.h"
#include "xml/check.h"

struct loop;
struct sum;
struct sumfile;

/* A sum by this function (not HASH_NONE), of nothing yet.  NULL when out of
 * memory. */
struct sum *sum_new(enum hash_algo algo);
/* NULL is fine. */
void	 sum_free(struct sum *s);
/* Begin the sum anew, with the same function.  0, or -1 when out of memory. */
int	 sum_again(struct sum *s) MUST_CHECK;
/* Add len bytes.  0, or -1 when out of memory. */
int	 sum_add(struct sum *s, const void *data, size_t len) MUST_CHECK;
/* The sum of all that was added, as bytes: returns how many, 0 if it cannot be
 * had.  Nothing can be added then. */
size_t	 sum_bytes(struct sum *s, unsigned char out[HASH_BYTES]);
/* The sum of all that was added, in hexadecimal; nothing can be added then. */
void	 sum_end(struct sum *s, char out[HASH_HEX]);

/* Add the first size bytes of a file to s, while the loop goes on; then fn is
 * called, with 0, or an errno (EIO if the file is shorter), and the sumfile is
 * freed.  NULL when out of memory. */
struct sumfile *sum_file(struct loop *l, struct sum *s, int fd,
	    uint64_t size, void (*fn)(void *arg, int err), void *arg);
/* Stop before fn was called, and free.  NULL is fine. */
void	 sum_cancel(struct sumfile *f);

#endif

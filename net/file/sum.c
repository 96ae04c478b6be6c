/* sum: sums of what is in files; see sum.h. */
#include <sys/types.h>

#include <openssl/evp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/file/sum.h"
#include "net/io/loop.h"
#include "xml/number.h"

#define STEP	(1024 * 1024)		/* bytes in a turn of the loop */

struct sum {
	EVP_MD_CTX	*ctx;
};

struct sumfile {
	struct loop	*loop;
	struct timer	 timer;
	struct sum	*sum;
	int		 fd;
	uint64_t	 at, size;
	void		(*fn)(void *, int);
	void		*arg;
};

struct sum *
sum_new(enum hash_algo algo)
{
	struct sum	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	if ((s->ctx = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(s->ctx, EVP_get_digestbyname(hash_evp(algo)),
	    NULL) != 1) {
		sum_free(s);
		return NULL;
	}
	return s;
}

int
sum_again(struct sum *s)
{
	return EVP_DigestInit_ex(s->ctx, NULL, NULL) == 1 ? 0 : -1;
}

void
sum_free(struct sum *s)
{
	if (s == NULL)
		return;
	EVP_MD_CTX_free(s->ctx);
	free(s);
}

int
sum_add(struct sum *s, const void *data, size_t len)
{
	return EVP_DigestUpdate(s->ctx, data, len) == 1 ? 0 : -1;
}

size_t
sum_bytes(struct sum *s, unsigned char out[HASH_BYTES])
{
	unsigned char	 md[EVP_MAX_MD_SIZE];
	unsigned	 n = 0;

	if (EVP_DigestFinal_ex(s->ctx, md, &n) != 1 || n > HASH_BYTES)
		return 0;
	memcpy(out, md, n);
	return n;
}

void
sum_end(struct sum *s, char out[HASH_HEX])
{
	unsigned char	 md[HASH_BYTES];
	size_t		 n = sum_bytes(s, md);

	*out = '\0';
	if (n > 0 && 2 * n < HASH_HEX)
		number_to_hex(md, n, out);
}

static void
ended(struct sumfile *f, int err)
{
	f->fn(f->arg, err);
	sum_cancel(f);
}

static void
step(void *arg)
{
	static unsigned char	 buf[STEP];
	struct sumfile		*f = arg;
	uint64_t		 left = f->size - f->at;
	ssize_t			 n;

	if (left > 0) {
		n = pread(f->fd, buf, left < STEP ? (size_t)left : STEP,
		    (off_t)f->at);
		if (n == -1 && errno != EINTR) {
			ended(f, errno);
			return;
		}
		if (n == 0 || (n > 0 && sum_add(f->sum, buf, (size_t)n) ==
		    -1)) {
			ended(f, EIO);
			return;
		}
		f->at += n > 0 ? (uint64_t)n : 0;
	}
	if (f->at == f->size)
		ended(f, 0);
	else
		timer_set(f->loop, &f->timer, clock_ms());
}

struct sumfile *
sum_file(struct loop *l, struct sum *s, int fd, uint64_t size,
    void (*fn)(void *, int), void *arg)
{
	struct sumfile	*f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return NULL;
	*f = (struct sumfile){ .loop = l, .sum = s, .fd = fd, .size = size,
	    .fn = fn, .arg = arg };
	f->timer = (struct timer){ .fire = step, .arg = f };
	timer_set(l, &f->timer, clock_ms());
	return f;
}

void
sum_cancel(struct sumfile *f)
{
	if (f == NULL)
		return;
	timer_clear(f->loop, &f->timer);
	free(f);
}

/* claim: see claim.h. */
#include <sys/types.h>

#include <openssl/evp.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/conf/claim.h"
#include "net/io/fd.h"
#include "xml/jid.h"
#include "xml/number.h"
#include "xml/text.h"

struct claim {
	int	 fd;		/* of the locked file */
};

#define CLAIM_TRIES	99	/* resources that are tried for the advice */
#define CLAIM_WAIT	2000	/* ms that a listener which ends has for it */
#define CLAIM_NAME	16	/* bytes of the hash in the name of the file */

/* A JID may be longer than the name of a file, and have slashes in it: the file
 * is named by a hash.  0 or -1. */
static int
claim_path(const char *jid, const char *dir, char *path, size_t size)
{
	const char	*run = getenv("XDG_RUNTIME_DIR");
	unsigned char	 hash[EVP_MAX_MD_SIZE];
	char		 hex[2 * CLAIM_NAME + 1];
	unsigned	 len;

	if (EVP_Digest(jid, strlen(jid), hash, &len, EVP_sha256(), NULL) != 1)
		return -1;
	number_to_hex(hash, CLAIM_NAME, hex);
	if (run != NULL && *run == '/' && access(run, W_OK | X_OK) == 0)
		dir = run;
	return snprintf(path, size, "%s/%slistener-%s", dir,
	    dir == run ? "xcat-" : "", hex) < (int)size ? 0 : -1;
}

/* The process that has the claim, as it has written it; 0: not known. */
static long
claim_owner(int fd)
{
	char		 text[16] = "";
	uint64_t	 n;

	if (pread(fd, text, sizeof(text) - 1, 0) < 1 ||
	    number_decimal(text, strspn(text, NUMBER_DIGITS), 1, INT32_MAX,
	    &n) == -1)
		return 0;
	return (long)n;
}

/* The lock lasts as long as the descriptor.  Without our number in the file, or
 * without memory, it is a claim as well, but the latter is not given back. */
static struct claim *
claim_keep(int fd)
{
	struct claim	*c = malloc(sizeof(*c));
	char		 text[16];
	int		 len;

	len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) == -1 || pwrite(fd, text, (size_t)len, 0) != len)
		errno = 0;	/* the advice names no process then */
	if (c != NULL)
		c->fd = fd;
	return c;
}

/* Returns 1 if we have the claim now, or there can be none, and 0 if another
 * process has it, whose number goes to *owner.  The claim goes to *out, unless
 * that is NULL: then it is given back at once. */
static int
claim_try(const char *jid, const char *dir, struct claim **out, long *owner)
{
	char	 path[PATH_MAX];
	int	 fd, taken;

	*owner = 0;
	if (claim_path(jid, dir, path, sizeof(path)) == -1 || (fd = open(path,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return 1;
	taken = fd_lock(fd, out != NULL ? CLAIM_WAIT : 0) == -1 &&
	    errno == EWOULDBLOCK;
	if (taken) {
		*owner = claim_owner(fd);
	} else if (out != NULL) {
		*out = claim_keep(fd);
		return 1;
	}
	close(fd);
	return !taken;
}

int
claim_take(const char *jid, const char *dir, struct claim **out, char *why)
{
	char	 other[JID_MAX + 8], quoted[4 * sizeof(other)];
	char	 process[32] = "";
	long	 owner, ignored;
	int	 i;

	*out = NULL;
	if (claim_try(jid, dir, out, &owner))
		return 0;
	for (i = 2; i < CLAIM_TRIES; i++) {
		snprintf(other, sizeof(other), "%s%d", jid, i);
		if (claim_try(other, dir, NULL, &ignored))
			break;
	}
	if (owner > 0)
		snprintf(process, sizeof(process), " (process %ld)", owner);
	snprintf(why, CLAIM_ERR, "%s: another xcat on this machine%s "
	    "listens as that; give this one a resource of its own: "
	    "xcat -l -j %s", jid, process, text_quote(other, quoted,
	    sizeof(quoted)));
	return -1;
}

void
claim_free(struct claim *c)
{
	if (c == NULL)
		return;
	close(c->fd);
	free(c);
}

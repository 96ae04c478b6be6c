#include <sys/types.h>
#include <sys/file.h>

#include <openssl/evp.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/conf/claim.h"
#include "xml/jid.h"
#include "xml/number.h"
#include "xml/text.h"

#define CLAIM_TRIES	99	/* resources that are tried for the advice */
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

/* Returns 1 if we have the claim now, or there can be none, and 0 if another
 * process has it, whose number goes to *owner.  fd is left open, for the lock
 * to last, if keep is given. */
static int
claim_try(const char *jid, const char *dir, int keep, long *owner)
{
	char	 path[PATH_MAX], text[16];
	int	 fd, len, taken;

	*owner = 0;
	if (claim_path(jid, dir, path, sizeof(path)) == -1 || (fd = open(path,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) == -1)
		return 1;
	taken = flock(fd, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK;
	if (taken) {
		*owner = claim_owner(fd);
	} else if (keep) {
		len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
		if (ftruncate(fd, 0) == 0 &&
		    pwrite(fd, text, (size_t)len, 0) == len)
			return 1;
		return 1;	/* without our number it is a claim as well */
	}
	close(fd);
	return !taken;
}

int
claim_take(const char *jid, const char *dir, char *why)
{
	char	 other[JID_MAX + 8], quoted[4 * sizeof(other)];
	char	 process[32] = "";
	long	 owner, ignored;
	int	 i;

	if (claim_try(jid, dir, 1, &owner))
		return 0;
	for (i = 2; i < CLAIM_TRIES; i++) {
		snprintf(other, sizeof(other), "%s%d", jid, i);
		if (claim_try(other, dir, 0, &ignored))
			break;
	}
	if (owner > 0)
		snprintf(process, sizeof(process), " (process %ld)", owner);
	snprintf(why, CLAIM_ERR, "%.1000s: another xcat on this machine%s "
	    "listens as that; give this one a resource of its own: "
	    "xcat -l -j %.1500s", jid, process, text_quote(other, quoted,
	    sizeof(quoted)));
	return -1;
}

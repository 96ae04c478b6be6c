/*
 * Unit tests of net/conf/statefile, and of what is kept by it: known_peers.  A
 * disk that is full is a limit for the size of a file, at which write(2) stops
 * in the middle, as it does on a full disk.
 */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/conf/known_peers.h"
#include "net/conf/statefile.h"
#include "t/lib/kept.h"
#include "t/lib/tap.h"
#include "xml/buf.h"

#define KEY_A	"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KEY_B	"SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define US	"bob@example.org/x"
#define PROGRAMS 8	/* at the same time */
#define PEERS	10	/* that each of them meets */

/* --- helpers -------------------------------------------------------------- */

static void
limit(rlim_t bytes)
{
	struct rlimit	 r = { .rlim_cur = bytes, .rlim_max = RLIM_INFINITY };

	if (setrlimit(RLIMIT_FSIZE, &r) == -1) {
		perror("setrlimit");
		exit(1);
	}
}

/* By these bytes: 0, or the errno. */
static int
replace(const char *text)
{
	struct buf	 b;
	int		 fd, e = 0;

	buf_init(&b, STATEFILE_MAX);
	if (buf_addstr(&b, text) == -1 ||
	    (fd = statefile_replace(kept_path, &b)) == -1)
		e = errno;
	else
		close(fd);
	buf_free(&b);
	return e;
}

static int
create(const char *text)
{
	struct buf	 b;
	int		 e = 0;

	buf_init(&b, STATEFILE_MAX);
	if (buf_addstr(&b, text) == -1 ||
	    statefile_create(kept_path, &b) == -1)
		e = errno;
	buf_free(&b);
	return e;
}

static struct known_peers *
known(void)
{
	char		 err[KNOWN_PEERS_ERR] = "";
	struct known_peers	*k = known_peers_read(kept_dir, err);

	if (k == NULL)
		printf("# %s\n", err);
	return k;
}

static void
put(const char *text)
{
	kept_put(text, strlen(text), 0600);
}

/* --- tests ---------------------------------------------------------------- */

static void
test_replace(void)
{
	struct stat	 st;

	is_int(replace("one\n"), 0, "a new file");
	is(kept_got(), "one\n", "has what was given");
	ok(stat(kept_path, &st) == 0 && (st.st_mode & 0777) == 0600,
	    "and is for its owner only");
	is_int(replace("two\n"), 0, "another one in its place");
	is(kept_got(), "two\n", "has what was given then");
	is_int(kept_files(), 1, "and nothing is left over");
	is_int(create("three\n"), EEXIST, "a file is not made twice");
	is(kept_got(), "two\n", "and the first one stays");
	unlink(kept_path);
	is_int(create("three\n"), 0, "it is made where there is none");
	is(kept_got(), "three\n", "with what was given");
	is_int(kept_files(), 1, "and nothing is left over from that");
}

static void
test_full(void)
{
	put("old\n");
	limit(8);
	is_int(replace("a line longer than eight bytes\n"), EFBIG,
	    "a full disk is told by its errno");
	limit(RLIM_INFINITY);
	is(kept_got(), "old\n", "the old file is as it was");
	is_int(kept_files(), 1, "and nothing is left over");
	unlink(kept_path);
	limit(8);
	is_int(create("a line longer than eight bytes\n"), EFBIG,
	    "a file that cannot be made whole is not made");
	limit(RLIM_INFINITY);
	is_int(kept_files(), 0, "not even in part");
}

static void
test_symlink(void)
{
	char	 target[128];

	snprintf(target, sizeof(target), "%s/target", kept_dir);
	unlink(kept_path);
	rename(kept_path, target);
	put("old\n");
	if (rename(kept_path, target) == -1 ||
	    symlink("target", kept_path) == -1)
		perror(target);
	is_int(replace("new\n"), 0, "behind a symbolic link");
	is(kept_got(), "new\n", "the file is replaced");
	is_int(kept_files(), 2, "and the link stays");
	unlink(kept_path);
	unlink(target);
}

static void
test_lock(void)
{
	int	 fd, again;

	put("");
	fd = open(kept_path, O_RDWR | O_CLOEXEC);
	ok(fd != -1 && flock(fd, LOCK_EX) == 0, "with a lock on it");
	again = statefile_lock(kept_path);
	ok(again == -1 && errno == EAGAIN, "a file is waited for, not long");
	is_int(replace("x\n"), 0, "its successor");
	again = statefile_lock(kept_path);
	ok(again != -1, "is not locked by who has the one before");
	close(again);
	close(fd);
}

static void
test_known_full(void)
{
	char		 err[KNOWN_PEERS_ERR] = "";
	struct known_peers	*k;

	put("alice@example.org/x " KEY_A "\n");
	k = known();
	limit(100);
	is_int(known_peers_add(k, US, KEY_B, err), -1, "a full disk");
	limit(RLIM_INFINITY);
	ok(strstr(err, "known_peers: File too large") != NULL, "is told: %s",
	    err);
	is(kept_got(), "alice@example.org/x " KEY_A "\n",
	    "known_peers is as it was");
	ok(known_peers_check(k, US, KEY_B) == KNOWN_PEERS_SAME,
	    "the key counts for now");
	known_peers_free(k);
	k = known();
	ok(k != NULL && *known_peers_note(k) == '\0', "and nothing is torn");
	known_peers_free(k);
}

/* A line is cut where the disk was full; the other lines count. */
static void
test_torn(void)
{
	char		 err[KNOWN_PEERS_ERR] = "";
	struct known_peers	*k;

	put("# friends\nalice@example.org/x " KEY_A "\nbob@example.org/x SHA");
	ok((k = known()) != NULL, "a torn line is not the end");
	ok(strstr(known_peers_note(k),
	    "/known_peers:3: makes no sense") != NULL,
	    "it is told where: %s", known_peers_note(k));
	ok(known_peers_check(k, "alice@example.org/x",
	    KEY_A) == KNOWN_PEERS_SAME &&
	    known_peers_check(k, "alice@example.org/x",
	    KEY_B) == KNOWN_PEERS_CHANGED,
	    "the others count");
	is_int(known_peers_doubt(k, US), KNOWN_PEERS_HAD_KEY,
	    "its peer had a key");
	is_int(known_peers_doubt(k, "alice@example.org/x"),
	    KNOWN_PEERS_UNDOUBTED,
	    "another peer is not doubted");
	is_int(known_peers_doubt(k, "carol@example.org/x"),
	    KNOWN_PEERS_UNDOUBTED,
	    "nor a new one");
	is_int(known_peers_add(k, US, KEY_B, err), 0, "it is met anew");
	is_int(known_peers_doubt(k, US), KNOWN_PEERS_UNDOUBTED,
	    "then that is its key");
	is(kept_got(), "# friends\nalice@example.org/x " KEY_A
	    "\nbob@example.org/x SHA\nbob@example.org/x " KEY_B "\n",
	    "in a line of its own");
	known_peers_free(k);
	put("bob@exam");
	k = known();
	is_int(known_peers_doubt(k, US), KNOWN_PEERS_DOUBTED,
	    "cut within the address");
	known_peers_free(k);
	kept_put("\0\0\0\nbob@example.org/x " KEY_A "\n", 4 + 17 + 1 + 50 + 1,
	    0600);
	k = known();
	ok(known_peers_check(k, US, KEY_A) == KNOWN_PEERS_SAME,
	    "NUL bytes hide nothing");
	known_peers_free(k);
}

static void
meet(int program)
{
	char		 err[KNOWN_PEERS_ERR] = "", jid[64];
	struct known_peers	*k = known();
	int		 i;

	for (i = 0; k != NULL && i < PEERS; i++) {
		snprintf(jid, sizeof(jid), "p%d-%d@example.org/x", program, i);
		if (known_peers_add(k, jid, KEY_A, err) == -1) {
			printf("# %s\n", err);
			_exit(1);
		}
	}
	known_peers_free(k);
	_exit(k == NULL);
}

static void
test_together(void)
{
	struct known_peers	*k;
	char		 err[KNOWN_PEERS_ERR] = "", jid[64];
	int		 i, n = 0, status, bad = 0;

	unlink(kept_path);
	fflush(stdout);
	for (i = 0; i < PROGRAMS; i++)
		if (fork() == 0)
			meet(i);
	while (wait(&status) != -1)
		bad += status != 0;
	is_int(bad, 0, "eight programs write at the same time");
	k = known();
	for (i = 0; i < PROGRAMS * PEERS; i++) {
		snprintf(jid, sizeof(jid), "p%d-%d@example.org/x", i / PEERS,
		    i % PEERS);
		n += known_peers_entry(k, jid);
	}
	is_int(n, PROGRAMS * PEERS, "and no line of theirs is lost");
	is_int(kept_files(), 1, "nor left over");
	known_peers_free(k);
	put("");
	k = known();
	put(US " " KEY_A "\n");
	is_int(known_peers_add(k, US, KEY_B, err), -1, "two keys at once");
	ok(strstr(err, "another key") != NULL, "are told: %s", err);
	is(kept_got(), US " " KEY_A "\n", "and the first one counts");
	known_peers_free(k);
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGXFSZ, SIG_IGN);
	kept_begin("known_peers");
	test_replace();
	test_full();
	test_symlink();
	test_lock();
	test_known_full();
	test_torn();
	test_together();
	is_int(kept_end(), 0, "nothing is left behind");
	return tap_done();
}

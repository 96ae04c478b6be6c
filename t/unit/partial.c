/*
 * Unit tests of partial files (net/file): what there is is found again, by
 * one process at a time, and nothing that somebody has put there is followed
 * or written to.
 */
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/file/partial.h"
#include "net/file/sum.h"
#include "t/lib/tap.h"

#define CHILDREN	4
#define ROUNDS		25

static char	 path[] = "/tmp/xcat-unit.XXXXXX";
static int	 folder = -1;

static const struct file_meta	 meta = { .peer = "a@b", .name = "n",
	.hash = "552da749930852c69ae5d2141d3766b1", .size = 8, .dated = 1,
	.date = 981173106 };

/* All of them. */
static int
files(int remove)
{
	DIR		*d = fdopendir(dup(folder));
	struct dirent	*e;
	int		 n = 0;

	if (d == NULL)
		return -1;
	rewinddir(d);
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		n++;
		if (remove && unlinkat(folder, e->d_name, 0) == -1)
			unlinkat(folder, e->d_name, AT_REMOVEDIR);
	}
	closedir(d);
	return n;
}

static int
put(struct partial *p, const char *text)
{
	return write(partial_fd(p), text, strlen(text)) ==
	    (ssize_t)strlen(text) ? 0 : -1;
}

static void
content(const char *name, char *out, size_t size)
{
	int	 fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t	 n = fd == -1 ? 0 : read(fd, out, size - 1);

	out[n < 0 ? 0 : n] = '\0';
	if (fd != -1)
		close(fd);
}

static void
test_again(void)
{
	struct partial	*p = partial_open(folder, &meta), *q;
	struct file_meta other = meta;
	struct stat	 st;
	char		 name[FILE_NAME] = "n", text[64];

	is_int(partial_size(p), 0, "nothing is there at first");
	is_int(put(p, "1234"), 0, "a part");
	is_int(partial_open(folder, &meta) == NULL && errno == EBUSY, 1,
	    "one at a time");
	other.date++;
	q = partial_open(folder, &other);
	is_int(q != NULL && partial_size(q) == 0, 1, "another date");
	partial_close(q);
	is_int(files(0), 1, "nothing is kept of nothing");
	partial_close(p);
	p = partial_open(folder, &meta);
	is_int(partial_size(p), 4, "what was there is there");
	is_int(partial_truncate(p, 4), 0, "to go on behind it");
	put(p, "5678");
	is_int(partial_finish(p, name, 04640, 1, meta.date), 0, "whole");
	content(name, text, sizeof(text));
	is(text, "12345678", "its content");
	fstatat(folder, name, &st, 0);
	is_int(st.st_mode & 07777, 0640, "its mode, and no more than that");
	is_int((long)st.st_mtime, (long)meta.date, "its date");
	is_int(files(1), 1, "nothing else");
}

/* In the place of a partial file, or of the name. */
static void
test_in_the_way(void)
{
	struct partial	*p = partial_open(folder, &meta);
	char		 part[FILE_NAME], name[FILE_NAME], text[64];
	int		 fd;

	snprintf(part, sizeof(part), "%s", partial_name(p));
	partial_close(p);
	fd = openat(folder, "theirs", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	is_int(write(fd, "theirs", 6), 6, "a file of somebody");
	close(fd);
	is_int(symlinkat("theirs", folder, part), 0, "a link to it");
	p = partial_open(folder, &meta);
	is_int(p != NULL && partial_size(p) == 0, 1, "is not followed");
	partial_close(p);
	is_int(linkat(folder, "theirs", folder, part, 0), 0, "a hard link");
	p = partial_open(folder, &meta);
	is_int(p != NULL && partial_size(p) == 0, 1, "is not written to");
	partial_close(p);
	is_int(mkfifoat(folder, part, 0600), 0, "a FIFO");
	p = partial_open(folder, &meta);
	is_int(p != NULL && partial_size(p) == 0, 1, "is not waited for");
	put(p, "12345678");
	is_int(renameat(folder, "theirs", folder, part), 0,
	    "a file in the place of the one that is written");
	snprintf(name, sizeof(name), "n");
	is_int(partial_finish(p, name, -1, 0, 0) == -1 && errno == ESTALE, 1,
	    "is not taken for it");
	partial_discard(p);
	content(part, text, sizeof(text));
	is(text, "theirs", "nor removed");
	unlinkat(folder, part, 0);
	is_int(mkdirat(folder, part, 0700), 0, "a folder");
	is_int(partial_open(folder, &meta) == NULL, 1, "is an error");
	files(1);
}

static void
test_names(void)
{
	struct partial	*p;
	char		 name[FILE_NAME], want[FILE_NAME];
	int		 i;

	for (i = 0; i < 3; i++) {
		p = partial_open(folder, &meta);
		put(p, "12345678");
		memset(name, 'n', 253);
		memcpy(name + 253, "\xc3\xa4", 3);
		is_int(partial_finish(p, name, -1, 0, 0), 0, "a long name");
	}
	memset(want, 'n', 253);
	memcpy(want + 253, ".2", 3);
	is(name, want, "its number is in the place of a whole character");
	is_int(files(1), 3, "none is overwritten");
}

/* Whoever comes when another one has just finished does not get that one's
 * file to write to. */
static int
child(int number)
{
	struct partial	*p;
	char		 name[FILE_NAME], text[32];
	int		 i, bad = 0;

	for (i = 0; i < ROUNDS; i++) {
		while ((p = partial_open(folder, &meta)) == NULL) {
			if (errno != EBUSY)
				return 1;
			usleep(100);
		}
		snprintf(text, sizeof(text), "%d %06d", number, i);
		snprintf(name, sizeof(name), "n");
		if (partial_size(p) != 0 || put(p, text) == -1 ||
		    partial_finish(p, name, -1, 0, 0) == -1)
			return 1;
		content(name, name, sizeof(name));
		bad += strcmp(name, text) != 0;
	}
	return bad;
}

static void
test_race(void)
{
	pid_t	 pids[CHILDREN];
	int	 i, status, bad = 0;

	for (i = 0; i < CHILDREN; i++) {
		if ((pids[i] = fork()) == -1)
			err(1, "fork");
		if (pids[i] == 0)
			_exit(child(i));
	}
	for (i = 0; i < CHILDREN; i++) {
		waitpid(pids[i], &status, 0);
		bad += status != 0;
	}
	is_int(bad, 0, "several processes, the same file");
	is_int(files(1), CHILDREN * ROUNDS, "each has one of its own");
}

/* FIPS 180-2, appendix B.1; RFC 1321, appendix A.5. */
static void
test_sums(void)
{
	static const unsigned char	 sha256[] = {
		0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41,
		0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3,
		0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00,
		0x15, 0xad
	};
	unsigned char	 md[HASH_BYTES];
	char		 hex[HASH_HEX];
	struct sum	*s = sum_new(HASH_SHA256);

	ok(s != NULL && sum_add(s, "a", 1) == 0 && sum_add(s, "bc", 2) == 0 &&
	    sum_bytes(s, md) == sizeof(sha256) &&
	    memcmp(md, sha256, sizeof(sha256)) == 0, "SHA-256 of abc");
	sum_free(s);
	s = sum_new(HASH_MD5);
	ok(s != NULL && sum_add(s, "abc", 3) == 0, "MD5");
	sum_end(s, hex);
	is(hex, "900150983cd24fb0d6963f7d28e17f72", "MD5 of abc");
	sum_free(s);
}

int
main(void)
{
	umask(022);
	if (mkdtemp(path) == NULL || (folder = file_folder(path)) == -1)
		err(1, "%s", path);
	test_again();
	test_in_the_way();
	test_names();
	test_race();
	test_sums();
	close(folder);
	is_int(rmdir(path), 0, "nothing is left");
	return tap_done();
}

/*
 * Unit tests of folders that come (net/file): no path leaves the folder,
 * whatever it is called and whatever links are there; what was sent before is
 * found again.
 */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/file/folder_disk.h"
#include "net/file/folder_path.h"
#include "t/lib/engine.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"

static char	 top[] = "/tmp/xcat-unit.XXXXXX";

static void
test_objections(void)
{
	static const char *const bad[] = {
		"", "/", "/etc/passwd", ".", "..", "../a", "a/..", "a/../b",
		"a//b", "a/", "//a", "./a", "a/./b", "a/.", "a\nb", "a\x01",
		"a\x7f", "\x1b[2J", "a\xff", "\xc0\xaf", "a/\xe2\x80\xae\x62",
		"\xc2\x85", ".xcat-part-0", ".XCAT-PART-0", "a/.Xcat-Part-",
		".xcat-part-0/a"
	};
	static const char *const good[] = {
		"a", "a/b", "...", "..a", "a..", ".git/config", "-rf", " ",
		"a\\b", "%41", "CON", "\xc3\xa4/\xe4\xbd\xa0", ".xcat", "a:b"
	};
	char	 path[3 * FOLDER_PATH];
	size_t	 i;

	for (i = 0; i < N(bad); i++)
		ok(folder_path_objection(bad[i]) != NULL, "refused: %zu", i);
	for (i = 0; i < N(good); i++)
		is(folder_path_objection(good[i]), NULL, "taken: %s", good[i]);
	memset(path, 'x', 255);
	path[255] = '\0';
	ok(folder_path_objection(path) == NULL, "a name of 255 bytes");
	path[255] = 'x';
	path[256] = '\0';
	ok(folder_path_objection(path) != NULL, "a name of 256 bytes");
	for (i = 0; i < 2 * FOLDER_PATH; i++)
		path[i] = i % 2 ? '/' : 'x';
	path[2 * FOLDER_DEPTH - 1] = '\0';
	ok(folder_path_objection(path) == NULL, "as deep as may be");
	path[2 * FOLDER_DEPTH - 1] = '/';
	path[2 * FOLDER_DEPTH + 1] = '\0';
	ok(folder_path_objection(path) != NULL, "too deep");
	memset(path, 'x', FOLDER_PATH);
	path[FOLDER_PATH] = '\0';
	ok(folder_path_objection(path) != NULL, "too long");
}

static void
test_escapes(void)
{
	static const struct {
		const char	*name, *wire;
	} cases[] = {
		{ "a b", "a b" }, { "a\nb", "a%0Ab" }, { "\x7f", "%7F" },
		{ "\xe4", "%E4" }, { "\xc3\xa4", "\xc3\xa4" },
		{ "%0A", "%250A" }, { "%41", "%41" }, { "%e4", "%25e4" },
		{ "%25", "%2525" }, { "100%", "100%" }, { "%2", "%2" },
		{ "\xe2\x80\xae", "%E2%80%AE" }, { "-", "-" },
		{ ".git", ".git" }
	};
	char	 out[FOLDER_NAME], in[FOLDER_NAME];
	size_t	 i;

	for (i = 0; i < N(cases); i++) {
		is_int(folder_path_escape(cases[i].name, out), 0, "escaped");
		is(out, cases[i].wire, "as %s", cases[i].wire);
		ok(folder_path_objection(out) == NULL, "and taken");
	}
	memset(in, 'x', 255);
	in[255] = '\0';
	is_int(folder_path_escape(in, out), 0, "255 bytes");
	in[7] = '\1';
	is_int(folder_path_escape(in, out), -1, "255 bytes, one too odd");
}

static int
put(struct folder_disk *d, const struct folder_file *f, const char *text,
    int whole)
{
	struct partial	*p = folder_disk_begin(d, f);

	if (p == NULL || write(partial_fd(p), text, strlen(text)) !=
	    (ssize_t)strlen(text))
		return -1;
	if (whole)
		return folder_disk_keep(d, p, f);
	partial_close(p);
	return 0;
}

/* Links, as another program may plant them. */
static void
test_links(struct folder_disk *d)
{
	struct folder_file	 f = { .path = "l/x", .size = 5, .dated = 1,
				     .date = 1001, .mode = 0640 };
	struct stat		 st;

	must(symlinkat("/tmp", d->root, "l") == 0);
	must(symlinkat("/etc/passwd", d->root, "m") == 0);
	is_int(folder_disk_have(d, &f), 0, "under a link");
	ok(fstatat(d->root, "l", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode), "a folder has replaced it");
	f.path = "m";
	is_int(folder_disk_have(d, &f), 0, "a link for a file");
	is_int(put(d, &f, "HELLO", 1), 0, "and the file");
	ok(fstatat(d->root, "m", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode), "has replaced it");
}

static void
test_disk(int parent)
{
	struct folder_file	 f = { .path = "a/b/c", .size = 5, .dated = 1,
				     .date = 1000, .mode = 0640 };
	struct folder_file	 g = { .path = "a/d", .size = 5, .dated = 1,
				     .date = 2000, .mode = -1 };
	struct folder_disk	 d, other;
	char			 name[FILE_NAME] = "photos";
	struct stat		 st;

	must(folder_disk_open(&d, parent, "alice@x", "photos", "") == 0);
	is_int(folder_disk_open(&other, parent, "alice@x", "photos", ""), -1,
	    "one at a time");
	is_int(errno, EBUSY, "as that says");
	is_int(folder_disk_have(&d, &f), 0, "nothing is there");
	is_int(put(&d, &f, "hello", 1), 0, "a file");
	is_int(put(&d, &g, "he", 0), 0, "and a part of one");
	folder_disk_close(&d);

	must(folder_disk_open(&d, parent, "alice@x", "photos", "1") == 0);
	is_int(folder_disk_have(&d, &f), 0, "of another folder of this name "
	    "there is nothing");
	folder_disk_close(&d);
	must(folder_disk_open(&d, parent, "alice@x", "photos", "") == 0);
	is_int(folder_disk_have(&d, &f), 5, "the file is found");
	is_int(folder_disk_have(&d, &g), 2, "so is the part");
	g.date++;
	is_int(folder_disk_have(&d, &g), 0, "but not of another file");
	f.date++;
	is_int(folder_disk_have(&d, &f), 0, "what has changed comes anew");
	is_int(put(&d, &f, "HELLO", 1), 0, "and is put there");
	test_links(&d);
	f.path = "a/b";
	is_int(folder_disk_have(&d, &f), -1, "a folder for a file");
	is_int(errno, EISDIR, "stays");
	f.path = "empty";
	f.size = 0;
	is_int(folder_disk_empty(&d, &f), 0, "an empty file");
	is_int(folder_disk_directory(&d, "a", 0555, 1, 3000), 0, "a folder");
	is_int(folder_disk_directory(&d, "none", 0755, 0, 0), 0,
	    "an empty one");

	must(mkdirat(parent, "photos", 0700) == 0);
	is_int(folder_disk_finish(&d, name, 0750, 1, 4000), 0, "all is there");
	is(name, "photos.1", "beside what was there");
	must(fstatat(parent, "photos.1", &st, 0) == 0);
	is_int(st.st_mode & 0777, 0750, "its mode");
	is_int(st.st_mtime, 4000, "its date");
	must(fstatat(parent, "photos.1/a", &st, 0) == 0);
	is_int(st.st_mode & 0777, 0555, "the mode of a folder in it");
	is_int(st.st_mtime, 3000, "and its date");
	ok(fstatat(parent, "photos.1/a/b/c", &st, 0) == 0 &&
	    (st.st_mode & 0777) == 0640 && st.st_mtime == 1001, "and a file's");
	is_int(faccessat(parent, "photos", F_OK, 0), 0, "what was there stays");
}

/* Make or find a file of 5 bytes, or of 0. */
static int
offer(struct folder_disk *d, const char *path, int size)
{
	struct folder_file	 f = { .path = path, .size = (uint64_t)size,
				     .dated = 1, .date = 1000, .mode = -1 };
	int64_t			 have = folder_disk_have(d, &f);

	if (have == -1 || (have == size && size > 0))
		return (int)have;
	return size == 0 ? folder_disk_empty(d, &f) :
	    folder_disk_put(d, &f, "hello", 5);
}

/* What is here already gets the permissions that it has at the sender now. */
static void
test_modes(int parent)
{
	struct folder_file	 f = { .path = "a/f", .size = 5, .dated = 1,
				     .date = 1000, .mode = 0644 };
	struct folder_disk	 d;
	struct stat		 st;

	must(folder_disk_open(&d, parent, "alice@x", "modes", "") == 0);
	must(folder_disk_have(&d, &f) == 0 &&
	    folder_disk_put(&d, &f, "hello", 5) == 0);
	folder_disk_close(&d);
	must(folder_disk_open(&d, parent, "alice@x", "modes", "") == 0);
	f.mode = 0600;
	is_int((long)folder_disk_have(&d, &f), 5, "a file is here");
	must(fstatat(d.root, "a/f", &st, 0) == 0);
	is_int(st.st_mode & 0777, 0600, "and is private now");
	f.path = "a/empty";
	f.size = 0;
	f.mode = 0444;
	must(folder_disk_have(&d, &f) == 0 && folder_disk_empty(&d, &f) == 0);
	is_int((long)folder_disk_have(&d, &f) + folder_disk_empty(&d, &f), 0,
	    "an empty file that cannot be written to");
	must(fstatat(d.root, "a/empty", &st, 0) == 0);
	is_int(st.st_mode & 0777, 0444, "as it is at the sender");
	folder_disk_close(&d);
}

/* Files, folders and links that the sender has no more, and that it has. */
static void
test_old(int parent)
{
	static const char *const gone[] = {
		"gone", "a/gone", "a/was/b/c", "a/was/d", "was/e", "l", "a/l"
	};
	struct folder_disk	 d;
	char			 name[FILE_NAME] = "old", out[64];
	struct stat		 st;
	size_t			 i;

	snprintf(out, sizeof(out), "%s/out", top);
	must(mkdir(out, 0700) == 0);
	must(folder_disk_open(&d, parent, "alice@x", "old", "") == 0);
	for (i = 0; i < 5; i++)
		must(offer(&d, gone[i], 5) == 0);
	must(offer(&d, "a/stays", 5) == 0 && offer(&d, "x/y/z", 5) == 0 &&
	    offer(&d, "file/in", 5) == 0);
	must(folder_disk_directory(&d, "a/was/b", 0, 0, 0) == 0);
	must(folder_disk_directory(&d, "a/was", 0555, 0, 0) == 0);
	must(folder_disk_directory(&d, "a", 0555, 1, 2000) == 0);
	must(mkdirat(d.root, "a/was/.xcat-part-0", 0700) == 0);
	must(symlinkat(out, d.root, "l") == 0);
	must(symlinkat(out, d.root, "a/was/l") == 0);
	folder_disk_close(&d);

	must(folder_disk_open(&d, parent, "alice@x", "old", "") == 0);
	must(symlinkat(out, d.root, "a/l") == 0);
	is_int(offer(&d, "a/stays", 5), 5, "what is offered anew");
	is_int(offer(&d, "file", 5), 0, "a file where a folder was");
	is_int(offer(&d, "file/in", 5), 0, "and a folder there again");
	is_int(offer(&d, "file", 5), -1, "which is of this time, and stays");
	is_int(offer(&d, "x/y/empty", 0), 0, "an empty file");
	is_int(offer(&d, "x/y/z", 5), 5, "in a folder that is not told");
	is_int(folder_disk_directory(&d, "a", 0555, 1, 2000), 0, "a folder "
	    "is complete");
	is_int(folder_disk_directory(&d, "none", 0755, 0, 0), 0, "so is an "
	    "empty one");
	is_int(folder_disk_finish(&d, name, 0755, 0, 0), 0, "and all");
	for (i = 0; i < N(gone); i++)
		is_int(faccessat(parent, format("old/%s", gone[i]), F_OK,
		    AT_SYMLINK_NOFOLLOW), -1, "%s is gone", gone[i]);
	is_int(faccessat(parent, "old/a/was", F_OK, 0), -1, "with its folder");
	ok(faccessat(parent, "old/a/stays", F_OK, 0) == 0 &&
	    faccessat(parent, "old/file/in", F_OK, 0) == 0 &&
	    faccessat(parent, "old/x/y/z", F_OK, 0) == 0 &&
	    faccessat(parent, "old/x/y/empty", F_OK, 0) == 0 &&
	    faccessat(parent, "old/none", F_OK, 0) == 0, "the others stay");
	must(fstatat(parent, "old/a", &st, 0) == 0);
	ok((st.st_mode & 0777) == 0555 && st.st_mtime == 2000,
	    "a folder's mode and date are what was told");
	is_int(rmdir(out), 0, "nothing is touched where links lead");
}

static void
test_path_set(void)
{
	struct path_set	 s = { 0 };
	char		 path[32];
	int		 i, n = 0;

	ok(!path_set_has(&s, "a"), "none is in an empty set");
	path_set_add(&s, "a/b/c");
	ok(path_set_has(&s, "a/b/c") && path_set_has(&s, "a/b") &&
	    path_set_has(&s, "a"), "a path, and the folders that it is in");
	ok(!path_set_has(&s, "a/b/d") && !path_set_has(&s, "b") &&
	    !path_set_has(&s, ""), "and no others");
	for (i = 0; i < 100000; i++) {
		snprintf(path, sizeof(path), "x/%d", i);
		path_set_add(&s, path);
		n += path_set_has(&s, path);
		path[0] = 'y';
		n += path_set_has(&s, path);
	}
	is_int(n, 100000, "many");
	ok(path_set_has(&s, "a/b/c") && !path_set_has(&s, "a/b/d"),
	    "which change nothing");
	for (; !s.lost && i < 2000000; i++) {
		snprintf(path, sizeof(path), "%d", i);
		path_set_add(&s, path);
	}
	ok(s.lost && path_set_has(&s, "a/b/d"), "of too many all may be");
	path_set_free(&s);
}

int
main(void)
{
	char	 cmd[128];
	int	 parent;

	umask(022);
	must(mkdtemp(top) != NULL);
	must((parent = open(top, O_RDONLY | O_DIRECTORY)) != -1);
	test_objections();
	test_escapes();
	test_disk(parent);
	test_modes(parent);
	test_old(parent);
	test_path_set();
	snprintf(cmd, sizeof(cmd), "chmod -R u+w %s; rm -rf %s", top, top);
	must(system(cmd) == 0);
	return tap_done();
}

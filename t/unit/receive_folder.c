/*
 * Unit tests of folders that come in a stream (net/file/receive_folder.h), from
 * senders that lie: the test says their words, one by one.  In the end there is
 * nothing outside the folder.
 */
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/file/partial.h"
#include "net/file/receive_folder.h"
#include "t/lib/files.h"
#include "t/lib/folders.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"

#define FOLDER	"<folder xmlns='urn:xcat:0' name='photos' mode='755'/>"
#define SOME	"<folder xmlns='urn:xcat:0' name='photos' hash='" DIGITS "%s'/>"
#define DIGITS	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e"
#define DIRECTORY "<directory xmlns='urn:xcat:0' name='%s' mode='755'/>"
#define DONE	"<done xmlns='urn:xcat:0'/>"
#define OVER	"<over xmlns='urn:xcat:0'/>"
#define NO_SENSE "what it sends makes no sense"
#define LARGE	4096

#define MANY	1000000		/* directories, in a soak */

static char	 top[32];
static char	 in[64];	/* the folder of -r; top has nothing else */

/* A path in the folder that is not whole yet, or with "" that folder. */
static const char *
part_path(const char *name)
{
	DIR		*d = opendir(in);
	struct dirent	*e;
	const char	*path = "";

	must(d != NULL);
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, PARTIAL_PREFIX,
		    strlen(PARTIAL_PREFIX)) == 0)
			path = format("%s/%s/%s", in, e->d_name, name);
	closedir(d);
	return path;
}

/* What is in this file of the folder that was kept: "" if it is not there. */
static const char *
kept(const char *name)
{
	static char	 text[2 * LARGE];
	FILE		*f = fopen(format("%s/photos/%s", in, name), "r");
	size_t		 n = 0;

	if (f != NULL) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

static void
clean(void)
{
	must(system(format("chmod -R u+w %s; rm -rf %s/* %s/.x*", in, in,
	    in)) == 0);
}

/* A run with a stream in which the folder has been named. */
static void
begin(void)
{
	folders_receive(in, 1);
	folders_say_xml(FOLDER);
}

/* The peer has said all that it wants to say: what is heard, with blocks of so
 * many bytes. */
static const char *
pass(size_t step)
{
	folders_pass(step);
	return folders_heard();
}

static void
end(const char *what)
{
	folders_end();
	is_int(system(format("test \"$(ls -A %s)\" = in", top)), 0,
	    "%s: nothing else is touched", what);
	clean();
}

static void
say_whole(const char *name, const char *text)
{
	folders_say_file(name, strlen(text));
	folders_say_piece(text, strlen(text));
	folders_say_end(text, strlen(text));
}

static void
say_over(void)
{
	folders_say_xml(DONE);
	folders_say_xml(OVER);
}

/* The stream ends, since the last word makes no sense. */
static void
is_broken(const char *what)
{
	const char	*words;

	folders_pass(LARGE);
	words = run_words();
	ok(strstr(words, NO_SENSE) != NULL, "%s ends the stream", what);
	if (strstr(words, NO_SENSE) == NULL)
		printf("# %s: %s\n", what, folders_heard());
	end(what);
}

/*
 * Pieces
 */

static void
test_steps(void)
{
	static const size_t	 more[] = { 37, 64, 100, 333, 1000, LARGE };
	size_t			 i, step;
	const char		*got;
	int			 good = 0;

	for (i = 1; i <= 16 + N(more); i++) {
		step = i <= 16 ? i : more[i - 17];
		begin();
		say_whole("a/b", "hello");
		folders_say_file("empty", 0);
		folders_say_xml(format(DIRECTORY, "a"));
		folders_say_xml(format(DIRECTORY, "c"));
		say_over();
		got = pass(step);
		good += strcmp(got, "range 0;range 0;done;kept photos;") == 0;
		good += strcmp(kept("a/b"), "hello") == 0;
		good += access(format("%s/photos/c", in), F_OK) == 0;
		folders_end();
		clean();
	}
	is_int(good, 3 * (16 + (int)N(more)), "words and pieces, however they "
	    "are cut");
}

/*
 * Names
 */

static void
test_names(void)
{
	static const char *const bad[] = {
		"..", ".", "/", "/etc/passwd", "../out", "a/../../out", "a/..",
		"./a", "a//b", "a/", ".xcat-part-0123", ".XCAT-PART-x/a",
		"&#x7f;", "a&#x202e;b", "a&#x85;", ""
	};
	const char	*got;
	size_t		 i;

	begin();
	pass(LARGE);
	for (i = 0; i < N(bad); i++) {
		folders_say_xml(format("<file xmlns='urn:xcat:0' name='%s' "
		    "size='1'/>", bad[i]));
		got = pass(LARGE);
		ok(strncmp(got, "refused ", 8) == 0 &&
		    strncmp(got, "refused all", 11) != 0, "refused: %s",
		    bad[i]);
	}
	say_whole("good", "good");
	say_over();
	is(pass(LARGE), "range 0;done;kept photos;", "and what is good "
	    "is taken");
	is(kept("good"), "good", "as it is");
	end("names");
	for (i = 0; i < N(bad); i++) {
		begin();
		folders_say_xml(format(DIRECTORY, bad[i]));
		is_broken(format("the directory %s", bad[i]));
	}
}

/* Another program of this account plants links while the folder comes. */
static void
test_links(void)
{
	char	 out[64];

	snprintf(out, sizeof(out), "%s/out", top);
	must(mkdir(out, 0700) == 0);
	begin();
	pass(LARGE);
	must(symlink(out, part_path("l")) == 0);
	must(symlink(format("%s/file", out), part_path("m")) == 0);
	say_whole("l/x", "hello");
	say_whole("m", "hello");
	folders_say_xml(format(DIRECTORY, "l/y"));
	is(pass(LARGE), "range 0;range 0;", "names through a link");
	must(symlink(out, part_path("n")) == 0);
	folders_say_file("o", 5);
	is(pass(LARGE), "range 0;", "a file is offered,");
	must(symlink(format("%s/file", out), part_path("o")) == 0);
	folders_say_piece("hello", 5);
	folders_say_end("hello", 5);
	folders_say_xml(format(DIRECTORY, "n"));
	say_over();
	is(pass(LARGE), "done;kept photos;", "and then a link has its "
	    "name");
	is(kept("l/x"), "hello", "a folder replaces a link");
	is(kept("m"), "hello", "so does a file");
	is(kept("o"), "hello", "also when it was planted behind the offer");
	is_int(rmdir(out), 0, "nothing is where they lead");
	end("links");
}

static void
test_kinds(void)
{
	begin();
	say_whole("a/b", "hello");
	folders_say_file("a", 5);
	is(pass(LARGE), "range 0;refused a: Is a directory;",
	    "no file for a folder");
	say_whole("f", "hello");
	say_whole("f/g", "hello");
	folders_say_xml(format(DIRECTORY, "f/g/h"));
	say_over();
	is(pass(LARGE), "range 0;range 0;done;kept photos;",
	    "a folder in place of a file");
	is(kept("a/b"), "hello", "what was in the folder stays");
	is_int(access(format("%s/photos/f/g/h", in), F_OK), 0, "folders stand "
	    "for the files");
	end("kinds");

	begin();
	folders_say_file("a", 5);
	folders_say_file("a/b", 5);
	folders_say_piece("hello", 5);
	folders_say_end("hello", 5);
	is(pass(LARGE), "range 0;range 0;refused all: it cannot be kept: "
	    "Is a directory;", "both at once");
	end("both kinds at once");
}

static void
test_twins(void)
{
	begin();
	say_whole("Readme", "one");
	say_whole("README", "two");
	say_over();
	is(pass(LARGE), "range 0;range 0;done;kept photos;",
	    "names that differ in their case");
	is(kept("Readme"), "one", "are two");
	is(kept("README"), "two", "files here");
	end("twins");
}

static void
test_twice(void)
{
	begin();
	folders_say_file("a", 5);
	folders_say_file("a", 5);
	folders_say_piece("hello", 5);
	folders_say_end("hello", 5);
	folders_say_piece("HELLO", 5);
	folders_say_end("HELLO", 5);
	is(pass(LARGE), "range 0;range 0;", "a file that is offered twice");
	folders_say_file("a", 5);
	is(pass(LARGE), "range 5;", "once more, when it is there");
	folders_say_file("a", 6);
	is(pass(LARGE), "range 0;", "and with another size");
	folders_say_piece("hello!", 6);
	folders_say_end("hello!", 6);
	say_over();
	is(pass(LARGE), "done;kept photos;", "is one file");
	is(kept("a"), "hello!", "the last");
	end("twice");
}

/* Two folders of one name come at once; then the first is begun anew. */
static void
test_others(void)
{
	folders_receive(in, 1);
	folders_say_xml(format(SOME, "01"));
	folders_say_file("a", 5);
	is(pass(LARGE), "range 0;", "a folder begins");
	folders_open();
	folders_say_xml(format(SOME, "02"));
	say_whole("a", "hello");
	say_over();
	is(pass(LARGE), "range 0;done;kept photos;", "another one comes");
	folders_close();
	is_int((long)receive_folder_count(app.receiver), 1,
	    "and the first goes on");
	folders_open();
	folders_say_xml(format(SOME, "01"));
	pass(LARGE);
	is_int((long)receive_folder_count(app.receiver), 1,
	    "until it is begun anew");
	end("others");
}

/*
 * Sizes
 */

static void
test_lies(void)
{
	static char	 large[FOLDER_PIECE + 10];

	begin();
	folders_say_file("a", 5);
	folders_say_piece("hello!", 6);
	is_broken("a byte more than was told");
	begin();
	folders_say_file("a", sizeof(large) - 1);
	folders_say_piece(large, FOLDER_PIECE);
	folders_say_piece(large, 10);
	is_broken("a byte more of a large file");
	begin();
	folders_say_file("a", 5);
	folders_say_piece("hell", 4);
	folders_say_end("hell", 4);
	is_broken("a byte less than was told");
	begin();
	folders_say_file("a", 5);
	folders_say_end("", 0);
	is_broken("an end without bytes");
	begin();
	folders_say_file("a", 0);
	folders_say_piece("x", 1);
	is_broken("bytes of an empty file");
	begin();
	folders_say_file("a", 5);
	folders_say_piece("hello", 5);
	folders_say_end("HELLO", 5);
	ok(strstr(pass(LARGE), "refused all: its content is not what was "
	    "announced") != NULL, "another hash");
	end("another hash");
	begin();
	folders_say_file("a", 5);
	folders_say_piece("hell", 4);
	folders_say_xml("<end xmlns='urn:xcat:0'/>");
	say_over();
	is(pass(LARGE), "range 0;done;kept photos;", "a file that is "
	    "given up");
	is_int(access(format("%s/photos/a", in), F_OK), -1, "is not there");
	end("given up");
}

static void
test_numbers(void)
{
	static const char *const sizes[] = {
		"-1", "-9223372036854775808", "9223372036854775808",
		"18446744073709551615", "18446744073709551616", "1e3", "0x5",
		" 5", "5 ", "", "+5"
	};
	size_t	 i;

	for (i = 0; i < N(sizes); i++) {
		begin();
		folders_say_xml(format("<file xmlns='urn:xcat:0' name='a' "
		    "size='%s'/>", sizes[i]));
		is_broken(format("the size '%s'", sizes[i]));
	}
	begin();
	folders_say_file("a", INT64_MAX);
	folders_say_file("b", INT64_MAX);
	folders_say_file("c", INT64_MAX);
	is(pass(LARGE), "range 0;range 0;range 0;", "the largest of all");
	folders_close();
	end("the largest of all");
	begin();
	app.conf.max_size = 100;
	folders_say_file("a", 60);
	folders_say_file("b", INT64_MAX);
	folders_say_file("c", 41);
	folders_say_file("d", 40);
	is(pass(LARGE), "range 0;refused b: the folder is larger than is "
	    "taken here;refused c: the folder is larger than is taken here;"
	    "range 0;", "no more than may come");
	end("no more than may come");
}

/*
 * Words that come when they may not
 */

static void
test_order(void)
{
	static const char *const first[] = {
		DONE, OVER, "<end xmlns='urn:xcat:0'/>",
		"<range xmlns='urn:xcat:0' offset='0'/>",
		"<range xmlns='urn:xcat:0' offset='-1'/>",
		"<range xmlns='urn:xcat:0' offset='9223372036854775807'/>",
		"<wrong xmlns='urn:xcat:0' name='a'/>",
		"<kept xmlns='urn:xcat:0' name='a'/>",
		"<refused xmlns='urn:xcat:0' name='a'/>", FOLDER,
		"<directory xmlns='urn:xcat:0'/>", "<x/>", "x"
	};
	size_t	 i;

	for (i = 1; i < N(first); i++) {
		begin();
		if (i == 1)
			folders_say_file("a", 5);
		folders_say_xml(first[i]);
		is_broken(first[i]);
	}
	begin();
	folders_say_file("a", 5);
	folders_say_xml(DONE);
	is_broken("done, with a file to come");
	begin();
	folders_say_piece("x", 1);
	is_broken("a piece of no file");
	begin();
	folders_say_bytes("\0\0\0\0", 4);
	is_broken("an empty word");
	begin();
	folders_say_bytes("\x80\0\0\0", 4);
	is_broken("an empty piece");
	begin();
	folders_say_bytes("\x80\1\0\1", 4);
	is_broken("too large a piece");
	begin();
	folders_say_bytes("\0\0\x40\1", 4);
	is_broken("too large a word");
}

static void
test_many(void)
{
	size_t		 most = tap_soak() ? MANY : 3000, i;

	begin();
	for (i = 0; i < 2048; i++)
		folders_say_file(format("f%zu", i), 1);
	folders_pass(LARGE);
	ok(strstr(run_words(), NO_SENSE) == NULL, "2048 files at once");
	folders_say_file("one more", 1);
	is_broken("one more");
	begin();
	for (i = 0; i < most; i++) {
		folders_say_xml(format(DIRECTORY, format("d/%zu", i)));
		if (i % 1000 == 0)
			folders_pass(LARGE);
	}
	say_over();
	is(pass(LARGE), "done;kept photos;", "%zu directories", most);
	end("many directories");
}

/*
 * Streams that end
 */

static void
test_resumed(void)
{
	begin();
	folders_say_file("a", 5);
	folders_say_piece("he", 2);
	is(pass(LARGE), "range 0;", "a part of a small file");
	folders_close();
	folders_open();
	folders_say_xml(FOLDER);
	folders_say_file("a", 5);
	is(pass(LARGE), "range 2;", "is there the next time");
	folders_say_piece("y!", 2);
	folders_close();
	folders_open();
	folders_say_xml(FOLDER);
	folders_say_file("a", 5);
	is(pass(LARGE), "range 2;", "and the one after that");
	folders_say_piece("LLO", 3);
	folders_say_end("HELLO", 5);
	is(pass(LARGE), "wrong a;", "a part of something else");
	folders_say_file("a", 5);
	folders_say_piece("HELLO", 5);
	folders_say_end("HELLO", 5);
	say_over();
	is(pass(LARGE), "range 0;done;kept photos;", "comes anew");
	is(kept("a"), "HELLO", "as it is");
	end("resumed");
}

/* In memory, if that has room for so many directories: to make and remove them
 * on a disk takes seven times as long, and other tests wait for the disk. */
static void
make_top(void)
{
	static const char	*memory = "/dev/shm";
	struct statvfs		 v;

	snprintf(top, sizeof(top), "%s/xcat-unit.XXXXXX", tap_soak() &&
	    statvfs(memory, &v) == 0 && v.f_favail > MANY + MANY / 10 ?
	    memory : "/tmp");
	must(mkdtemp(top) != NULL);
}

int
main(void)
{
	umask(022);
	make_top();
	snprintf(in, sizeof(in), "%s/in", top);
	must(mkdir(in, 0700) == 0);
	test_steps();
	test_names();
	test_links();
	test_kinds();
	test_twins();
	test_twice();
	test_others();
	test_lies();
	test_numbers();
	test_order();
	test_many();
	test_resumed();
	must(rmdir(in) == 0 && rmdir(top) == 0);
	return tap_done();
}

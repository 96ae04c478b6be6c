/* Unit tests of net/login/features_cache: the file known_servers, sound and
 * not. */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/login/features_cache.h"
#include "t/lib/kept.h"
#include "t/lib/tap.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define US		"alice@example.org"
#define FILE_MOST	(64 * 1024)

/* --- helpers -------------------------------------------------------------- */

/* Read, ask and free. */
static int
hurries(const char *jid)
{
	struct features_cache	*m = features_cache_read(kept_dir, jid);
	int		 r = features_cache_hurry(m);

	features_cache_free(m);
	return r;
}

static void
learn(const char *jid, int hurry, const char *first, const char *second)
{
	struct features_cache	*m = features_cache_read(kept_dir, jid);

	features_cache_learn(m, hurry, first, second);
	features_cache_free(m);
}

/* --- tests ---------------------------------------------------------------- */

static void
test_learn(void)
{
	struct features_cache	*m = features_cache_read(kept_dir, US);
	struct stat	 st;

	ok(features_cache_first(m) == NULL &&
	    features_cache_second(m) == NULL && !features_cache_hurry(m),
	    "who is new is not hurried");
	features_cache_learn(m, 1, "SCRAM-SHA-1 PLAIN", "sm granted");
	ok(features_cache_hurry(m), "who is known is, at once");
	features_cache_free(m);
	is(kept_got(), US " yes SCRAM-SHA-1 PLAIN / sm granted\n",
	    "a line of it");
	ok(stat(kept_path, &st) == 0 && (st.st_mode & 0777) == 0600,
	    "that nobody else can read");
	m = features_cache_read(kept_dir, US);
	ok(features_cache_hurry(m), "and later");
	is(features_cache_first(m), "SCRAM-SHA-1 PLAIN", "its first words");
	is(features_cache_second(m), "sm granted", "and its second");
	features_cache_free(m);
}

static void
test_others(void)
{
	ok(!hurries("alice@example.or") && !hurries("lice@example.org") &&
	    !hurries("alice@example.org2"), "others are not meant");
	learn("bob@example.org", 0, "PLAIN", "");
	ok(!hurries("bob@example.org"), "who does not bear it is not hurried");
	learn("bob@example.org", 1, "SCRAM-SHA-1", "");
	ok(!hurries("bob@example.org"), "nor once it has changed");
	ok(hurries(US), "and it is nobody else's");
	is(kept_got(), US " yes SCRAM-SHA-1 PLAIN / sm granted\n"
	    "bob@example.org no SCRAM-SHA-1 / \n", "a line for each");
	is_int(kept_files(), 1, "and no other file");
}

static void
test_nothing_new(void)
{
	struct stat	 before, after;

	stat(kept_path, &before);
	learn(US, 1, "SCRAM-SHA-1 PLAIN", "sm granted");
	stat(kept_path, &after);
	ok(before.st_ino == after.st_ino, "what is known is not written");
	learn(US, 1, "SCRAM-SHA-1", "sm granted");
	stat(kept_path, &after);
	ok(before.st_ino != after.st_ino, "what is not is, to a new file");
	is(kept_got(), "bob@example.org no SCRAM-SHA-1 / \n"
	    US " yes SCRAM-SHA-1 / sm granted\n", "with the others' lines");
}

static void
test_nonsense(void)
{
	static const struct {
		const char	*text;
		int		 hurry;
	} t[] = {
		{ "", 0 },
		{ "\n\n\n", 0 },
		{ US, 0 },
		{ US " ", 0 },
		{ US " yes", 0 },
		{ US " yes ", 0 },
		{ US " yes words", 0 },
		{ US " yes/", 0 },
		{ US " maybe a / b", 0 },
		{ US " no a / b", 0 },
		{ US "  yes a / b", 0 },
		{ US "\tyes a / b", 0 },
		{ US " yes /", 1 },
		{ US " yes / /", 1 },
		{ US " yes a / b", 1 },
		{ US " yes a / b\r", 1 },
		{ US " yes a/b / c", 1 },
		{ US " yes a\n" US " yes a / b\n" US, 1 },
		{ US " yes a / b\n" US " no a / b", 0 },
		{ US " yes \033[31m\377 / %s%n", 1 },
	};
	struct features_cache	*m;
	size_t		 i;

	for (i = 0; i < COUNT(t); i++) {
		kept_put(t[i].text, strlen(t[i].text), 0600);
		is_int(hurries(US), t[i].hurry, "nonsense %zu", i);
	}
	kept_put("\0\0\n" US " yes a / b", 24, 0600);
	is_int(hurries(US), 0, "NUL bytes");
	kept_put(US " yes  a   /   b  \n", strlen(US) + 17, 0600);
	m = features_cache_read(kept_dir, US);
	is(features_cache_second(m), "b", "spaces are of no importance");
	features_cache_free(m);
}

/* Each size, as one of them may be the one too many. */
static void
test_long(void)
{
	char		 line[3 * FEATURES_CACHE_MAX];
	struct features_cache	*m;
	size_t		 n, longest = 0;

	for (n = 1; n < 2 * FEATURES_CACHE_MAX; n++) {
		snprintf(line, sizeof(line), US " yes %0*d / %0*d", (int)n, 0,
		    (int)n, 0);
		kept_put(line, strlen(line), 0600);
		m = features_cache_read(kept_dir, US);
		if (features_cache_first(m) != NULL &&
		    strlen(features_cache_first(m)) > longest)
			longest = strlen(features_cache_first(m));
		features_cache_free(m);
	}
	ok(longest > 100 && longest < FEATURES_CACHE_MAX,
	    "long words: %zu are read", longest);
	memset(line, 'a', FEATURES_CACHE_MAX - 1);
	line[FEATURES_CACHE_MAX - 1] = '\0';
	learn(US, 1, line, line);
	is_int((long)strlen(kept_got()), (long)strlen(US " yes  / \n") +
	    2 * (FEATURES_CACHE_MAX - 1), "the longest are written whole");
}

static void
test_bound(void)
{
	char	 jid[64], words[1000];
	int	 i;

	(void)unlink(kept_path);
	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	for (i = 0; i < 200; i++) {
		snprintf(jid, sizeof(jid), "u%d@example.org", i);
		learn(jid, 1, words, "sm");
	}
	ok(strlen(kept_got()) <= FILE_MOST, "the file is bounded: %zu bytes",
	    strlen(kept_got()));
	is_int(kept_files(), 1, "and the only one");
	features_cache_free(features_cache_read(kept_dir, US));
	learn(US, 1, "SCRAM-SHA-1", "");
	ok(hurries(US), "even so there is room for one more");
	ok(strstr(kept_got(), "u199@") != NULL &&
	    strstr(kept_got(), "u0@") == NULL,
	    "as the oldest is forgotten");
}

/* What is not ours is neither believed nor written. */
static void
test_not_ours(void)
{
	static char	 big[FILE_MOST + 2];
	const char	 line[] = US " yes a / b\n";

	memset(big, '\n', sizeof(big) - 1);
	memcpy(big, line, sizeof(line) - 1);
	kept_put(big, FILE_MOST + 1, 0600);
	ok(!hurries(US), "a file that is too large");
	learn(US, 1, "c", "");
	ok(strlen(kept_got()) == FILE_MOST + 1, "stays as it is");

	kept_put(line, sizeof(line) - 1, 0600);
	(void)chmod(kept_path, 0666);
	ok(!hurries(US), "a file that others can write to");
	learn(US, 1, "c", "");
	is(kept_got(), line, "stays as it is");

	(void)unlink(kept_path);
	(void)mkdir(kept_path, 0700);
	ok(!hurries(US), "a folder");
	learn(US, 1, "c", "");
	is_int(kept_files(), 1, "stays as it is");
	(void)rmdir(kept_path);
}

static void
test_nowhere(void)
{
	static char	 deep[8192];
	struct features_cache	*m;

	m = features_cache_read("/nonexistent/folder", US);
	features_cache_learn(m, 1, "a", "b");
	ok(features_cache_hurry(m), "without a folder: for this run");
	features_cache_free(m);
	memset(deep, '/', sizeof(deep) - 1);
	m = features_cache_read(deep, US);
	features_cache_learn(m, 1, "a", "b");
	ok(features_cache_hurry(m), "with too long a name: likewise");
	features_cache_free(m);
	ok(access("/known_servers", F_OK) == -1, "and in no other place");
	ok(!features_cache_hurry(NULL), "nobody's");
}

int
main(void)
{
	kept_begin("known_servers");
	test_learn();
	test_others();
	test_nothing_new();
	test_nonsense();
	test_long();
	test_bound();
	test_not_ours();
	test_nowhere();
	kept_end();
	return tap_done();
}

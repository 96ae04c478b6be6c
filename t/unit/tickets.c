/* Unit tests of net/tickets: what is kept, for how long and how often, and the
 * file tls_sessions, whoever wrote it. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/tickets.h"
#include "t/lib/kept.h"
#include "t/lib/tap.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define US		"alice@example.org"
#define OTHER		"bob@example.org"
#define FILE_MOST	(64 * 1024)
#define NOW		INT64_C(1800000000)
#define HOUR		3600
#define DAY		INT64_C(86400)
#define KEY_A	\
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B	\
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static char	 why[TICKETS_ERR];

/* --- helpers -------------------------------------------------------------- */

static int
lines(void)
{
	const char	*p;
	int		 n = 0;

	for (p = kept_got(); (p = strchr(p, '\n')) != NULL; p++)
		n++;
	return n;
}

static struct tickets *
open_for(const char *where, const char *jid)
{
	struct tickets	*t = tickets_new(where, jid, why);

	if (t == NULL) {
		fprintf(stderr, "tickets_new: %s\n", why);
		exit(1);
	}
	return t;
}

/* A ticket whose bytes are all c. */
static void
put_until(struct tickets *t, const char *key, int c, size_t len,
    int64_t trusted, int64_t until)
{
	struct ticket	 k = { .trusted = trusted, .until = until,
			    .len = len };

	memset(k.data, c, len);
	tickets_put(t, key, &k, NOW);
}

static void
put(struct tickets *t, const char *key, int c)
{
	put_until(t, key, c, 100, NOW + DAY, NOW + HOUR);
}

/* What the ticket's bytes are, or 0 if there is none. */
static int
take_at(struct tickets *t, const char *key, int64_t now)
{
	struct ticket	 k;
	size_t		 i;

	if (tickets_take(t, key, now, &k) == -1)
		return 0;
	for (i = 1; i < k.len; i++)
		if (k.data[i] != k.data[0])
			return -1;
	return k.len > 0 ? k.data[0] : -1;
}

static int
take(struct tickets *t, const char *key)
{
	return take_at(t, key, NOW);
}

/* --- tests ---------------------------------------------------------------- */

/* In memory (where NULL) as in the file. */
static void
test_use(const char *where)
{
	struct tickets	*t = open_for(where, US);
	struct ticket	 k;
	struct stat	 st;
	int		 c;

	is_int(take(t, KEY_A), 0, "there is none");
	put(t, KEY_A, 1);
	put(t, KEY_A, 2);
	put(t, KEY_B, 3);
	if (where != NULL)
		ok(stat(kept_path, &st) == 0 && (st.st_mode & 0777) == 0600,
		    "the file is private");
	is_int(take(t, KEY_A), 2, "the newest is taken first");
	is_int(take(t, KEY_A), 1, "then the one before");
	is_int(take(t, KEY_A), 0, "and none twice");
	is_int(take(t, KEY_B), 3, "another key's is another one");

	for (c = 1; c <= 9; c++)
		put(t, KEY_A, c);
	put(t, KEY_B, 10);
	for (c = 9; c > 5; c--)
		is_int(take(t, KEY_A), c, "four of a key are kept");
	is_int(take(t, KEY_A), 0, "not more");
	put(t, KEY_A, 1);
	put(t, KEY_A, 2);
	tickets_forget(t, KEY_A, NOW);
	is_int(take(t, KEY_A), 0, "forgotten: all of the key");
	is_int(take(t, KEY_B), 10, "and of no other");

	put_until(t, KEY_A, 7, TICKET_MAX, NOW + DAY, NOW + HOUR);
	ok(tickets_take(t, KEY_A, NOW, &k) == 0 && k.len == TICKET_MAX &&
	    k.trusted == NOW + DAY && k.until == NOW + HOUR &&
	    k.data[0] == 7 && k.data[TICKET_MAX - 1] == 7,
	    "it comes back as it was, and with its times");
	tickets_free(t);
}

static void
test_times(const char *where)
{
	static const struct {
		int64_t		 trusted, until, at;
		int		 good;
		const char	*what;
	} times[] = {
		{ DAY, HOUR, 0, 1, "now" },
		{ DAY, HOUR, HOUR - 1, 1, "to its last second" },
		{ DAY, HOUR, HOUR, 0, "not when it has expired" },
		{ DAY, DAY, DAY - 1, 1, "for a day" },
		{ DAY, DAY, DAY, 0, "not for longer" },
		{ DAY + 1, HOUR, 0, 0, "not if trusted for more than a day" },
		{ HOUR, HOUR + 1, 0, 0, "nor used for longer than trusted" },
		{ 0, 0, 0, 0, "not if it was never trusted" },
		{ -1, HOUR, 0, 0, "not if no longer trusted" },
		{ DAY, HOUR, -1, 0, "not if the clock was set back" },
	};
	struct tickets	*t = open_for(where, US);
	size_t		 i;

	for (i = 0; i < COUNT(times); i++) {
		put_until(t, KEY_A, 1, 10, NOW + times[i].trusted,
		    NOW + times[i].until);
		is_int(take_at(t, KEY_A, NOW + times[i].at), times[i].good,
		    "used: %s", times[i].what);
		tickets_forget(t, KEY_A, NOW);
	}
	tickets_free(t);
}

static void
test_many(const char *where)
{
	struct tickets	*t = open_for(where, US);
	char		 key[TICKETS_KEY];
	int		 c, n = 0;

	for (c = 0; c < 64; c++) {
		memset(key, 'A' + c, sizeof(key) - 1);
		key[sizeof(key) - 1] = '\0';
		put_until(t, key, c + 1, c < 32 ? 10 : TICKET_MAX, NOW + DAY,
		    NOW + HOUR);
		if (c == 31 && where != NULL)
			is_int(lines(), 16, "sixteen of an account are kept");
	}
	if (where != NULL)
		ok(strlen(kept_got()) <= FILE_MOST / 2,
		    "or half of a file's bytes");
	for (c = 63; c >= 0; c--) {
		memset(key, 'A' + c, sizeof(key) - 1);
		if (take(t, key) == c + 1 && n == 63 - c)
			n++;
		else if (c == 63)
			break;
	}
	ok(n >= 2 && n <= 16, "the newest ones (%d)", n);
	tickets_free(t);
}

/* Two programs, or two accounts. */
static void
test_shared(void)
{
	struct tickets	*t = open_for(kept_dir, US);
	struct tickets	*same = open_for(kept_dir, US);
	struct tickets	*other = open_for(kept_dir, OTHER);
	struct tickets	*memory = open_for(NULL, US);

	put(t, KEY_A, 1);
	put(t, KEY_A, 2);
	put(other, KEY_A, 3);
	is_int(take(same, KEY_A), 2, "another program takes what is there");
	is_int(take(t, KEY_A), 1, "so it is not taken again");
	is_int(take(memory, KEY_A), 0, "what is kept in memory is not shared");
	is_int(take(t, KEY_A), 0, "nor are another account's");
	tickets_forget(t, KEY_A, NOW);
	is_int(take(other, KEY_A), 3, "nor forgotten");
	is_int(kept_files(), 1, "nothing else is left behind");
	tickets_free(t);
	tickets_free(same);
	tickets_free(other);
	tickets_free(memory);
}

/* All of them at once: each is taken by one of them. */
static void
test_race(void)
{
	struct tickets	*t = open_for(kept_dir, US);
	int		 i, j, status, sum = 0;
	pid_t		 pids[8];

	for (i = 0; i < 4; i++)
		put(t, KEY_A, 1);
	for (i = 0; i < 8; i++) {
		if ((pids[i] = fork()) != 0)
			continue;
		for (j = 0, status = 0; j < 100; j++)
			status += take(t, KEY_A);
		_exit(status);
	}
	for (i = 0; i < 8; i++)
		if (waitpid(pids[i], &status, 0) == pids[i])
			sum += WIFEXITED(status) ? WEXITSTATUS(status) : 100;
	ok(sum <= 4, "programs at once take none twice (%d of 4)", sum);
	tickets_forget(t, KEY_A, NOW);
	tickets_free(t);
}

#define LINE(jid, key, data)	jid " " key " 1800086400 1800003600 " data "\n"

static void
test_lines(void)
{
	static const char	 text[] =
	    "\n"
	    "nonsense\n"
	    US "\n"
	    US " \n"
	    US " " KEY_A "\n"
	    US " " KEY_A " 1800086400\n"
	    US " " KEY_A " 1800086400 1800003600\n"
	    US " " KEY_A " x 1800003600 BAQE\n"
	    US " " KEY_A " 1800086400 -1 BAQE\n"
	    US " " KEY_A " 99999999999999999999 1800003600 BAQE\n"
	    LINE(US, "short", "BAQE")
	    LINE(US, KEY_A "a", "BAQE")
	    LINE(US, KEY_A, "BAQE")
	    LINE(US, KEY_A, "not base64")
	    LINE(US, KEY_A, "BAQ")
	    LINE(OTHER, KEY_A, "BQUF")
	    "somebody@example.org whatever that is\n"
	    US " " KEY_A " 1800086400 1800003600 BAQE with more";
	struct tickets		*t;

	kept_put(text, sizeof(text) - 1, 0600);
	t = open_for(kept_dir, US);
	is_int(take(t, KEY_A), 4, "among broken lines, the good one is found");
	is_int(take(t, KEY_A), 0, "and it alone");
	put(t, KEY_A, 9);
	ok(strstr(kept_got(), LINE(OTHER, KEY_A, "BQUF")) != NULL &&
	    strstr(kept_got(), "\nsomebody@example.org whatever that is\n") !=
	    NULL,
	    "what others have there stays");
	ok(strstr(kept_got(), "BAQE") == NULL &&
	    strstr(kept_got(), "base64") == NULL,
	    "what is ours and broken does not");
	tickets_free(t);
}

/* Every beginning of a file is a file. */
static void
test_torn(void)
{
	static const char	 text[] =
	    LINE(OTHER, KEY_A, "BQUF") LINE(US, KEY_A, "BAQE");
	struct tickets		*t;
	size_t			 len;
	int			 c, bad = 0;

	for (len = 0; len < sizeof(text); len++) {
		kept_put(text, len, 0600);
		t = open_for(kept_dir, US);
		c = take(t, KEY_A);
		bad += c != 0 && c != 4;
		put(t, KEY_A, 6);
		bad += take(t, KEY_A) != 6;
		tickets_free(t);
	}
	is_int(bad, 0, "a file that is torn anywhere");
}

static void
test_large(void)
{
	static char	 text[FILE_MOST + 100];
	struct tickets	*t;
	size_t		 n;

	memset(text, 'x', sizeof(text));
	kept_put(text, sizeof(text), 0600);
	t = open_for(kept_dir, US);
	is_int(take(t, KEY_A), 0, "a file that is too large is not ours");
	put(t, KEY_A, 1);
	is_int(take(t, KEY_A), 1, "and is replaced");
	tickets_free(t);

	for (n = 0; n + 64 < FILE_MOST; n += 64)
		snprintf(text + n, 65, "%s%s\n", "somebody@example.org ",
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	kept_put(text, n, 0600);
	t = open_for(kept_dir, US);
	put_until(t, KEY_A, 1, TICKET_MAX, NOW + DAY, NOW + HOUR);
	ok(strlen(kept_got()) <= FILE_MOST &&
	    strlen(kept_got()) > FILE_MOST - 1024,
	    "others' oldest lines make room in a full one");
	is_int(take(t, KEY_A), 1, "for ours");
	tickets_free(t);
}

static void
test_private(void)
{
	static const char	 text[] = LINE(US, KEY_A, "BAQE");
	struct tickets		*t;

	kept_put(text, sizeof(text) - 1, 0644);
	ok(tickets_new(kept_dir, US, why) == NULL &&
	    strstr(why, "others can read the TLS session in it; chmod 600") !=
	    NULL, "one that others can read is refused: %s", why);
	kept_put(text, sizeof(text) - 1, 0600);
	t = open_for(kept_dir, US);
	chmod(kept_path, 0640);
	is_int(take(t, KEY_A), 0, "nor is it used when that happens later");
	put(t, KEY_A, 8);
	ok(strcmp(kept_got(), text) == 0, "nor written to");
	is_int(take(t, KEY_A), 8, "memory does");
	tickets_free(t);

	kept_put(text, sizeof(text) - 1, 0600);
	if (chown(kept_path, 1, 1) == 0)
		ok(tickets_new(kept_dir, US, why) == NULL &&
		    strstr(why, "belongs to someone else") != NULL,
		    "nor is somebody else's: %s", why);
}

/* Where there is no file, nor can be. */
static void
test_nowhere(void)
{
	struct tickets	*t = open_for("/nonexistent", US);

	put(t, KEY_A, 5);
	is_int(take(t, KEY_A), 5, "without a directory: memory does");
	is_int(take(t, KEY_A), 0, "once");
	tickets_free(t);

	unlink(kept_path);
	ok(symlink("/dev/null", kept_path) == 0, "a link");
	t = open_for(kept_dir, US);
	put(t, KEY_A, 5);
	is_int(take(t, KEY_A), 5, "a link in its place: memory does");
	tickets_free(t);
	unlink(kept_path);
}

int
main(void)
{
	kept_begin("tls_sessions");
	test_use(NULL);
	test_use(kept_dir);
	test_times(NULL);
	test_times(kept_dir);
	test_many(NULL);
	test_many(kept_dir);
	unlink(kept_path);
	test_shared();
	test_race();
	test_lines();
	test_torn();
	test_large();
	test_private();
	test_nowhere();
	is_int(kept_end(), 0, "nothing is left");
	return tap_done();
}

/*
 * Unit tests of net/conf/known_peers and net/conf/trust: whose keys count for
 * whom, how they are forgotten, and the callers that came with a code.
 */
#include <sys/queue.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/conf/allow.h"
#include "net/conf/conf.h"
#include "net/conf/known_peers.h"
#include "net/conf/trust.h"
#include "t/lib/kept.h"
#include "t/lib/tap.h"
#include "xml/jid.h"

#define KEY_A	"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KEY_B	"SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
#define BOB	"bob@example.org"

static char	 err[KNOWN_PEERS_ERR];

static void
put(const char *text)
{
	kept_put(text, strlen(text), 0600);
}

static struct known_peers *
known(const char *text, int by_account)
{
	struct known_peers	*k;

	put(text);
	if ((k = known_peers_read(kept_dir, err)) == NULL)
		exit(1);
	if (by_account)
		known_peers_by_account(k);
	return k;
}

/* --- known=account -------------------------------------------------------- */

static void
test_account(void)
{
	struct known_peers	*k = known(BOB "/x " KEY_A "\n", 0);
	char			 name[JID_MAX];

	is_int(known_peers_check(k, BOB "/y", KEY_B), KNOWN_PEERS_NEW,
	    "another resource is another peer");
	known_peers_by_account(k);
	is_int(known_peers_check(k, BOB "/y", KEY_A), KNOWN_PEERS_SAME,
	    "by account its key is good");
	is_int(known_peers_check(k, BOB "/y", KEY_B), KNOWN_PEERS_CHANGED,
	    "and another is not");
	is_int(known_peers_check(k, "carol@example.org/x", KEY_B),
	    KNOWN_PEERS_NEW, "another account is another peer");
	is(known_peers_name(k, BOB "/y", name), BOB,
	    "its name is the account's");
	is_int(known_peers_add(k, "carol@example.org/x", KEY_B, err), 0,
	    "a new one is remembered");
	is(kept_got(), BOB "/x " KEY_A "\ncarol@example.org " KEY_B "\n",
	    "as an account");
	known_peers_free(k);
}

/* What was remembered by account counts without the keyword, too. */
static void
test_bare(void)
{
	struct known_peers	*k = known(BOB " " KEY_A "\n", 0);
	char			 name[JID_MAX];

	is_int(known_peers_check(k, BOB "/z", KEY_B), KNOWN_PEERS_CHANGED,
	    "a line without a resource is about all of them");
	is(known_peers_name(k, BOB "/z", name), BOB, "that is its name");
	is_int(known_peers_add(k, BOB "/z", KEY_B, err), -1,
	    "no resource gets another key");
	known_peers_free(k);
}

/* --- forgetting ----------------------------------------------------------- */

static void
forgets(const char *jid, int want, const char *left, const char *what)
{
	struct known_peers	*k = known("# friends\r\n" BOB "/x " KEY_A
				    "\ntorn SHA\n" BOB "/x " KEY_B "\n\n" BOB
				    "/y z " KEY_A "\n" BOB " " KEY_A
				    "\nbobby@example.org/x " KEY_A, 0);

	is_int(known_peers_forget(k, jid, err), want, "%s", what);
	is(kept_got(), left, "%s: what is left", what);
	if (want == 1 && strchr(jid, '/') == NULL)
		is_int(known_peers_entry(k, jid), 0, "%s: here, too", what);
	known_peers_free(k);
	is_int(kept_files(), 1, "%s: one file", what);
}

static void
test_forget(void)
{
	struct known_peers	*k;

	forgets(BOB "/x", 1, "# friends\r\ntorn SHA\n\n" BOB "/y z " KEY_A
	    "\n" BOB " " KEY_A "\nbobby@example.org/x " KEY_A,
	    "all keys of one peer");
	forgets(BOB "/y z", 1, "# friends\r\n" BOB "/x " KEY_A "\ntorn SHA\n"
	    BOB "/x " KEY_B "\n\n" BOB " " KEY_A "\nbobby@example.org/x "
	    KEY_A, "a resource with a blank");
	forgets(BOB, 1, "# friends\r\ntorn SHA\n\nbobby@example.org/x " KEY_A,
	    "all of an account");
	forgets("bobby@example.org/x", 1, "# friends\r\n" BOB "/x " KEY_A
	    "\ntorn SHA\n" BOB "/x " KEY_B "\n\n" BOB "/y z " KEY_A "\n" BOB
	    " " KEY_A "\n", "the last line, which has no end");
	forgets("carol@example.org", 0, "# friends\r\n" BOB "/x " KEY_A
	    "\ntorn SHA\n" BOB "/x " KEY_B "\n\n" BOB "/y z " KEY_A "\n" BOB
	    " " KEY_A "\nbobby@example.org/x " KEY_A, "an unknown peer");
	k = known("", 0);
	unlink(kept_path);
	is_int(known_peers_forget(k, BOB, err), 0, "there is no file");
	is_int(kept_files(), 0, "and none is made");
	known_peers_free(k);
}

/* --- @paired -------------------------------------------------------------- */

static struct allow *
allow(const char *who)
{
	struct conf_item	 item = { .value = strdup(who) };
	struct conf_list	 list = STAILQ_HEAD_INITIALIZER(list);
	struct allow		*a;

	STAILQ_INSERT_TAIL(&list, &item, next);
	a = allow_new(&list, "me@example.org/xcat", err);
	free(item.value);
	return a;
}

static void
test_paired(void)
{
	struct allow	*a = allow("@paired"), *other = allow(BOB);
	struct trust	*t, *u;

	t = trust_new(kept_dir, a, err);
	u = trust_new(kept_dir, other, err);
	if (t == NULL || u == NULL)
		exit(1);
	is_int(allow_check(a, BOB "/x"), ALLOW_NO, "no pairs at first");
	is_int(trust_paired(t, BOB "/x", KEY_A, err), 0, "a pair");
	is_int(allow_check(a, BOB "/y"), ALLOW_KEY, "its account is admitted");
	ok(trust_judge(t, BOB "/y", KEY_A) == NULL, "with its key");
	ok(trust_judge(t, BOB "/y", KEY_B) != NULL, "and with no other");
	is_int(trust_paired(t, BOB "/z", KEY_B, err), 0, "another machine");
	ok(trust_judge(t, BOB "/z", KEY_A) == NULL &&
	    trust_judge(t, BOB "/z", KEY_B) == NULL, "both keys are good");
	is_int(trust_paired(u, "carol@example.org/x", KEY_B, err), 0,
	    "a pair of another run");
	is_int(allow_check(other, "carol@example.org/x"), ALLOW_KEY,
	    "who called goes on for this run");
	is_int(allow_check(other, "carol@example.org/y"), ALLOW_NO,
	    "but only from there");
	is_int(trust_paired(u, "me@example.org/x", KEY_B, err), 0,
	    "a pair of our own account");
	is_int(allow_check(other, "me@example.org/x"), ALLOW_YES,
	    "which needs no key");
	is_int(trust_paired(t, "me@example.org/x", KEY_B, err), 0,
	    "with @paired");
	is_int(allow_check(a, "me@example.org/y"), ALLOW_YES,
	    "neither do its other resources");
	trust_free(t);
	trust_free(u);
	allow_free(a);
	allow_free(other);
	a = allow("@paired");
	if ((t = trust_new(kept_dir, a, err)) == NULL)
		exit(1);
	ok(trust_judge(t, BOB "/q", KEY_A) == NULL &&
	    trust_judge(t, BOB "/q", KEY_B) == NULL &&
	    trust_judge(t, "carol@example.org/q", KEY_B) == NULL &&
	    trust_judge(t, "carol@example.org/q", KEY_A) != NULL,
	    "all is known to the next run");
	is_int(allow_check(a, "dave@example.org/q"), ALLOW_NO,
	    "nobody else is");
	trust_free(t);
	allow_free(a);
	a = allow(BOB "/=" KEY_A "=" KEY_B);
	is_int(allow_check(a, BOB "/=" KEY_A), ALLOW_KEY,
	    "-a: the last =SHA256: counts");
	allow_free(a);
}

/* What names fewer peers counts more: an account with a key, in a domain that
 * needs none. */
static void
test_tied(void)
{
	struct conf_item	 item[2] = {
		{ .value = strdup("example.org") },
		{ .value = strdup(BOB "=" KEY_A) },
	};
	struct conf_list	 list = STAILQ_HEAD_INITIALIZER(list);
	struct allow		*a;

	STAILQ_INSERT_TAIL(&list, &item[0], next);
	STAILQ_INSERT_TAIL(&list, &item[1], next);
	if ((a = allow_new(&list, "me@example.net/xcat", err)) == NULL)
		exit(1);
	is_int(allow_check(a, "carol@example.org/x"), ALLOW_YES, "a domain");
	is_int(allow_check(a, BOB "/x"), ALLOW_KEY, "its account with a key");
	ok(allow_key(a, BOB "/x", KEY_A) && !allow_key(a, BOB "/x", KEY_B),
	    "which no other key is");
	allow_free(a);
	free(item[0].value);
	free(item[1].value);
	item[0].value = strdup("example.org=" KEY_B);
	item[1].value = strdup(BOB "=" KEY_A);
	if ((a = allow_new(&list, "me@example.net/xcat", err)) == NULL)
		exit(1);
	ok(allow_key(a, "carol@example.org/x", KEY_B) &&
	    !allow_key(a, BOB "/x", KEY_B), "not even the domain's");
	allow_free(a);
	free(item[0].value);
	free(item[1].value);
}

/* --- keys that the user gives --------------------------------------------- */

static void
test_pinned(void)
{
	struct trust	*t;
	const char	*why;
	char		 line[TRUST_ERR];

	put(BOB "/old " KEY_A "\n");
	if ((t = trust_new(kept_dir, NULL, err)) == NULL)
		exit(1);
	is_int(trust_expects(t, BOB "/x"), 0, "a new peer");
	trust_pin(t, KEY_B);
	is_int(trust_expects(t, BOB "/x"), 1, "with a key it has to show it");
	why = trust_judge(t, BOB "/x", KEY_A);
	ok(why != NULL && strstr(why, "not the one that was given") != NULL,
	    "no other key is good: %s", why);
	ok(trust_judge(t, BOB "/x", KEY_B) == NULL, "this one is");
	ok(trust_met(t, BOB "/x", KEY_B, line, sizeof(line)) == NULL,
	    "and it is remembered in silence");
	why = trust_judge(t, BOB "/old", KEY_B);
	ok(why != NULL && strstr(why, "xcat -K forget " BOB "/old") != NULL,
	    "a changed key is refused all the same: %s", why);
	is(kept_got(), BOB "/old " KEY_A "\n" BOB "/x " KEY_B "\n",
	    "the file has it");
	trust_free(t);
}

/* A code proves the key, whatever was known. */
static void
test_proved(void)
{
	struct trust	*t;
	char		 line[TRUST_ERR];

	put(BOB "/x " KEY_A "\n");
	if ((t = trust_new(kept_dir, NULL, err)) == NULL)
		exit(1);
	trust_proved(t, BOB "/x", KEY_B, line, sizeof(line));
	ok(strstr(line, KEY_A) != NULL && strstr(line, KEY_B) != NULL,
	    "an old key is named: %s", line);
	is(kept_got(), BOB "/x " KEY_B "\n", "and replaced");
	ok(trust_judge(t, BOB "/x", KEY_B) == NULL &&
	    trust_judge(t, BOB "/x", KEY_A) != NULL, "so it is here");
	trust_proved(t, BOB "/y", KEY_A, line, sizeof(line));
	ok(strstr(line, "now in") != NULL, "a new one: %s", line);
	is(kept_got(), BOB "/x " KEY_B "\n" BOB "/y " KEY_A "\n",
	    "is added");
	trust_free(t);
}

/* A line about the account does not keep the key of its resource from being
 * replaced. */
static void
test_proved_twice(void)
{
	struct trust	*t;
	char		 line[TRUST_ERR];

	put(BOB "/x " KEY_A "\n" BOB " " KEY_A "\n" BOB "/laptop " KEY_A
	    "\ncarol@example.org " KEY_A "\n");
	if ((t = trust_new(kept_dir, NULL, err)) == NULL)
		exit(1);
	trust_proved(t, BOB "/x", KEY_B, line, sizeof(line));
	ok(strstr(line, "is now " KEY_B) != NULL,
	    "two lines are replaced: %s", line);
	is(kept_got(), BOB "/laptop " KEY_A "\ncarol@example.org " KEY_A "\n"
	    BOB "/x " KEY_B "\n", "by one, and other resources stay");
	trust_free(t);
}

/* What is forgotten is forgotten here, too, where there is no file. */
static void
test_forget_alone(void)
{
	struct known_peers	*k = known(BOB "/x " KEY_A "\n", 0);

	unlink(kept_path);
	is_int(known_peers_forget(k, BOB, err), 0, "the file has gone");
	is_int(known_peers_entry(k, BOB "/x"), 0, "and so has the key");
	known_peers_free(k);
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	kept_begin("known_peers");
	test_account();
	test_bare();
	test_forget();
	test_pinned();
	test_proved();
	test_proved_twice();
	test_forget_alone();
	kept_empty();
	test_paired();
	kept_empty();
	test_tied();
	kept_clean();
	return tap_done();
}

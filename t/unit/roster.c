/* Unit tests of net/login/roster: a roster whose request is lost, refused,
 * forgotten. */
#include <sys/queue.h>

#include <stdio.h>
#include <string.h>

#include "net/conf/allow.h"
#include "net/conf/conf.h"
#include "net/login/roster.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "t/lib/tap.h"
#include "xml/elem.h"
#include "xml/iq.h"

#define BARE	"bob@example.test"
#define FULL	BARE "/xcat"
#define ALICE	"<query xmlns='jabber:iq:roster'>" \
		"<item jid='alice@example.test' subscription='both'/></query>"

static struct iq_table	*table;
static struct allow	*allow;
static struct roster	*roster;
static char		 told[64];	/* what was called, in order */

static void
first(void *arg, int good)
{
	(void)arg;
	strlcat(told, good ? "first " : "FIRST ", sizeof(told));
}

static void
second(void *arg, int good)
{
	(void)arg;
	strlcat(told, good ? "second " : "SECOND ", sizeof(told));
}

static void
begin(void)
{
	struct conf_item	 item = { .value = (char[]){ "@roster" } };
	struct conf_list	 peers = STAILQ_HEAD_INITIALIZER(peers);
	char			 err[ALLOW_ERR];

	STAILQ_INSERT_TAIL(&peers, &item, next);
	must((table = iq_new(stanza_take, NULL)) != NULL);
	must(iq_setjid(table, FULL) == 0);
	must((allow = allow_new(&peers, BARE, err)) != NULL);
	must((roster = roster_new(table)) != NULL);
	told[0] = '\0';
}

static void
end(void)
{
	roster_free(roster);
	iq_free(table);
	allow_free(allow);
}

/* Ask, and return the request's id. */
static const char *
fetch(int64_t deadline, void (*done)(void *, int))
{
	static char	 id[2][64];
	static int	 n;

	must(roster_fetch(roster, allow, deadline, done, NULL) == 0);
	n = !n;
	strlcpy(id[n], stanza_id(), sizeof(id[n]));
	return id[n];
}

/* An answer comes, in pieces: returns whether it was waited for. */
static int
answer(const char *id, const char *type, const char *inside)
{
	struct elem	*e, *item;
	char		 text[1024];
	int		 r;

	snprintf(text, sizeof(text), "<iq type='%s' id='%s'>%s</iq>", type,
	    id, inside);
	must((e = stanza_parse(text)) != NULL);
	item = e->first != NULL ? e->first->first : NULL;
	if (item != NULL)
		iq_piece(table, item);
	r = iq_answer(table, e);
	elem_free(e);
	return r;
}

static int
knows_alice(void)
{
	return allow_check(allow, "alice@example.test/x") == ALLOW_YES;
}

static void
test_answers(void)
{
	const char	*id;

	begin();
	id = fetch(1000, first);
	ok(stanza_has("<query xmlns='jabber:iq:roster'/>"), "it is asked for");
	ok(!knows_alice(), "before the answer no contact is known");
	ok(answer(id, "result", ALICE), "the answer is waited for");
	is(told, "first ", "and told");
	ok(knows_alice(), "its contact is admitted");
	iq_expire(table, 2000);
	is(told, "first ", "its deadline is of no interest then");
	id = fetch(3000, first);
	answer(id, "error", "<error type='cancel'/>");
	is(told, "first FIRST ", "a refusal is told");
	fetch(5000, first);
	iq_expire(table, 5000);
	is(told, "first FIRST FIRST ", "so is that no answer came");
	ok(knows_alice(), "neither changes what is known");
	end();
}

/* The session is freed while it waits: what is left of the request is a leak
 * for make check-asan. */
static void
test_freed(void)
{
	begin();
	fetch(1000, first);
	fetch(1000, second);
	roster_free(roster);
	roster = NULL;
	iq_expire(table, 2000);
	is(told, "", "nothing is told once it is freed");
	end();
	roster_free(NULL);
}

/* The login ends with the request, and the next one asks again. */
static void
test_lost(void)
{
	char		 lost[64];
	const char	*id;

	begin();
	strlcpy(lost, fetch(1000, first), sizeof(lost));
	id = fetch(9000, second);
	iq_expire(table, 5000);
	is(told, "", "a lost request does not time out");
	ok(!answer(lost, "result", ALICE), "nor is it answered any more");
	is(told, "", "which nothing comes of");
	ok(!knows_alice(), "at all");
	ok(answer(id, "result", ALICE), "the new one is answered");
	is(told, "first second ", "to all that asked, in order");
	ok(knows_alice(), "the contact is admitted");

	told[0] = '\0';
	fetch(1000, first);
	fetch(2000, second);
	fetch(3000, second);
	fetch(4000, second);
	iq_expire(table, 4000);
	is(told, "FIRST SECOND ", "each once, however often it is lost");
	end();
}

static int
send_nothing(void *arg, const void *data, size_t len)
{
	(void)data;
	(void)len;
	return *(int *)arg;
}

static void
test_unsent(void)
{
	int		 fails = 0;
	struct iq_table	*t;

	begin();
	must((t = iq_new(send_nothing, &fails)) != NULL);
	must(iq_setjid(t, FULL) == 0);
	roster_free(roster);
	must((roster = roster_new(t)) != NULL);
	is_int(roster_fetch(roster, allow, 1000, first, NULL), 0, "asked");
	fails = -1;
	is_int(roster_fetch(roster, allow, 9000, second, NULL), -1,
	    "what cannot be asked is said at once");
	iq_expire(t, 1000);
	is(told, "FIRST ", "and the earlier request goes on");
	roster_free(roster);
	roster = NULL;
	iq_free(t);
	end();
}

int
main(void)
{
	test_answers();
	test_freed();
	test_lost();
	test_unsent();
	return tap_done();
}

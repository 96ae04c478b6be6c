/*
 * Unit tests of folders that are sent in a stream (net/file/send_folder.h), to
 * receivers that lie: the test says their words, one by one.
 */
#include <sys/types.h>
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/lib/files.h"
#include "t/lib/folders.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"

#define RANGE	"<range xmlns='urn:xcat:0' offset='%d'/>"
#define REFUSED	"<refused xmlns='urn:xcat:0' name='a'>no</refused>"
#define WRONG	"<wrong xmlns='urn:xcat:0' name='a'/>"
#define DONE	"<done xmlns='urn:xcat:0'/>"
#define KEPT	"<kept xmlns='urn:xcat:0' name='photos'/>"
#define OFFERED	"folder photos;file a 5;file b/c 0;"
#define LARGE	4096

static char	 top[] = "/tmp/xcat-unit.XXXXXX";
static char	 photos[64];

static void
put(const char *name, const char *text)
{
	FILE	*f = fopen(format("%s/%s", photos, name), "w");

	must(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void
begin(void)
{
	folders_send(photos);
	is(folders_heard(), OFFERED, "what is offered");
}

/* The receiver says this, and another word or NULL: what is heard. */
static const char *
say(const char *one, const char *two)
{
	folders_say_xml(one);
	if (two != NULL)
		folders_say_xml(two);
	folders_pass(LARGE);
	return folders_heard();
}

static void
test_whole(void)
{
	begin();
	is(say(format(RANGE, 0), format(RANGE, 0)),
	    "5 bytes;end;directory b;over;", "all is wanted");
	say(KEPT, NULL);
	folders_close();
	ok(app.ending && app.fault == FAULT_NONE, "and kept");
	folders_end();
}

static void
test_resumed(void)
{
	begin();
	is(say(format(RANGE, 3), format(RANGE, 0)),
	    "2 bytes;end;directory b;done;", "a part is there");
	is(say(WRONG, DONE), "file a 5;", "of something else");
	is(say(format(RANGE, 0), NULL), "5 bytes;end;over;", "anew");
	say(KEPT, NULL);
	folders_close();
	ok(app.ending && app.fault == FAULT_NONE, "and kept");
	folders_end();
}

static void
test_refused(void)
{
	begin();
	is(say(REFUSED, format(RANGE, 0)), "directory b;over;",
	    "a file is refused");
	say(KEPT, NULL);
	folders_close();
	ok(app.ending && app.fault == FAULT_PEER, "which is told");
	folders_end();
	begin();
	say("<refused xmlns='urn:xcat:0'>no room</refused>", NULL);
	ok(app.ending && app.fault == FAULT_PEER, "all is refused");
	ok(strstr(run_words(), "no room") != NULL, "with its reason");
	folders_end();
}

/* The receiver ends the stream in good order: the folder was not sent, unless
 * it is kept. */
static void
test_closed(void)
{
	begin();
	folders_close();
	ok(app.ending && app.fault == FAULT_BROKEN, "closed at once");
	folders_end();
	begin();
	is(say(format(RANGE, 0), format(RANGE, 0)),
	    "5 bytes;end;directory b;over;", "all is wanted");
	folders_close();
	ok(app.ending && app.fault == FAULT_BROKEN, "but it is not kept");
	folders_end();
}

/* Each line: what is said first, which makes sense, or NULL; and what does
 * not. */
static void
test_nonsense(void)
{
	static const char *const words[][2] = {
		{ NULL, "<range xmlns='urn:xcat:0' offset='6'/>" },
		{ NULL, "<range xmlns='urn:xcat:0' offset='-1'/>" },
		{ NULL, "<range xmlns='urn:xcat:0' "
		    "offset='9223372036854775807'/>" },
		{ NULL, "<range xmlns='urn:xcat:0' "
		    "offset='18446744073709551616'/>" },
		{ NULL, "<range xmlns='urn:xcat:0'/>" },
		{ NULL, DONE }, { NULL, KEPT }, { NULL, WRONG },
		{ NULL, "<over xmlns='urn:xcat:0'/>" },
		{ NULL, "<end xmlns='urn:xcat:0'/>" },
		{ NULL, "<file xmlns='urn:xcat:0' name='x' size='1'/>" },
		{ NULL, "<directory xmlns='urn:xcat:0' name='x'/>" },
		{ NULL, "<folder xmlns='urn:xcat:0' name='x'/>" },
		{ NULL, "<x xmlns='urn:xcat:0'/>" }, { NULL, "x" },
		{ REFUSED, WRONG }, { REFUSED, KEPT },
		{ "<range xmlns='urn:xcat:0' offset='0'/>", WRONG },
		{ "<range xmlns='urn:xcat:0' offset='5'/>",
		    "<wrong xmlns='urn:xcat:0' name='../a'/>" }
	};
	size_t	 i;

	for (i = 0; i < N(words); i++) {
		begin();
		if (words[i][0] != NULL)
			say(words[i][0], NULL);
		say(words[i][1], NULL);
		ok(app.ending && app.fault == FAULT_BROKEN, "no sense: %s",
		    words[i][1]);
		folders_end();
	}
	begin();
	folders_say_piece("hello", 5);
	folders_pass(LARGE);
	ok(app.ending && app.fault == FAULT_BROKEN, "no sense: a piece");
	folders_end();
	begin();
	say(format(RANGE, 0), format(RANGE, 0));
	say(format(RANGE, 0), NULL);
	ok(app.ending && app.fault == FAULT_BROKEN, "no sense: a range more");
	folders_end();
}

int
main(void)
{
	umask(022);
	must(mkdtemp(top) != NULL);
	snprintf(photos, sizeof(photos), "%s/photos", top);
	must(mkdir(photos, 0755) == 0);
	must(mkdir(format("%s/b", photos), 0755) == 0);
	put("a", "hello");
	put("b/c", "");
	test_whole();
	test_resumed();
	test_refused();
	test_closed();
	test_nonsense();
	must(system(format("rm -rf %s", top)) == 0);
	return tap_done();
}

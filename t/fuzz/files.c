/*
 * Fuzzer of files, of what the peer says of them: the run is that of
 * t/lib/files.h.  The first line says what it does,
 *
 *	r		receives into a folder: k and goes on, m files up to
 *			1000 bytes, u fetches URLs, i in-band only
 *	s		sends two files: i in-band only, b by bytestreams alone
 *
 * and then, $ being the id of what was asked last,
 *
 *	<...		a stanza comes from the peer, !<... from another one of
 *			it, ?<... from a stranger
 *	O, C		the peer opens the stream "s", for a file if it is said
 *			what for; closes it, or what we have opened
 *	B		a block of it comes, with these bytes (script.h)
 *	T		the run has waited for long
 *	D		what came in part is taken away
 */
#include <sys/types.h>
#include <sys/queue.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/channel.h"
#include "net/channel/linger.h"
#include "net/file/oob.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/script.h"
#include "t/lib/files.h"
#include "t/lib/kept.h"
#include "xml/elem.h"

#define STEPS	100
#define SECOND	"peer@there.example/c"

static unsigned	 seq;		/* of the next block */
static char	 id[64];	/* of the last request */
static char	 sid[64];	/* of the stream */

/* What the run has said, and the id of its last request. */
static void
hear_out(void)
{
	char		*xml;
	const char	*p;

	while ((xml = next_letter(&us)) != NULL) {
		if ((p = strstr(xml, " id='")) != NULL &&
		    strstr(xml, "type='result'") == NULL)
			snprintf(id, sizeof(id), "%.*s",
			    (int)strcspn(p + 5, "'"), p + 5);
		if ((p = strstr(xml, "<open ")) != NULL &&
		    (p = strstr(p, " sid='")) != NULL) {
			snprintf(sid, sizeof(sid), "%.*s",
			    (int)strcspn(p + 6, "'"), p + 6);
			seq = 0;
		}
		free(xml);
	}
}

/* Only what parses is said. */
static void
say(const char *from, const char *xml)
{
	char		 text[SCRIPT_LINE];
	struct elem	*e;

	script_fill(text, xml, id);
	if ((e = stanza_parse(text)) != NULL)
		files_hear(from, text);
	elem_free(e);
}

static void
say_block(char *bytes)
{
	size_t	 len = script_bytes(bytes);

	files_ask(PEER, data_xml(sid, format("%u", seq++ & 0xffff),
	    b64(bytes, len)));
}

static void
fire(struct timer *t)
{
	if (t->on)
		run_fire(t);
}

/* All that is waited for has taken too long. */
static void
wait_long(void)
{
	struct channel	*ch, *next;

	TAILQ_FOREACH_SAFE(ch, &app.channels, next, next)
		fire(&ch->silence);
	fire(&app.lingering);
	iq_expire(app.iqs, INT64_MAX / 2);
	files_turn();
}

static void
take_away(void)
{
	struct dirent	*e;
	DIR		*d = opendir(kept_dir);

	must(d != NULL);
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, ".xcat-part-", 11) == 0)
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}

static void
step(char *line)
{
	switch (*line) {
	case '<':
		say(PEER, line);
		break;
	case '!':
		say(SECOND, line + 1);
		break;
	case '?':
		say(EVIL, line + 1);
		break;
	case 'O':
		seq = 0;
		strlcpy(sid, "s", sizeof(sid));
		files_ask(PEER, open_xml("s", "4096", line[1] == '\0' ? "" :
		    "><plain xmlns='urn:xcat:0' for='file'/></open>"));
		break;
	case 'C':
		files_ask(PEER, close_xml(sid));
		break;
	case 'B':
		say_block(line + 1);
		break;
	case 'T':
		wait_long();
		break;
	case 'D':
		take_away();
		break;
	default:
		break;
	}
	hear_out();
}

/* A folder without files in it, of this process. */
static void
make_folder(void)
{
	static pid_t	 made;

	if (made != getpid()) {
		made = getpid();
		kept_begin("a");
		atexit(kept_clean);
	}
	take_away();
	kept_empty();
}

static const char *
put_file(const char *name, const char *text)
{
	snprintf(kept_path, sizeof(kept_path), "%.30s/%s", kept_dir, name);
	kept_put(text, strlen(text), 0600);
	return format("%s", kept_path);
}

static void
begin(const char *flags)
{
	const char	*files[2];
	enum fault	 fault;
	char		 err[OOB_ERR];

	make_folder();
	if (*flags == 's') {
		files[0] = put_file("a", "hello");
		files[1] = put_file("b", "some more");
		files_send(files, 2);
	} else {
		files_receive(kept_dir, strchr(flags, 'k') != NULL);
	}
	if (strchr(flags, 'm') != NULL)
		app.conf.max_size = 1000;
	if (strchr(flags, 'u') != NULL) {
		must((app.conf.oob = strdup("fetch:any")) != NULL);
		must((app.fetcher = oob_fetch_new(&app, &fault, err)) != NULL);
	}
	if (strchr(flags, 'i') != NULL)
		app.conf.carrier = CONF_CARRIER_IBB;
	if (strchr(flags, 'b') != NULL)
		app.conf.carrier = CONF_CARRIER_S5B;
}

/* Streams that are no files have standard input and output: nothing comes from
 * there or goes there, and what is closed is open again.  Returns copies. */
static void
hide_stdio(int copies[2])
{
	int	 null = open("/dev/null", O_RDWR | O_CLOEXEC), i;

	must(null != -1);
	fflush(stdout);
	for (i = 0; i < 2; i++)
		must((copies[i] = fcntl(i, F_DUPFD_CLOEXEC, 3)) != -1 &&
		    dup2(null, i) == i);
	close(null);
}

static void
show_stdio(const int copies[2])
{
	int	 i;

	for (i = 0; i < 2; i++) {
		must(dup2(copies[i], i) == i);
		close(copies[i]);
	}
}

int
fuzz_files(const uint8_t *data, size_t size)
{
	struct script	 s;
	char		*line, flags[16];
	int		 steps, copies[2];

	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL || *line == '\0')
		return 0;
	hide_stdio(copies);
	strlcpy(flags, line, sizeof(flags));
	seq = 0;
	strlcpy(id, "none", sizeof(id));
	strlcpy(sid, "s", sizeof(sid));
	begin(flags);
	files_turn();
	hear_out();
	for (steps = 0; steps < STEPS && !app.ending &&
	    (line = script_line(&s)) != NULL; steps++)
		step(line);
	oob_fetch_free(app.fetcher);
	app.fetcher = NULL;
	files_end();
	show_stdio(copies);
	return 0;
}

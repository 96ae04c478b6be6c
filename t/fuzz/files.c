/*
 * Fuzzer of files, of what the peer says of them: the run is that of
 * t/lib/files.h.  The first line says what it does,
 *
 *	r		receives into a folder, or o to standard output: k and
 *			goes on, m files up to 1000 bytes, u fetches URLs, i
 *			in-band only
 *	s		sends two files: i in-band only, b by bytestreams alone,
 *			u by uploads, a by uploads if the peer takes none
 *
 * and then, $ being the id of what was asked last,
 *
 *	<...		a stanza comes from the peer, !<... from another one of
 *			it, ?<... from a stranger, %jid <... from that JID
 *	O, C		the peer opens the stream "s", for a file if it is said
 *			what for; closes it, or what we have opened
 *	B		a block of it comes, with these bytes (script.h)
 *	T		the run has waited for long
 *	A		so many seconds pass
 *	D		what came in part is taken away
 *	G		it grows, by these bytes; L: another program has it
 *	F		no file grows any longer
 *	U, M		the peer offers what the fuzzer's server has under this
 *			path, by a request or by a message
 *	H		the peer offers the fuzzer's server as a proxy for the
 *			stream "s" (XEP-0065)
 *	W		the server says these bytes, on its last connection
 *	E		it ends that connection
 */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/channel.h"
#include "net/channel/linger.h"
#include "net/file/oob.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/peer.h"
#include "t/fuzz/script.h"
#include "t/lib/files.h"
#include "t/lib/kept.h"
#include "t/lib/must.h"
#include "xml/elem.h"
#include "xml/jid.h"

#define STEPS	100
#define SECOND	"peer@there.example/c"

static unsigned	 seq;		/* of the next block */
static char	 id[64];	/* of the last request */
static char	 sid[64];	/* of the stream */
static int	 web = -1;	/* the last connection to the server */
static int	 lock = -1;	/* of what came in part */

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

/* A JID, which is one that an answer can come from, and what it says. */
static void
say_as(char *line)
{
	char	 jid[JID_MAX], *xml = strchr(line, ' ');

	if (xml == NULL)
		return;
	*xml++ = '\0';
	if (strpbrk(line, "'&<") == NULL && jid_prep(line, jid, NULL) == 0)
		say(jid, xml);
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
pass(const char *seconds)
{
	peer_later(1000 * (strtol(seconds, NULL, 10) & 0xfff));
	files_turn();
}

/*
 * What came in part
 */

static void
part_remove(int dir, const char *name)
{
	unlinkat(dir, name, 0);
}

static void
part_lock(int dir, const char *name)
{
	if (lock == -1 &&
	    (lock = openat(dir, name, O_RDWR | O_CLOEXEC)) != -1)
		flock(lock, LOCK_EX | LOCK_NB);
}

static const char	*growth;
static size_t		 growth_len;

static void
part_grow(int dir, const char *name)
{
	int	 fd = openat(dir, name, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd == -1)
		return;
	must(write(fd, growth, growth_len) <= (ssize_t)growth_len);
	close(fd);
}

static void
each_part(void (*what)(int dir, const char *name))
{
	struct dirent	*e;
	DIR		*d = opendir(kept_dir);

	must(d != NULL);
	while ((e = readdir(d)) != NULL)
		if (strncmp(e->d_name, ".xcat-part-", 11) == 0)
			what(dirfd(d), e->d_name);
	closedir(d);
}

static void
limit_files(rlim_t bytes)
{
	struct rlimit	 r = { .rlim_cur = bytes, .rlim_max = RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	must(setrlimit(RLIMIT_FSIZE, &r) == 0);
}

/* What comes in part has trouble. */
static void
part_step(char *line)
{
	switch (*line) {
	case 'D':
		each_part(part_remove);
		break;
	case 'L':
		each_part(part_lock);
		break;
	case 'F':
		limit_files(1);
		break;
	default:
		growth = line + 1;
		growth_len = script_bytes(line + 1);
		each_part(part_grow);
		break;
	}
}

/*
 * The web
 */

static void
offer(int by_message, const char *path)
{
	const char	*url = format("<url>http://127.0.0.1:%u/%s</url>",
			     peer_port(), path);

	if (by_message)
		say(PEER, format("<message><x xmlns='jabber:x:oob'>%s</x>"
		    "</message>", url));
	else
		say(PEER, format("<iq type='set' id='u'><query "
		    "xmlns='jabber:iq:oob'>%s</query></iq>", url));
}

static void
offer_host(void)
{
	say(PEER, format("<iq type='set' id='h'><query sid='s' "
	    "xmlns='http://jabber.org/protocol/bytestreams'><streamhost "
	    "jid='proxy.example' host='127.0.0.1' port='%u'/></query></iq>",
	    peer_port()));
}

static void
web_step(char *line)
{
	int	 fd = peer_accept();

	if (fd != -1) {
		peer_drop(web);
		web = fd;
	}
	if (web == -1)
		return;
	if (*line == 'E')
		shutdown(web, SHUT_WR);
	else
		peer_send(web, line + 1, script_bytes(line + 1));
	files_turn();
}

static void
web_end(void)
{
	peer_drop(web);
	web = -1;
	peer_drop_rest();
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
	case '%':
		say_as(line + 1);
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
	case 'A':
		pass(line + 1);
		break;
	case 'D':
	case 'G':
	case 'L':
	case 'F':
		part_step(line);
		break;
	case 'U':
	case 'M':
		offer(*line == 'M', line + 1);
		break;
	case 'H':
		offer_host();
		break;
	case 'W':
	case 'E':
		web_step(line);
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
	kept_once("a");
	each_part(part_remove);
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
		files_upload(files, 2, strchr(flags, 'u') != NULL ?
		    CONF_UPLOAD_YES : strchr(flags, 'a') != NULL ?
		    CONF_UPLOAD_ABSENT : CONF_UPLOAD_NO);
	} else {
		files_receive(strchr(flags, 'o') != NULL ? NULL : kept_dir,
		    strchr(flags, 'k') != NULL);
	}
	if (strchr(flags, 'm') != NULL)
		app.conf.max_size = 1000;
	if (*flags != 's' && strchr(flags, 'u') != NULL) {
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
	web_end();
	limit_files(RLIM_INFINITY);
	each_part(part_remove);
	if (lock != -1)
		close(lock);
	lock = -1;
	show_stdio(copies);
	return 0;
}

/*
 * Fuzzer of uploads (net/file/send_upload, send_link, send_put; XEP-0363): what
 * our server, its service, the web server behind that and the peer's account
 * say to a run that sends two files.  In the first line is a letter for each
 * circumstance: l the web server may be on this machine, a only a peer that
 * takes no files has them uploaded.  Then, the oldest request being the one
 * that is answered, and $ standing for https:// and the web server:
 *
 *	<...		a result with this in it; "." is an empty result
 *	E...		an error with this in it
 *	T		no request will be answered
 *	M...		a message comes from the peer, $ being the id of the
 *			link that was sent last; ?... from a stranger; ! a
 *			bounce, from the account
 *	W...		the web server says these bytes (script.h)
 *	X		it ends the connection; I: it is an impostor from now on
 *	F n		the files are n bytes long now
 *	B		we have logged in anew
 *	A n		so many seconds pass
 *
 * Whatever they say: no link is sent to a file that the web server has not got,
 * or has not said that it has, nor twice; what it gets is the file, and fields
 * that were asked for; and unless it may be here nothing is connected to.
 */
#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "net/channel/channel.h"
#include "net/file/send_int.h"
#include "net/file/send_upload_int.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/peer.h"
#include "t/fuzz/script.h"
#include "t/fuzz/tls.h"
#include "t/lib/files.h"
#include "t/lib/kept.h"
#include "t/lib/must.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"

#define STEPS	60
#define ASKED	32
#define LINKS	8
#define FILE_TEXT "what is in it"	/* in each file */
#define ACCOUNT	"peer@there.example"

/* A request that has no answer yet. */
struct asked {
	char	 id[64];
	char	 to[JID_MAX];
};

static struct asked	 asked[ASKED];
static size_t		 nasked;
static char		 links[LINKS][64];	/* their ids */
static size_t		 nlinks;
static size_t		 nput;		/* files that the web server has, and
					 * may have said so */

/* The web server's connection. */
static int		 fd = -1;
static SSL		*ssl;
static char		 got[16384];
static size_t		 ngot;
static char		 thanks[8192];	/* what it has said there */
static size_t		 nthanks;
static int		 whole, counted;	/* its file is */
static int		 local, impostor, always;

/*
 * What the run says
 */

/* "" if there is none that fits. */
static void
copy_attribute(const char *xml, const char *name, char *out, size_t size)
{
	const char	*p = strstr(xml, name);
	size_t		 n;

	*out = '\0';
	if (p == NULL)
		return;
	p += strlen(name);
	if ((n = strcspn(p, "'")) < size)
		snprintf(out, size, "%.*s", (int)n, p);
}

/* A link; after a new login it may be sent again, with the id that it had. */
static void
note_link(const char *xml)
{
	char	 id[64], to[JID_MAX];
	size_t	 i;

	copy_attribute(xml, " id='", id, sizeof(id));
	copy_attribute(xml, " to='", to, sizeof(to));
	must(*id != '\0' && strcmp(to, ACCOUNT) == 0);
	for (i = 0; i < nlinks; i++)
		if (strcmp(links[i], id) == 0)
			return;
	must(nlinks < nput && nlinks < LINKS);
	strlcpy(links[nlinks++], id, sizeof(links[0]));
}

static void
hear_out(void)
{
	struct asked	*a;
	char		*xml;

	while ((xml = next_letter(&us)) != NULL) {
		if (strncmp(xml, "<message ", 9) == 0) {
			note_link(xml);
		} else if (strstr(xml, "type='result'") == NULL &&
		    strstr(xml, "type='error'") == NULL && nasked < ASKED) {
			a = &asked[nasked++];
			copy_attribute(xml, " id='", a->id, sizeof(a->id));
			copy_attribute(xml, " to='", a->to, sizeof(a->to));
			if (*a->to == '\0')
				strlcpy(a->to, US, sizeof(a->to));
		}
		free(xml);
	}
}

/*
 * What it hears
 */

/* Only what parses is said. */
static void
say(const char *from, const char *xml)
{
	struct elem	*e = stanza_parse(xml);

	if (e != NULL)
		files_hear(from, xml);
	elem_free(e);
}

static void
answer(const char *type, const char *inside)
{
	struct asked	 a = asked[0];
	char		 text[SCRIPT_LINE];

	if (nasked == 0)
		return;
	memmove(asked, asked + 1, --nasked * sizeof(*asked));
	script_fill(text, inside, format("https://localhost:%u", peer_port()));
	say(a.to, format("<iq type='%s' id='%s'>%s</iq>", type, a.id, text));
}

static void
message(const char *from, const char *type, const char *inside)
{
	char	 text[SCRIPT_LINE];
	char	*id = nlinks > 0 ? links[nlinks - 1] : asked[0].id;

	script_fill(text, inside, id);
	say(from, format("<message type='%s' id='%s'>%s</message>", type, id,
	    text));
}

/*
 * The web server
 */

/* Is this a field that a run may send? */
static int
is_field(const char *line)
{
	static const char *const	 names[] = {
		"Host", "Authorization", "Cookie", "Expires", "Content-Type",
		"Content-Length", "User-Agent", "Connection"
	};
	size_t				 i, n = strcspn(line, ":");

	for (i = 0; i < N(names); i++)
		if (strlen(names[i]) == n &&
		    strncasecmp(line, names[i], n) == 0)
			return 1;
	return 0;
}

/* A request, as far as it has come. */
static void
check_request(void)
{
	static const char	 length[] = "\r\nContent-Length: ";
	const char		*body, *p;

	got[ngot] = '\0';
	if ((body = strstr(got, "\r\n\r\n")) == NULL)
		return;
	must(strncmp(got, "PUT /", 5) == 0);
	for (p = strstr(got, "\r\n"); p < body; p = strstr(p + 2, "\r\n"))
		must(is_field(p + 2));
	p = strstr(got, length);
	must(p != NULL);
	must(p < body);
	body += 4;
	must(strncmp(FILE_TEXT, body, strlen(body)) == 0);
	whole = strtoul(p + strlen(length), NULL, 10) == strlen(body);
}

/* Is a status of success in what the web server has said? */
static int
is_thanked(void)
{
	size_t	 i;

	for (i = 0; i + 10 <= nthanks; i++)
		if (memcmp(thanks + i, "HTTP/1.", 7) == 0 &&
		    thanks[i + 8] == ' ' && thanks[i + 9] == '2')
			return 1;
	return 0;
}

static void
web_say(const char *bytes, size_t len)
{
	if (len > sizeof(thanks) - nthanks)
		return;
	memcpy(thanks + nthanks, bytes, len);
	nthanks += len;
	if (whole && !counted && is_thanked()) {
		nput++;
		counted = 1;
	}
	fuzz_tls_send(ssl, bytes, len);
}

static void
web_drop(void)
{
	SSL_free(ssl);
	ssl = NULL;
	peer_drop(fd);
	fd = -1;
}

static void
web_accept(void)
{
	int	 next = app.ending ? -1 : peer_accept();

	if (next == -1)
		return;
	must(local);
	web_drop();
	fd = next;
	ngot = nthanks = 0;
	whole = counted = 0;
	ssl = fuzz_tls_begin(fd, impostor);
	must(ssl == NULL || !impostor);
	files_turn();
}

static void
web_listen(void)
{
	size_t	 n;

	while (ssl != NULL && ngot < sizeof(got) - 1 && (n = fuzz_tls_recv(ssl,
	    got + ngot, sizeof(got) - 1 - ngot)) > 0)
		ngot += n;
	if (ssl != NULL)
		check_request();
}

static void
web_step(char *line)
{
	web_accept();
	web_listen();
	if (ssl == NULL || app.ending)
		return;
	if (*line == 'W')
		web_say(line + 1, script_bytes(line + 1));
	else
		web_drop();
	if (!app.ending)
		files_turn();
}

/*
 * The run
 */

static void
make_files(const char **paths)
{
	static const char *const	 names[] = { "a.txt", "b" };
	size_t				 i;

	kept_once("a");
	kept_empty();
	for (i = 0; i < N(names); i++) {
		snprintf(kept_path, sizeof(kept_path), "%.30s/%s", kept_dir,
		    names[i]);
		kept_put(FILE_TEXT, strlen(FILE_TEXT), 0600);
		paths[i] = format("%s", kept_path);
	}
}

static void
cut_files(off_t size)
{
	const struct sender	*s = app.sender;
	size_t			 i;

	for (i = 0; i < s->n; i++)
		must(truncate(s->paths[i], size) == 0);
}

static void
begin(const char *flags)
{
	const char	*paths[2];
	struct uploads	*u;

	nasked = nlinks = nput = 0;
	impostor = 0;
	local = strchr(flags, 'l') != NULL;
	always = strchr(flags, 'a') == NULL;
	make_files(paths);
	files_upload(paths, 2, always ? CONF_UPLOAD_YES : CONF_UPLOAD_ABSENT);
	app.conf.policy = local ? CONF_POLICY_ANY : CONF_POLICY_AUTO;
	u = app.sender->uploads;
	SSL_CTX_free(u->tls);
	u->tls = fuzz_tls_client();
	must(SSL_CTX_up_ref(u->tls) == 1);
	peer_use(app.loop);
	files_turn();
	hear_out();
}

static void
end(void)
{
	peer_use(NULL);
	files_end();
	web_drop();
	peer_drop_rest();
}

static void
step(char *line)
{
	switch (*line) {
	case '<':
		answer("result", line);
		break;
	case '.':
		answer("result", "");
		break;
	case 'E':
		answer("error", line + 1);
		break;
	case 'T':
		nasked = 0;
		iq_expire(app.iqs, INT64_MAX / 2);
		break;
	case 'M':
		message(PEER, "chat", line + 1);
		break;
	case '?':
		message(EVIL, "chat", line + 1);
		break;
	case '!':
		message(ACCOUNT, "error", line + 1);
		break;
	case 'W':
	case 'X':
		web_step(line);
		break;
	case 'I':
		impostor = 1;
		break;
	case 'F':
		cut_files((off_t)(strtoul(line + 1, NULL, 10) %
		    sizeof(FILE_TEXT)));
		break;
	case 'B':
		nasked = 0;
		send_back(app.sender);
		break;
	case 'A':
		peer_later(1000 * (strtol(line + 1, NULL, 10) & 0xff));
		break;
	default:
		break;
	}
}

/* What is due, and what has come of it. */
static void
settle(void)
{
	if (!app.ending)
		files_turn();
	web_accept();
	web_listen();
	hear_out();
}

int
fuzz_upload(const uint8_t *data, size_t size)
{
	struct script	 s;
	char		*line;
	int		 steps;

	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL)
		return 0;
	begin(line);
	for (steps = 0; steps < STEPS && !app.ending &&
	    (line = script_line(&s)) != NULL; steps++) {
		step(line);
		settle();
	}
	must(app.fault != FAULT_NONE || !app.ending || !always || nput >= 2);
	end();
	return 0;
}

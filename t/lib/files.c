/* files.h says what this is. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "net/channel/channel.h"
#include "net/conf/allow.h"
#include "net/file/jingle_transfer.h"
#include "net/file/oob.h"
#include "net/file/receive.h"
#include "net/file/send.h"
#include "net/io/loop.h"
#include "t/lib/files.h"
#include "t/lib/must.h"
#include "xml/base64.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"

#define TURNS	20
#define WORDS	32768	/* bytes of words between xcats */

/*
 * Begin and end
 */

static void
admit_domain(void)
{
	struct conf_item	 item = { .value = (char[]){
				     "there.example" } };
	struct conf_list	 who = STAILQ_HEAD_INITIALIZER(who);
	char			 err[ALLOW_ERR];

	allow_free(app.allow);
	STAILQ_INSERT_TAIL(&who, &item, next);
	must((app.allow = allow_new(&who, US, err)) != NULL);
}

void
files_receive(const char *dir, int keep)
{
	enum fault	 fault;
	char		 err[RECEIVE_ERR];

	run_begin(MODE_LISTEN, 0);
	admit_domain();
	app.conf.keep = keep;
	if (dir != NULL)
		must((app.conf.receive = strdup(dir)) != NULL);
	must((app.receiver = receive_new(&app, &fault, err)) != NULL);
	must(receive_login(app.receiver, app.dispatch) == 0);
	must(oob_login(&app, app.dispatch) == 0);
}

void
files_send(const char *const *paths, size_t n)
{
	files_upload(paths, n, CONF_UPLOAD_NO);
}

void
files_upload(const char *const *paths, size_t n, enum conf_upload upload)
{
	static char	 texts[4][256], *list[4];
	enum fault	 fault;
	char		 err[SEND_ERR];
	size_t		 i;

	must(n <= N(list));
	for (i = 0; i < n; i++)
		must(strlcpy(list[i] = texts[i], paths[i], sizeof(texts[i])) <
		    sizeof(texts[i]));
	/* The certificates that this machine trusts take long to read. */
	setenv("SSL_CERT_FILE", "/dev/null", 1);
	run_begin(MODE_SEND, 0);
	app.conf.upload = (int)upload;
	must(jingle_transfers_login(&app, app.dispatch, NULL, NULL) == 0);
	must((app.sender = send_new(&app, list, n, &fault, err)) != NULL);
	send_start(app.sender);
}

void
files_end(void)
{
	while (!TAILQ_EMPTY(&app.channels))
		channel_free(TAILQ_FIRST(&app.channels));
	receive_free(app.receiver);
	send_free(app.sender);
	jingle_transfers_free(&app);
	run_end();
}

/*
 * Stanzas
 */

void
files_turn(void)
{
	int	 i;

	for (i = 0; i < TURNS && !app.ending; i++)
		run_turn();
}

static int
dispatch(const struct elem *e)
{
	if (stanza_is(e, "iq") &&
	    (stanza_type(e, "result") || stanza_type(e, "error")))
		return iq_answer(app.iqs, e);
	return dispatch_stanza(app.dispatch, e, 0);
}

int
files_hear(const char *from, const char *xml)
{
	size_t		 kind = strcspn(xml, " />");
	struct elem	*e = stanza_parse(format("%.*s from='%s'%s", (int)kind,
			     xml, from, xml + kind));
	int		 r;

	must(e != NULL);
	r = dispatch(e);
	elem_free(e);
	files_turn();
	return r;
}

static const char *
verdict_of(const char *xml)
{
	const char	*type = strstr(xml, "<error type='"), *name;

	if (strncmp(xml, "<iq type='result'", 17) == 0)
		return "result";
	if (type == NULL || (name = strstr(type, "'><")) == NULL)
		return "nonsense";
	type += strlen("<error type='");
	return format("%.*s/%.*s", (int)strcspn(name + 3, " /"), name + 3,
	    (int)(name - type), type);
}

const char *
files_ask(const char *from, const char *inside)
{
	static int	 n;
	const char	*verdict = "", *id = format(" id='q%d'", ++n);
	struct letter	*l, *next;

	files_hear(from, format("<iq type='set'%s>%s</iq>", id, inside));
	STAILQ_FOREACH_SAFE(l, &us.out, next, next)
		if (strstr(l->xml, id) != NULL) {
			verdict = verdict_of(l->xml);
			STAILQ_REMOVE(&us.out, l, letter, next);
			free(l->xml);
			free(l);
			break;
		}
	return verdict;
}

/*
 * Words between xcats
 */

enum si_word
files_word(char *text, size_t size)
{
	static unsigned char	 block[WORDS];
	const char		*p, *why = "";
	enum si_word		 word;
	struct elem		*e = NULL;
	struct si_file		 f;
	uint64_t		 offset = 0;
	size_t			 len, used;
	const char		*xml = said(&us), *to = strstr(xml, " to='");

	*text = '\0';
	if ((p = strstr(xml, "<data ")) == NULL)
		return SI_NONSENSE;
	p = strchr(p, '>') + 1;
	must(base64_decode(block, sizeof(block), &len, p,
	    strcspn(p, "<")) == 0);
	word = si_hear(block, len, &used, &e, &f, &offset, &why);
	if (word == SI_RANGE)
		snprintf(text, size, "%llu", (unsigned long long)offset);
	else if (word == SI_REFUSED || word == SI_WRONG)
		strlcpy(text, why, size);
	else if (word == SI_FILE)
		strlcpy(text, f.name, size);
	elem_free(e);
	must(to != NULL);
	to += strlen(" to='");
	files_hear(format("%.*s", (int)strcspn(to, "'"), to),
	    format(RESULT, us.id));
	return word;
}

static const char *
encoded(struct buf *b)
{
	const char	*s = b64(buf_data(b), buf_len(b));

	buf_free(b);
	return s;
}

const char *
files_say(int (*word)(struct buf *, const char *), const char *text)
{
	struct buf	 b;

	buf_init(&b, WORDS);
	must(word(&b, text) == 0);
	return encoded(&b);
}

const char *
files_say_range(uint64_t offset)
{
	struct buf	 b;

	buf_init(&b, WORDS);
	must(si_say_range(&b, offset) == 0);
	return encoded(&b);
}

const char *
files_say_file(const struct si_file *f)
{
	struct buf	 b;

	buf_init(&b, WORDS);
	must(si_say_file(&b, f) == 0);
	return encoded(&b);
}

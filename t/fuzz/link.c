/*
 * Fuzzing of links to files (ibb/link) and of the service that takes them
 * (ibb/upload).  The input is the inside of a message from a peer, and of the
 * answers of a server.  Whatever it is, the links in it are told apart, and a
 * link that is sent on is read as what it was; a search or a question ends
 * once; and nothing in a slot can end a line of a request.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/link.h"
#include "ibb/upload.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "xml/elem.h"
#include "xml/iq.h"

#define INPUT	2048

static int	 calls;

/*
 * Links
 */

/* What is sent on is the same to its reader. */
static void
send_on(struct iq_table *t, const struct file_link *l)
{
	struct file_link	 again[LINK_READ_MAX];
	struct elem		*e;

	must(link_send(t, "p@q/r", "i", l) == 0);
	must((e = stanza_parse(stanza_sent)) != NULL);
	must(link_read(e, again) > 0);
	must(strcmp(again[0].url, l->url) == 0);
	if (again[0].described) {
		must(again[0].sized && again[0].size == l->size);
		must(again[0].hashed == l->hashed);
		must(!l->hashed || memcmp(again[0].hash, l->hash,
		    LINK_HASH) == 0);
	}
	elem_free(e);
}

static void
try_message(struct iq_table *t, const char *inside)
{
	char			 xml[INPUT + 128];
	struct file_link	 links[LINK_READ_MAX];
	struct elem		*e;
	size_t			 n, i, j;

	snprintf(xml, sizeof(xml), "<message from='p@q/r' id='i' type='chat'>"
	    "%s</message>", inside);
	if ((e = stanza_parse(xml)) == NULL)
		return;
	must((n = link_read(e, links)) <= LINK_READ_MAX);
	for (i = 0; i < n; i++) {
		must(*links[i].url != '\0');
		for (j = 0; j < i; j++)
			must(strcmp(links[i].url, links[j].url) != 0);
		send_on(t, &links[i]);
	}
	must(link_encryption(e) == NULL || *link_encryption(e) != '\0');
	if (link_wants_receipt(e))
		link_receipt(t, elem_attr(e, "from"), elem_attr(e, "id"));
	link_received(e);
	elem_free(e);
}

/*
 * The service
 */

static void
on_found(void *arg, const struct upload_service *s)
{
	(void)arg;
	must(s == NULL || *s->jid != '\0');
	calls++;
}

static void
on_slot(void *arg, const struct upload_slot *s)
{
	size_t	 i;

	(void)arg;
	must(s->text != NULL && s->nheaders <= UPLOAD_HEADERS);
	must(s->result != UPLOAD_GRANTED || (s->put != NULL &&
	    s->get != NULL));
	for (i = 0; i < s->nheaders; i++)
		must(strpbrk(s->headers[i].name, ":\r\n") == NULL &&
		    strpbrk(s->headers[i].value, "\r\n") == NULL);
	calls++;
}

static void
answer(struct iq_table *t, const char *type, const char *from,
    const char *inside)
{
	struct elem	*e = stanza_iq(type, from, inside, strlen(inside));

	if (e != NULL)
		iq_answer(t, e);
	elem_free(e);
}

static void
try_service(struct iq_table *t, const char *inside)
{
	struct upload_search	*search;
	int			 i;

	calls = 0;
	must(upload_find(t, "here", 1000, 1, on_found, NULL) != NULL);
	answer(t, "result", "here", inside);
	for (i = 0; calls == 0 && i < 3; i++) {
		answer(t, "result", "here", inside);
		answer(t, "result", "upload.here", inside);
	}
	iq_expire(t, 2);
	must(calls == 1);
	search = upload_find(t, "here", 1000, 1, on_found, NULL);
	must(search != NULL);
	upload_find_cancel(search);
	upload_find_cancel(NULL);
	iq_expire(t, 2);
	must(calls == 1);
}

static void
try_slot(struct iq_table *t, const char *type, const char *inside)
{
	struct upload_ask	*ask;

	calls = 0;
	must(upload_ask(t, "upload.here", "a name", 1000, "text/plain", 1,
	    on_slot, NULL) != NULL);
	answer(t, type, "upload.here", inside);
	iq_expire(t, 2);
	must(calls == 1);
	ask = upload_ask(t, "upload.here", "x", 1, NULL, 1, on_slot, NULL);
	must(ask != NULL);
	upload_ask_cancel(ask);
	upload_ask_cancel(NULL);
	iq_expire(t, 2);
	must(calls == 1);
}

int
fuzz_link(const uint8_t *data, size_t size)
{
	struct iq_table	*t;
	char		*inside;

	if (size > INPUT)
		return 0;
	must((t = iq_new(stanza_take, NULL)) != NULL);
	must(iq_setjid(t, "us@here/x") == 0);
	must((inside = strndup((const char *)data, size)) != NULL);
	*stanza_sent = '\0';
	try_message(t, inside);
	try_service(t, inside);
	try_slot(t, "result", inside);
	try_slot(t, "error", inside);
	free(inside);
	iq_free(t);
	return 0;
}

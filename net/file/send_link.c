/* send_link: links to uploaded files go to the peer's account; see
 * send_upload.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/dispatch.h"
#include "ibb/link.h"
#include "net/channel/app.h"
#include "net/file/send_int.h"
#include "net/file/send_upload.h"
#include "net/http/url.h"
#include "net/io/log.h"
#include "net/io/loop.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/jid.h"
#include "xml/ns.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define RECEIPT_TIME	5000	/* ms for a receipt, unless -w is less */

/* A link that was sent, until there is a receipt for it. */
struct sent_link {
	char		 id[LINK_ID];	/* of its message */
	char		 name[FILE_NAME];
	STAILQ_ENTRY(sent_link) next;
};

struct links {
	struct sender	*sender;
	char		 to[JID_MAX];	/* the account that they go to */
	int		 listening;	/* for receipts, and for refusals */
	STAILQ_HEAD(, sent_link) sent;
	int		 over;		/* no link will follow */
	struct timer	 timer;		/* for the receipts */

	/* Of the present file. */
	int		 asking;	/* whether our server has it */
	char		 id[LINK_ID];
	struct file_link link;
	char		 url[URL_TEXT];
};

static void	 waited_enough(void *);

struct links *
links_new(struct sender *s)
{
	struct links	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	l->sender = s;
	STAILQ_INIT(&l->sent);
	l->timer = (struct timer){ .fire = waited_enough, .arg = l };
	return l;
}

void
links_free(struct links *l)
{
	struct sent_link	*k;

	if (l == NULL)
		return;
	if (l->sender->app->loop != NULL)
		timer_clear(l->sender->app->loop, &l->timer);
	if (l->listening) {
		dispatch_forget(l->sender->app->dispatch, l);
		iq_forget(l->sender->app->iqs, l);
	}
	while ((k = STAILQ_FIRST(&l->sent)) != NULL) {
		STAILQ_REMOVE_HEAD(&l->sent, next);
		free(k);
	}
	free(l);
}

/*
 * What comes back
 */

static struct sent_link *
find(struct links *l, const char *id)
{
	struct sent_link	*k;

	STAILQ_FOREACH(k, &l->sent, next)
		if (strcmp(k->id, id) == 0)
			return k;
	return NULL;
}

/* The link with this id, if the sender of the message can have something to say
 * about it. */
static struct sent_link *
find_for(struct links *l, const struct elem *message, const char *id)
{
	const char	*from = elem_attr(message, "from");

	return id == NULL || from == NULL || !jid_samebare(from, l->to) ?
	    NULL : find(l, id);
}

/* Nothing more is to be heard of this link. */
static void
sent_link_over(struct links *l, struct sent_link *k)
{
	STAILQ_REMOVE(&l->sent, k, sent_link, next);
	free(k);
	if (l->over && STAILQ_EMPTY(&l->sent))
		timer_set(l->sender->app->loop, &l->timer, clock_ms());
}

/* XEP-0184 section 5.2 */
static int
receipt_input(void *arg, const struct elem *message, const struct elem *e)
{
	struct links		*l = arg;
	struct sent_link	*k;

	(void)e;
	if ((k = find_for(l, message, link_received(message))) == NULL)
		return 0;
	log_line(LOG_EVENT, "%s: %s: received", elem_attr(message, "from"),
	    k->name);
	sent_link_over(l, k);
	return 1;
}

/* The message comes back: its sender is the address that it was for. */
static int
bounce_input(void *arg, const struct elem *message, const struct elem *e)
{
	struct links		*l = arg;
	struct sent_link	*k;
	const char		*text = stanza_errortext(message);

	(void)e;
	if ((k = find_for(l, message, elem_attr(message, "id"))) == NULL)
		return 0;
	sender_note_failure(l->sender, FAULT_PEER, k->name);
	log_line(LOG_FAULT, "%s: %s: the link was refused: %s%s%.128s%s", l->to,
	    k->name, stanza_strerror(stanza_error(message)),
	    *text != '\0' ? " (" : "", text, *text != '\0' ? ")" : "");
	sent_link_over(l, k);
	return 1;
}

static int
listen_for_answers(struct links *l)
{
	static const struct dispatch_entry	 entries[] = {
		{ DISPATCH_MESSAGE, NS_RECEIPTS, "received", receipt_input },
		{ DISPATCH_BOUNCE, NS_CLIENT, "error", bounce_input },
	};

	if (l->listening)
		return 0;
	if (dispatch_add(l->sender->app->dispatch, entries,
	    sizeof(entries) / sizeof(*entries), l) == -1)
		return -1;
	l->listening = 1;
	jid_bare(l->sender->app->peer, l->to);
	return 0;
}

/*
 * Sending
 */

static void
links_failed(struct links *l, enum fault fault, const char *why)
{
	struct sent_link	*k = find(l, l->id);

	l->asking = 0;
	if (k != NULL)
		sent_link_over(l, k);
	sender_failed(l->sender, fault, why);
}

/* Our server has answered what it was asked behind the message, and so it has
 * taken the message, too. */
static void
links_taken(void *arg, const struct elem *answer)
{
	struct links	*l = arg;

	if (answer == NULL) {
		links_failed(l, FAULT_TIME, "it is uploaded, but the server "
		    "does not confirm the message with the link; try again");
		return;
	}
	l->asking = 0;
	sender_uploaded(l->sender, l->to);
}

static void
links_write(struct links *l)
{
	struct app	*app = l->sender->app;

	if (link_send(app->iqs, l->to, l->id, &l->link) == -1) {
		links_failed(l, FAULT_LOCAL, "the message with the link cannot "
		    "be sent");
		return;
	}
	xw_elem(iq_request(app->iqs, "get", NULL), "ping", NS_PING, NULL);
	l->asking = 1;
	if (iq_ask(app->iqs, links_taken, l, app_deadline(app)) == -1)
		links_failed(l, FAULT_LOCAL, "out of memory");
}

void
links_send(struct links *l, const struct file_link *link)
{
	struct sent_link	*k = NULL;

	link_new_id(l->id);
	if (listen_for_answers(l) == -1 ||
	    (k = calloc(1, sizeof(*k))) == NULL) {
		links_failed(l, FAULT_LOCAL, "out of memory");
		return;
	}
	l->link = *link;
	strlcpy(l->url, link->url, sizeof(l->url));
	l->link.url = l->url;
	strlcpy(k->id, l->id, sizeof(k->id));
	strlcpy(k->name, l->sender->shown, sizeof(k->name));
	/* An answer may be faster than our server's. */
	STAILQ_INSERT_TAIL(&l->sent, k, next);
	links_write(l);
}

/* The id is that of the first time, so that a client which has got both shows
 * one. */
void
links_back(struct links *l)
{
	if (!l->asking)
		return;
	iq_forget(l->sender->app->iqs, l);
	links_write(l);
}

/*
 * Receipts
 */

static void
waited_enough(void *arg)
{
	struct links		*l = arg;
	const struct sent_link	*k;
	size_t			 n = 0;

	STAILQ_FOREACH(k, &l->sent, next)
		n++;
	if (n > 0)
		log_line(LOG_EVENT, "%s: no receipt%s yet: its client may be "
		    "away, or give none; the link is on its way", l->to,
		    n > 1 ? "s" : "");
	sender_end(l->sender);
}

int
links_over(struct links *l)
{
	struct app	*app = l->sender->app;
	int64_t		 ms = 1000 * (int64_t)app->conf.timeout;

	if (l->over || STAILQ_EMPTY(&l->sent))
		return 0;
	l->over = 1;
	log_line(LOG_DETAIL, "%s: waiting for receipts", l->to);
	timer_set(app->loop, &l->timer, clock_ms() +
	    (ms > 0 && ms < RECEIPT_TIME ? ms : RECEIPT_TIME));
	return 1;
}

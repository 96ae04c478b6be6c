/* send_upload: files put on a server of the web; see send_upload.h. */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/upload.h"
#include "net/channel/app.h"
#include "net/dial/fetch.h"
#include "net/file/send_int.h"
#include "net/file/send_upload_int.h"
#include "net/http/url.h"
#include "net/io/log.h"
#include "net/io/tls.h"
#include "xml/jid.h"
#include "xml/text.h"

#define FIELD_MAX	4096	/* bytes of the fields that a slot asks for */

static const char *const step_names[] = {
	"idle", "finding", "asking", "putting", "pausing", "linking"
};

static void	 uploads_ask(struct uploads *);
static void	 uploads_try(void *);

void
uploads_set_step(struct uploads *u, enum upload_step step)
{
	log_line(LOG_TRACE, "upload: %s -> %s", step_names[u->step],
	    step_names[step]);
	u->step = step;
}

/*
 * Whether to upload
 */

/* Why nothing may be uploaded; NULL if files may. */
static const char *
uploads_objection(const struct app *app)
{
	if (app->conf.e2e == CONF_E2E_REQUIRE)
		return "-o upload: the server can read what is uploaded, and "
		    "e2e=require forbids that";
	if (app->peer_key != NULL || app->peer_code != NULL)
		return "-o upload: the server can read what is uploaded; leave "
		    "out the key or code behind the peer";
	return NULL;
}

int
uploads_always(const struct app *app)
{
	return app->mode == MODE_SEND && app->conf.upload == CONF_UPLOAD_YES;
}

int
uploads_instead(const struct app *app)
{
	return app->mode == MODE_SEND &&
	    app->conf.upload == CONF_UPLOAD_ABSENT &&
	    uploads_objection(app) == NULL;
}

/*
 * Begin and end
 */

int
uploads_prepare(struct sender *s, enum fault *fault, char *err)
{
	const char	*why = NULL;
	struct uploads	*u;
	char		 text[TLS_ERR];

	*fault = FAULT_USE;
	if (uploads_always(s->app) &&
	    (why = uploads_objection(s->app)) != NULL) {
		strlcpy(err, why, SEND_ERR);
		return -1;
	}
	if (!uploads_always(s->app) && !uploads_instead(s->app))
		return 0;
	*fault = FAULT_LOCAL;
	strlcpy(err, "out of memory", SEND_ERR);
	if ((s->uploads = u = calloc(1, sizeof(*u))) == NULL)
		return -1;
	u->sender = s;
	u->timer = (struct timer){ .fire = uploads_try, .arg = u };
	if ((u->links = links_new(s)) == NULL)
		return -1;
	/* Our certificates are not for servers of the web. */
	u->tls = tls_context(conf_origin(&s->app->conf, "ca-file", "-C"),
	    s->app->conf.ca_file, NULL, NULL, text);
	if (u->tls != NULL)
		return 0;
	*fault = fault_blame(text);
	strlcpy(err, text, SEND_ERR);
	return -1;
}

static void
forget_fields(struct uploads *u)
{
	size_t	 i;

	for (i = 0; i < sizeof(u->texts) / sizeof(u->texts[0]); i++) {
		free(u->texts[i]);
		u->texts[i] = NULL;
	}
	u->put.nfields = 0;
}

void
uploads_stop(struct uploads *u)
{
	upload_find_cancel(u->search);
	u->search = NULL;
	upload_ask_cancel(u->ask);
	u->ask = NULL;
	fetch_free(u->fetch);
	u->fetch = NULL;
	forget_fields(u);
}

void
uploads_free(struct uploads *u)
{
	if (u == NULL)
		return;
	uploads_stop(u);
	if (u->sender->app->loop != NULL)
		timer_clear(u->sender->app->loop, &u->timer);
	links_free(u->links);
	SSL_CTX_free(u->tls);
	free(u);
}

void
uploads_failed(struct uploads *u, enum fault fault, const char *why)
{
	uploads_stop(u);
	uploads_set_step(u, UPLOADS_IDLE);
	sender_failed(u->sender, fault, why);
}

/*
 * A slot
 */

/* Keep the fields beyond the answer that has them.  0, or -1 when out of
 * memory. */
static int
keep_fields(struct uploads *u, const struct upload_slot *slot)
{
	size_t	 i;

	for (i = 0; i < slot->nheaders; i++) {
		u->texts[2 * i] = strdup(slot->headers[i].name);
		u->texts[2 * i + 1] = strdup(slot->headers[i].value);
		if (u->texts[2 * i] == NULL || u->texts[2 * i + 1] == NULL)
			return -1;
		u->fields[i].name = u->texts[2 * i];
		u->fields[i].value = u->texts[2 * i + 1];
	}
	u->put.nfields = slot->nheaders;
	return 0;
}

/* What is wrong with a URL of a slot; NULL if it can be used. */
static const char *
url_objection(const char *s)
{
	struct url	 url;

	if (strlen(s) >= URL_TEXT || url_parse(s, &url) != NULL)
		return "which is no URL";
	if (strcmp(url.scheme, "https") != 0)
		return "which is not https";
	return url.has_user ? "which names a user" : NULL;
}

static int
fields_fit(const struct upload_slot *slot)
{
	size_t	 i, n = 0;

	for (i = 0; i < slot->nheaders; i++)
		n += strlen(slot->headers[i].name) +
		    strlen(slot->headers[i].value);
	return n <= FIELD_MAX;
}

static void
slot_granted(struct uploads *u, const struct upload_slot *slot)
{
	const char	*bad = slot->put, *why = url_objection(slot->put);
	char		 text[UPLOAD_ERR], put[URL_TEXT];

	if (why == NULL)
		why = url_objection(bad = slot->get);
	if (why == NULL && !fields_fit(slot)) {
		bad = "fields";
		why = "which are too long";
	}
	if (why != NULL) {
		snprintf(text, sizeof(text), "%.128s gives a place for it with "
		    "%.128s, %s; nothing was uploaded", u->service.jid, bad,
		    why);
		uploads_failed(u, FAULT_SERVER, text);
		return;
	}
	if (keep_fields(u, slot) == -1) {
		uploads_failed(u, FAULT_LOCAL, "out of memory");
		return;
	}
	strlcpy(u->get, slot->get, sizeof(u->get));
	strlcpy(put, slot->put, sizeof(put));
	uploads_put(u, put);
}

static void
too_large(struct uploads *u, uint64_t max)
{
	char	 text[UPLOAD_ERR], limit[64] = "less";

	if (max != UPLOAD_ANY)
		snprintf(limit, sizeof(limit), "%llu bytes at most",
		    (unsigned long long)max);
	snprintf(text, sizeof(text), "it is too large: %.128s takes %s, and it "
	    "has %llu; nothing was uploaded", u->service.jid, limit,
	    (unsigned long long)u->sender->file.size);
	uploads_failed(u, FAULT_PEER, text);
}

/* The service's own words behind ours. */
static void
slot_refused(struct uploads *u, const char *what,
    const struct upload_slot *slot, const char *then)
{
	char	 text[UPLOAD_ERR], words[129];

	text_cut(*slot->text != '\0' ? slot->text :
	    slot->result == UPLOAD_NONSENSE ? "" :
	    stanza_strerror(slot->error), words, sizeof(words));
	snprintf(text, sizeof(text), "%.128s %s%s%s%s%s", u->service.jid, what,
	    *words != '\0' ? " (" : "", words, *words != '\0' ? ")" : "",
	    then);
	uploads_failed(u, slot->result == UPLOAD_NONSENSE ? FAULT_SERVER :
	    FAULT_PEER, text);
}

static void
slot_answered(void *arg, const struct upload_slot *slot)
{
	struct uploads	*u = arg;
	char		 later[96] = "; try again later";

	u->ask = NULL;
	switch (slot->result) {
	case UPLOAD_GRANTED:
		slot_granted(u, slot);
		break;
	case UPLOAD_TOO_LARGE:
		too_large(u, slot->max);
		break;
	case UPLOAD_LATER:
		if (*slot->stamp != '\0')
			snprintf(later, sizeof(later), "; try again after "
			    "%.32s", slot->stamp);
		slot_refused(u, "takes no more now", slot, later);
		break;
	case UPLOAD_REFUSED:
		slot_refused(u, "does not want it", slot, "");
		break;
	case UPLOAD_NONSENSE:
		slot_refused(u, "gives a place for it that makes no sense",
		    slot, "; nothing was uploaded");
		break;
	case UPLOAD_SILENT:
		uploads_failed(u, FAULT_TIME, "no answer from the service for "
		    "uploads in time; try again later");
		break;
	}
}

static void
uploads_ask(struct uploads *u)
{
	struct sender	*s = u->sender;

	/* Before a byte of it goes. */
	if (s->file.size > u->service.max) {
		too_large(u, u->service.max);
		return;
	}
	uploads_set_step(u, UPLOADS_ASKING);
	u->ask = upload_ask(s->app->iqs, u->service.jid, s->name,
	    s->file.size, uploads_type(u), app_deadline(s->app),
	    slot_answered, u);
	if (u->ask == NULL)
		uploads_failed(u, FAULT_LOCAL, "out of memory");
}

/* By way of the loop, so that many files do not make a deep stack. */
void
uploads_later(struct uploads *u, int64_t ms)
{
	uploads_set_step(u, UPLOADS_PAUSING);
	timer_set(u->sender->app->loop, &u->timer, clock_ms() + ms);
}

/* A timer's: the next try, which takes another slot. */
static void
uploads_try(void *arg)
{
	struct uploads	*u = arg;

	u->tries++;
	uploads_ask(u);
}

/*
 * The service
 */

static void
service_found(void *arg, const struct upload_service *service)
{
	struct uploads	*u = arg;
	char		 text[UPLOAD_ERR], domain[JID_MAX];

	u->search = NULL;
	if (service == NULL) {
		snprintf(text, sizeof(text), "%.128s has no service for "
		    "uploads (XEP-0363), or none that answers; send it without "
		    "-o upload", jid_domain(u->sender->app->jid, domain));
		uploads_failed(u, FAULT_PEER, text);
		return;
	}
	u->service = *service;
	u->known = 1;
	log_line(LOG_EVENT, "%s: files go to it by %s: that server can read "
	    "them, and so can all that have a link", u->sender->app->peer,
	    u->service.jid);
	uploads_try(u);
}

static void
uploads_find(struct uploads *u)
{
	struct app	*app = u->sender->app;
	char		 domain[JID_MAX];

	uploads_set_step(u, UPLOADS_FINDING);
	u->search = upload_find(app->iqs, jid_domain(app->jid, domain),
	    u->sender->file.size, app_deadline(app), service_found, u);
	if (u->search == NULL)
		uploads_failed(u, FAULT_LOCAL, "out of memory");
}

void
send_upload_offer(struct sender *s)
{
	struct uploads	*u = s->uploads;
	struct stat	 st;

	sender_set_phase(s, SEND_UPLOADING);
	u->tries = 0;
	if (fstat(s->fd, &st) == -1)
		uploads_failed(u, FAULT_LOCAL, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		uploads_failed(u, FAULT_USE, "it is no file, and an upload "
		    "needs one: write it to a file before");
	else if (!u->known)
		uploads_find(u);
	else
		uploads_later(u, 0);
}

void
uploads_back(struct uploads *u)
{
	if (u->step == UPLOADS_FINDING) {
		uploads_stop(u);
		uploads_find(u);
	} else if (u->step == UPLOADS_ASKING) {
		uploads_stop(u);
		uploads_ask(u);
	} else {
		links_back(u->links);
	}
}

int
uploads_over(struct uploads *u)
{
	return links_over(u->links);
}

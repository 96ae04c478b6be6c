/* upload: see upload.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ibb/items.h"
#include "ibb/upload.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/ns.h"
#include "xml/number.h"
#include "xml/stanza.h"
#include "xml/write.h"

/*
 * The service
 */

struct upload_search {
	struct items	*items;
	uint64_t	 size;
	int		 found;
	struct upload_service best;
	upload_found_fn	*fn;
	void		*arg;
};

void
upload_find_cancel(struct upload_search *s)
{
	if (s == NULL)
		return;
	items_cancel(s->items);
	free(s);
}

/* The value of a field of a form (XEP-0128); "" if it has none. */
static const char *
form_value(const struct elem *form, const char *var)
{
	const struct elem	*e;
	const char		*name;

	for (e = elem_child(form, NS_DATA, "field"); e != NULL;
	    e = elem_next(e, NS_DATA, "field"))
		if ((name = elem_attr(e, "var")) != NULL &&
		    strcmp(name, var) == 0)
			return elem_text(elem_child(e, NS_DATA, "value"));
	return "";
}

/* How large a file may be; UPLOAD_ANY if that is not said. */
static uint64_t
largest(const struct elem *query)
{
	const struct elem	*form;
	uint64_t		 max = UPLOAD_ANY;

	for (form = elem_child(query, NS_DATA, "x"); form != NULL;
	    form = elem_next(form, NS_DATA, "x"))
		if (strcmp(form_value(form, "FORM_TYPE"), NS_UPLOAD) == 0 &&
		    number_read(form_value(form, "max-file-size"), 0,
		    UINT64_MAX, &max) == 0)
			return max;
	return UPLOAD_ANY;
}

static void
upload_found(void *arg, const char *jid, const struct elem *query)
{
	struct upload_search	 copy, *s = arg;
	uint64_t		 max;

	if (query != NULL) {
		if (!items_feature(query, NS_UPLOAD))
			return;
		max = largest(query);
		/* The first that will do stays. */
		if (s->found && (s->best.max >= s->size || max <= s->best.max))
			return;
		s->found = 1;
		s->best.max = max;
		strlcpy(s->best.jid, jid, sizeof(s->best.jid));
		return;
	}
	copy = *s;
	free(s);
	copy.fn(copy.arg, copy.found ? &copy.best : NULL);
}

struct upload_search *
upload_find(struct iq_table *t, const char *server, uint64_t size,
    int64_t deadline, upload_found_fn *fn, void *arg)
{
	struct upload_search	*s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->size = size;
	s->fn = fn;
	s->arg = arg;
	s->items = items_ask(t, server, 1, deadline, upload_found, s);
	if (s->items == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

/*
 * A slot
 */

struct upload_ask {
	struct iq_table	*iqs;
	upload_slot_fn	*fn;
	void		*arg;
};

void
upload_ask_cancel(struct upload_ask *a)
{
	if (a == NULL)
		return;
	iq_forget(a->iqs, a);
	free(a);
}

/* Section 4: which fields a service may set. */
static int
header_allowed(const char *name)
{
	return strcasecmp(name, "Authorization") == 0 ||
	    strcasecmp(name, "Cookie") == 0 ||
	    strcasecmp(name, "Expires") == 0;
}

static int
has_controls(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return 1;
	return 0;
}

/* Take the fields that are allowed, in their order.  NULL, or what is wrong
 * with them: a line end in one could begin a field of its own. */
static const char *
take_headers(struct upload_slot *slot, const struct elem *put)
{
	const struct elem	*e;
	const char		*name;

	for (e = elem_child(put, NS_UPLOAD, "header"); e != NULL;
	    e = elem_next(e, NS_UPLOAD, "header")) {
		if ((name = elem_attr(e, "name")) == NULL ||
		    !header_allowed(name))
			continue;
		if (has_controls(elem_text(e)))
			return "a field of it has a line end in it";
		if (slot->nheaders == UPLOAD_HEADERS)
			return "it has too many fields";
		slot->headers[slot->nheaders++] = (struct upload_header){
		    name, elem_text(e) };
	}
	return NULL;
}

static void
take_slot(struct upload_slot *slot, const struct elem *e)
{
	const struct elem	*put = elem_child(e, NS_UPLOAD, "put");
	const char		*why;

	slot->put = elem_attr(put, "url");
	slot->get = elem_attr(elem_child(e, NS_UPLOAD, "get"), "url");
	if (slot->put == NULL || slot->get == NULL)
		why = "it lacks a URL";
	else
		why = take_headers(slot, put);
	slot->result = why == NULL ? UPLOAD_GRANTED : UPLOAD_NONSENSE;
	if (why != NULL)
		slot->text = why;
}

/* Section 5 */
static void
take_error(struct upload_slot *slot, const struct elem *answer)
{
	const struct elem	*error = elem_child(answer, NULL, "error");
	const struct elem	*large, *retry;

	large = elem_child(error, NS_UPLOAD, "file-too-large");
	retry = elem_child(error, NS_UPLOAD, "retry");
	slot->text = stanza_errortext(answer);
	slot->result = UPLOAD_REFUSED;
	if (large != NULL) {
		slot->result = UPLOAD_TOO_LARGE;
		if (number_read(elem_text(elem_child(large, NS_UPLOAD,
		    "max-file-size")), 0, UINT64_MAX, &slot->max) == -1)
			slot->max = UPLOAD_ANY;
	} else if (retry != NULL || slot->error == SE_BUSY ||
	    slot->error == SE_RESOURCE_CONSTRAINT) {
		slot->result = UPLOAD_LATER;
		if (elem_attr(retry, "stamp") != NULL)
			slot->stamp = elem_attr(retry, "stamp");
	}
}

static void
upload_answered(void *arg, const struct elem *answer)
{
	struct upload_ask	 copy, *a = arg;
	struct upload_slot	 slot = { .result = UPLOAD_SILENT,
				     .max = UPLOAD_ANY, .stamp = "",
				     .text = "" };

	if (answer != NULL) {
		slot.error = stanza_error(answer);
		if (slot.error == SE_NONE)
			take_slot(&slot, elem_child(answer, NS_UPLOAD,
			    "slot"));
		else
			take_error(&slot, answer);
	}
	copy = *a;
	free(a);
	copy.fn(copy.arg, &slot);
}

struct upload_ask *
upload_ask(struct iq_table *t, const char *service, const char *name,
    uint64_t size, const char *type, int64_t deadline, upload_slot_fn *fn,
    void *arg)
{
	struct upload_ask	*a;
	struct xw		*w;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return NULL;
	a->iqs = t;
	a->fn = fn;
	a->arg = arg;
	w = iq_request(t, "get", service);
	xw_start(w, "request", NS_UPLOAD);
	xw_attr(w, "filename", name);
	xw_attrf(w, "size", "%llu", (unsigned long long)size);
	xw_attr(w, "content-type", type);
	xw_end(w);
	if (iq_ask(t, upload_answered, a, deadline) == -1) {
		free(a);
		return NULL;
	}
	return a;
}

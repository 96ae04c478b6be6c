/*
 * si: offers of files and their answers, in stanzas (XEP-0095, XEP-0096) and in
 * streams between xcats.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/si.h"
#include "ibb/sid.h"
#include "ibb/words.h"
#include "xml/date.h"
#include "xml/elem.h"
#include "xml/ns.h"
#include "xml/number.h"
#include "xml/parse.h"
#include "xml/write.h"

#define FIELD		"stream-method"

static const struct {
	unsigned	 method;
	const char	*ns;
} methods[] = {		/* in the order of preference */
	{ SI_S5B, NS_BYTESTREAMS },
	{ SI_IBB, NS_IBB }
};

#define MD5_OF_NOTHING	"d41d8cd98f00b204e9800998ecf8427e"
#define NMETHODS (sizeof(methods) / sizeof(methods[0]))

/*
 * Sums
 */

/* Read an MD5 sum in hexadecimal; "" for any other text. */
static void
si_parse_hash(const char *s, struct si_file *f)
{
	size_t	 i;

	*f->hash = '\0';
	if (s == NULL || strlen(s) != SI_HASH - 1 ||
	    strspn(s, NUMBER_HEX_DIGITS) != SI_HASH - 1)
		return;
	f->algo = HASH_MD5;
	for (i = 0; i < SI_HASH; i++)
		f->hash[i] = (char)tolower((unsigned char)s[i]);
}

/*
 * The file (XEP-0096 section 3)
 */

static void
si_write_file(struct xw *w, const struct si_file *f, int xcat)
{
	char	 date[DATE_TEXT];

	xw_start(w, "file", NS_SI_FILE);
	xw_attr(w, "name", f->name);
	xw_attrf(w, "size", "%llu", (unsigned long long)f->size);
	if (f->dated)
		xw_attr(w, "date", date_text(f->date, date));
	if (*f->hash != '\0')
		xw_attr(w, "hash", f->hash);
	if (xcat && f->mode != -1)
		xw_attrf(w, "mode", "%o", (unsigned)f->mode);
	if (xcat && f->more > 0)
		xw_attrf(w, "more", "%llu", (unsigned long long)f->more);
	if (f->ranged)
		xw_elem(w, "range", NULL, NULL);
	xw_end(w);
}

/* QXmpp leaves the size of an empty file out, but gives its hash. */
static int
si_is_empty(const struct elem *e, const struct si_file *f)
{
	return elem_attr(e, "size") == NULL &&
	    strcmp(f->hash, MD5_OF_NOTHING) == 0;
}

/* Read a <file/>: 0, or -1 if it lacks what it must have. */
static int
si_parse_file(const struct elem *e, struct si_file *f)
{
	memset(f, 0, sizeof(*f));
	si_parse_hash(elem_attr(e, "hash"), f);
	if ((f->name = elem_attr(e, "name")) == NULL || (!si_is_empty(e, f) &&
	    elem_number(e, "size", 0, INT64_MAX, &f->size) == -1))
		return -1;
	f->dated = date_read(elem_attr(e, "date"), &f->date) == 0;
	f->ranged = elem_child(e, NS_SI_FILE, "range") != NULL;
	f->mode = number_mode(elem_attr(e, "mode"));
	if (elem_number(e, "more", 0, INT64_MAX, &f->more) == -1)
		f->more = 0;
	return 0;
}

/*
 * The form (XEP-0020)
 */

static const struct elem *
si_find_field(const struct elem *si, const char *type)
{
	const struct elem	*e, *x;
	const char		*var;

	e = elem_child(si, NS_FEATURE_NEG, "feature");
	if ((x = elem_child(e, NS_DATA, "x")) == NULL ||
	    !stanza_type(x, type))
		return NULL;
	for (e = elem_child(x, NS_DATA, "field"); e != NULL;
	    e = elem_next(e, NS_DATA, "field"))
		if ((var = elem_attr(e, "var")) != NULL &&
		    strcmp(var, FIELD) == 0)
			return e;
	return NULL;
}

static unsigned
si_method_of(const struct elem *value)
{
	size_t	 i;

	for (i = 0; i < NMETHODS; i++)
		if (strcmp(elem_text(value), methods[i].ns) == 0)
			return methods[i].method;
	return 0;
}

static unsigned
si_offered_methods(const struct elem *field)
{
	const struct elem	*e;
	unsigned		 set = 0;

	for (e = elem_child(field, NS_DATA, "option"); e != NULL;
	    e = elem_next(e, NS_DATA, "option"))
		set |= si_method_of(elem_child(e, NS_DATA, "value"));
	return set;
}

static void
si_start_field(struct xw *w, const char *type)
{
	xw_start(w, "feature", NS_FEATURE_NEG);
	xw_start(w, "x", NS_DATA);
	xw_attr(w, "type", type);
	xw_start(w, "field", NULL);
	xw_attr(w, "var", FIELD);
}

static void
si_end_field(struct xw *w)
{
	xw_end(w);
	xw_end(w);
	xw_end(w);
}

/*
 * The receiver
 */

static int
si_refused(struct iq_table *t, const struct elem *iq, enum si_refusal why)
{
	si_refuse(t, elem_attr(iq, "from"), elem_attr(iq, "id"), why, NULL);
	return -1;
}

int
si_parse(struct iq_table *t, const struct elem *iq, struct si_offer *o)
{
	const struct elem	*si = elem_child(iq, NS_SI, "si"), *field;
	const char		*profile = elem_attr(si, "profile");

	if (!stanza_is(iq, "iq") || !stanza_type(iq, "set") || si == NULL)
		return 0;
	memset(o, 0, sizeof(*o));
	o->from = elem_attr(iq, "from");
	o->id = elem_attr(iq, "id");
	o->sid = elem_attr(si, "id");
	if (o->from == NULL || o->id == NULL || o->sid == NULL ||
	    *o->sid == '\0' || strlen(o->sid) > STREAM_SID_MAX)
		return si_refused(t, iq, SI_BAD_REQUEST);
	if (profile == NULL || strcmp(profile, NS_SI_FILE) != 0 ||
	    si_parse_file(elem_child(si, NS_SI_FILE, "file"), &o->file) == -1)
		return si_refused(t, iq, SI_BAD_PROFILE);
	if ((field = si_find_field(si, "form")) != NULL)
		o->methods = si_offered_methods(field);
	if (o->methods == 0)
		return si_refused(t, iq, SI_NO_STREAMS);
	return 1;
}

int
si_accept(struct iq_table *t, const char *from, const char *id,
    unsigned method, uint64_t offset)
{
	struct xw	*w = iq_resultto(t, from, id);

	xw_start(w, "si", NS_SI);
	if (offset > 0) {
		xw_start(w, "file", NS_SI_FILE);
		xw_start(w, "range", NULL);
		xw_attrf(w, "offset", "%llu", (unsigned long long)offset);
		xw_end(w);
		xw_end(w);
	}
	si_start_field(w, "submit");
	xw_elem(w, "value", NULL, method == SI_S5B ? NS_BYTESTREAMS : NS_IBB);
	si_end_field(w);
	return iq_send(t);
}

/* Two of the reasons have a condition of SI's own (XEP-0095 section 4.2). */
void
si_refuse(struct iq_table *t, const char *from, const char *id,
    enum si_refusal why, const char *text)
{
	static const enum stanza_error	 errors[] = {
		[SI_DECLINED] = SE_FORBIDDEN,
		[SI_BAD_REQUEST] = SE_BAD_REQUEST,
		[SI_BAD_PROFILE] = SE_BAD_REQUEST,
		[SI_NO_STREAMS] = SE_BAD_REQUEST,
		[SI_BUSY] = SE_BUSY,
		[SI_TOO_LARGE] = SE_NOT_ACCEPTABLE,
	};
	const char	*own = why == SI_BAD_PROFILE ? "bad-profile" :
			    why == SI_NO_STREAMS ? "no-valid-streams" : NULL;
	struct xw	*w;

	if (own == NULL) {
		iq_refuseto(t, from, id, errors[why], text);
		return;
	}
	w = iq_errorto(t, from, id);
	xw_start(w, "error", NULL);
	xw_attr(w, "type", why == SI_BAD_PROFILE ? "modify" : "cancel");
	xw_elem(w, "bad-request", NS_STANZA_ERROR, NULL);
	if (text != NULL)
		xw_elem(w, "text", NS_STANZA_ERROR, text);
	xw_elem(w, own, NS_SI, NULL);
	xw_end(w);
	iq_post(t);
}

/*
 * The sender
 */

int
si_offer(struct iq_table *t, const char *peer, const char *sid,
    const char *mime, const struct si_file *f, unsigned set,
    iq_answer_fn *fn, void *arg, int64_t deadline)
{
	struct xw	*w = iq_request(t, "set", peer);
	size_t		 i;

	xw_start(w, "si", NS_SI);
	xw_attr(w, "id", sid);
	xw_attr(w, "mime-type", mime);
	xw_attr(w, "profile", NS_SI_FILE);
	si_write_file(w, f, 0);
	si_start_field(w, "form");
	xw_attr(w, "type", "list-single");
	for (i = 0; i < NMETHODS; i++)
		if (set & methods[i].method) {
			xw_start(w, "option", NULL);
			xw_elem(w, "value", NULL, methods[i].ns);
			xw_end(w);
		}
	si_end_field(w);
	return iq_ask(t, fn, arg, deadline);
}

/* Read the <range/> that is asked for (XEP-0096 section 3.2); NULL: all of the
 * file.  0, or -1 if it is not in the file. */
static int
si_parse_range(const struct elem *range, uint64_t size, uint64_t *offset,
    uint64_t *length)
{
	*offset = 0;
	if (elem_attr(range, "offset") != NULL &&
	    elem_number(range, "offset", 0, size, offset) == -1)
		return -1;
	*length = size - *offset;
	if (elem_attr(range, "length") != NULL &&
	    elem_number(range, "length", 0, *length, length) == -1)
		return -1;
	return 0;
}

void
si_answer(const struct elem *answer, const struct si_file *f, unsigned set,
    struct si_answer *a)
{
	const struct elem	*si = elem_child(answer, NS_SI, "si"), *range;
	unsigned		 method;

	memset(a, 0, sizeof(*a));
	a->text = "";
	if (answer == NULL)
		return;
	a->err = stanza_error(answer);
	a->no_streams = elem_child(elem_child(answer, NULL, "error"), NS_SI,
	    "no-valid-streams") != NULL;
	if (a->err != SE_NONE) {
		a->text = stanza_errortext(answer);
		return;
	}
	range = elem_child(elem_child(si, NS_SI_FILE, "file"), NS_SI_FILE,
	    "range");
	method = si_method_of(elem_child(si_find_field(si, "submit"), NS_DATA,
	    "value"));
	if (range != NULL && !f->ranged)
		range = NULL;
	if (si_parse_range(range, f->size, &a->offset, &a->length) == 0 &&
	    (method & set) != 0)
		a->method = method;
	else
		a->text = method == 0 ? "it names no kind of stream" :
		    (method & set) == 0 ? "it chose what was not offered" :
		    "it wants a part that the file has not";
}

/*
 * Between two xcats
 */

int
si_say_file(struct buf *out, const struct si_file *f)
{
	struct xw	 w;
	size_t		 begin;

	if (words_begin(out, &w, &begin) == -1)
		return -1;
	si_write_file(&w, f, 1);
	return words_end(out, &w, begin);
}

int
si_say_range(struct buf *out, uint64_t offset)
{
	struct xw	 w;
	size_t		 begin;

	if (words_begin(out, &w, &begin) == -1)
		return -1;
	xw_start(&w, "range", NS_SI_FILE);
	xw_attrf(&w, "offset", "%llu", (unsigned long long)offset);
	return words_end(out, &w, begin);
}

static int
si_say_text(struct buf *out, const char *name, const char *text)
{
	struct xw	 w;
	size_t		 begin;

	if (words_begin(out, &w, &begin) == -1)
		return -1;
	xw_elem(&w, name, NS_XCAT, text);
	return words_end(out, &w, begin);
}

int
si_say_refused(struct buf *out, const char *text)
{
	return si_say_text(out, "refused", text);
}

int
si_say_wrong(struct buf *out, const char *text)
{
	return si_say_text(out, "wrong", text);
}

enum si_word
si_hear(const unsigned char *data, size_t len, size_t *used, struct elem **e,
    struct si_file *f, uint64_t *offset, const char **text)
{
	int		 n = words_length(data, len);
	struct parse	*p;

	*e = NULL;
	if (n <= 0 || (size_t)n > len)
		return n == -1 ? SI_NONSENSE : SI_MORE;
	*used = (size_t)n;
	if ((p = words_parser()) != NULL)
		*e = words_parse(p, data + WORDS_HEAD, *used - WORDS_HEAD);
	parse_free(p);
	if (*e == NULL)
		return SI_NONSENSE;
	*text = elem_text(*e);
	if (elem_is(*e, NS_SI_FILE, "file"))
		return si_parse_file(*e, f) == 0 ? SI_FILE : SI_NONSENSE;
	if (elem_is(*e, NS_SI_FILE, "range"))
		return elem_number(*e, "offset", 0, INT64_MAX, offset) == 0 ?
		    SI_RANGE : SI_NONSENSE;
	return elem_is(*e, NS_XCAT, "refused") ? SI_REFUSED :
	    elem_is(*e, NS_XCAT, "wrong") ? SI_WRONG : SI_NONSENSE;
}

/* folder_words: the words of a stream that carries a folder; see
 * folder_words.h. */
#include <stdlib.h>
#include <string.h>

#include "ibb/folder_words.h"
#include "ibb/words.h"
#include "xml/buf.h"
#include "xml/date.h"
#include "xml/elem.h"
#include "xml/ns.h"
#include "xml/number.h"
#include "xml/parse.h"
#include "xml/write.h"

#define PIECE_BIT	0x80	/* of the first byte of a head */
#define HASH_DIGITS	64	/* of FOLDER_HASH in hexadecimal */

struct folder_reader {
	struct parse	*parse;
	struct elem	*e;	/* the last word, or NULL */
	struct buf	 part;	/* of a head or word that has not come whole */
	size_t		 piece;	/* bytes of a piece that are still to come */
};

/* What a word is called, and what it must have. */
enum {
	NEEDS_NAME = 1,
	NEEDS_SIZE = 2,
	NEEDS_OFFSET = 4
};

static const struct {
	const char	*name;
	enum folder_kind kind;
	unsigned	 needs;
} kinds[] = {
	{ "file", FOLDER_FILE, NEEDS_NAME | NEEDS_SIZE },
	{ "end", FOLDER_END, 0 },
	{ "range", FOLDER_RANGE, NEEDS_OFFSET },
	{ "directory", FOLDER_DIRECTORY, NEEDS_NAME },
	{ "folder", FOLDER_FOLDER, NEEDS_NAME },
	{ "done", FOLDER_DONE, 0 },
	{ "over", FOLDER_OVER, 0 },
	{ "refused", FOLDER_REFUSED, 0 },
	{ "wrong", FOLDER_WRONG, NEEDS_NAME },
	{ "kept", FOLDER_KEPT, NEEDS_NAME }
};

#define NKINDS	(sizeof(kinds) / sizeof(kinds[0]))

/*
 * Saying
 */

static void
word_write(struct xw *x, const struct folder_word *w, size_t k)
{
	char	 date[DATE_TEXT];

	xw_start(x, kinds[k].name, NS_XCAT);
	xw_attr(x, "name", w->name);
	if (kinds[k].needs & NEEDS_SIZE || w->size > 0)
		xw_attrf(x, "size", "%llu", (unsigned long long)w->size);
	if (kinds[k].needs & NEEDS_OFFSET)
		xw_attrf(x, "offset", "%llu", (unsigned long long)w->offset);
	if (w->dated)
		xw_attr(x, "date", date_text(w->date, date));
	if (w->mode != -1)
		xw_attrf(x, "mode", "%o", (unsigned)w->mode);
	if (w->more > 0)
		xw_attrf(x, "more", "%llu", (unsigned long long)w->more);
	if (*w->hash != '\0')
		xw_attr(x, "hash", w->hash);
	if (w->text != NULL)
		xw_text(x, w->text);
}

int
folder_say(struct buf *out, const struct folder_word *w)
{
	size_t		 begin, k = 0;
	struct xw	 x;

	while (k < NKINDS && kinds[k].kind != w->kind)
		k++;
	if (k == NKINDS || words_begin(out, &x, &begin) == -1)
		return -1;
	word_write(&x, w, k);
	return words_end(out, &x, begin);
}

void
folder_piece(size_t len, unsigned char *out)
{
	out[0] = PIECE_BIT;
	out[1] = (unsigned char)(len >> 16);
	out[2] = (unsigned char)(len >> 8);
	out[3] = (unsigned char)len;
}

/*
 * Hearing
 */

struct folder_reader *
folder_reader_new(void)
{
	struct folder_reader	*r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	if ((r->parse = words_parser()) == NULL) {
		free(r);
		return NULL;
	}
	buf_init(&r->part, WORDS_HEAD + WORDS_MAX);
	return r;
}

void
folder_reader_free(struct folder_reader *r)
{
	if (r == NULL)
		return;
	elem_free(r->e);
	parse_free(r->parse);
	buf_free(&r->part);
	free(r);
}

static int
word_read_hash(const char *s, char out[HASH_HEX])
{
	*out = '\0';
	if (s == NULL)
		return 0;
	if (strlen(s) != HASH_DIGITS ||
	    strspn(s, NUMBER_HEX_LOWER) != HASH_DIGITS)
		return -1;
	strlcpy(out, s, HASH_HEX);
	return 0;
}

/* Read what an element says: 0, or -1 if it lacks what it must have. */
static int
word_read(const struct elem *e, unsigned needs, struct folder_word *w)
{
	w->name = elem_attr(e, "name");
	w->text = elem_text(e);
	w->dated = date_read(elem_attr(e, "date"), &w->date) == 0;
	w->mode = number_mode(elem_attr(e, "mode"));
	if (elem_number(e, "more", 0, INT64_MAX, &w->more) == -1)
		w->more = 0;
	if (elem_number(e, "size", 0, INT64_MAX, &w->size) == -1 &&
	    needs & NEEDS_SIZE)
		return -1;
	if ((needs & NEEDS_NAME && w->name == NULL) ||
	    (needs & NEEDS_OFFSET &&
	    elem_number(e, "offset", 0, INT64_MAX, &w->offset) == -1))
		return -1;
	return word_read_hash(elem_attr(e, "hash"), w->hash);
}

static enum folder_kind
word_hear(struct folder_reader *r, const unsigned char *data, size_t len,
    struct folder_word *w)
{
	size_t	 k;

	elem_free(r->e);
	if ((r->e = words_parse(r->parse, data, len)) == NULL)
		return FOLDER_NONSENSE;
	for (k = 0; k < NKINDS; k++)
		if (elem_is(r->e, NS_XCAT, kinds[k].name))
			break;
	if (k == NKINDS || word_read(r->e, kinds[k].needs, w) == -1)
		return FOLDER_NONSENSE;
	return kinds[k].kind;
}

/* How many bytes the word at data takes, its head included, or the head of a
 * piece, of which r->piece bytes follow: 0 if the len bytes do not tell, -1 if
 * it makes no sense. */
static int
head_length(struct folder_reader *r, const unsigned char *data, size_t len)
{
	size_t	 n;

	if (len < FOLDER_HEAD || (data[0] & PIECE_BIT) == 0)
		return words_length(data, len);
	n = (size_t)(data[0] & ~PIECE_BIT) << 24 | (size_t)data[1] << 16 |
	    (size_t)data[2] << 8 | (size_t)data[3];
	if (n == 0 || n > FOLDER_PIECE)
		return -1;
	r->piece = n;
	return FOLDER_HEAD;
}

static enum folder_kind
piece_hear(struct folder_reader *r, const unsigned char *data, size_t len,
    size_t *used, struct folder_word *w)
{
	w->data = data;
	w->len = len < r->piece ? len : r->piece;
	r->piece -= w->len;
	*used += w->len;
	return w->kind = w->len > 0 ? FOLDER_DATA : FOLDER_MORE;
}

/* The word is not whole, or its beginning has come before: it is put together
 * in r->part.  Returns FOLDER_DATA if that was the head of a piece. */
static enum folder_kind
part_hear(struct folder_reader *r, const unsigned char *data, size_t len,
    size_t *used, struct folder_word *w)
{
	enum folder_kind kind;
	int		 n = head_length(r, buf_data(&r->part),
			     buf_len(&r->part));
	size_t		 want = n > 0 ? (size_t)n : FOLDER_HEAD, take;

	while (buf_len(&r->part) < want && *used < len) {
		take = want - buf_len(&r->part);
		if (take > len - *used)
			take = len - *used;
		if (buf_add(&r->part, data + *used, take) == -1)
			return FOLDER_NONSENSE;
		*used += take;
		n = head_length(r, buf_data(&r->part), buf_len(&r->part));
		if (n == -1)
			return FOLDER_NONSENSE;
		want = n > 0 ? (size_t)n : FOLDER_HEAD;
	}
	if (buf_len(&r->part) < want)
		return FOLDER_MORE;
	kind = r->piece > 0 ? FOLDER_DATA : word_hear(r,
	    buf_data(&r->part) + FOLDER_HEAD, want - FOLDER_HEAD, w);
	buf_truncate(&r->part, 0);
	return kind;
}

enum folder_kind
folder_hear(struct folder_reader *r, const unsigned char *data, size_t len,
    size_t *used, struct folder_word *w)
{
	int	 n;

	memset(w, 0, sizeof(*w));
	w->mode = -1;
	*used = 0;
	if (r->piece > 0)
		return piece_hear(r, data, len, used, w);
	n = buf_len(&r->part) > 0 ? 0 : head_length(r, data, len);
	if (n == -1)
		return w->kind = FOLDER_NONSENSE;
	if (r->piece == 0 && n > 0 && (size_t)n <= len) {
		*used = (size_t)n;
		return w->kind = word_hear(r, data + FOLDER_HEAD,
		    (size_t)n - FOLDER_HEAD, w);
	}
	if (r->piece > 0)
		*used = FOLDER_HEAD;
	else if ((w->kind = part_hear(r, data, len, used, w)) != FOLDER_DATA)
		return w->kind;
	return piece_hear(r, data + *used, len - *used, used, w);
}

/*
 * Unit tests of the words of folders (ibb/folder_words.h): what is said is
 * heard, however it is cut, and nothing else is.
 */
#include <string.h>

#include "ibb/folder_words.h"
#include "t/lib/engine.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "xml/buf.h"

#define ROOM	(1024 * 1024)

static const struct folder_word	 words[] = {
	{ .kind = FOLDER_FOLDER, .name = "photos", .size = 12345, .dated = 1,
	    .date = 981173106, .mode = 0755, .more = 2 },
	{ .kind = FOLDER_FILE, .name = "a/b & <c> \"d\" '%41' %01 \xc3\xa4",
	    .size = 0, .dated = 1, .date = 0, .mode = 0400 },
	{ .kind = FOLDER_FILE, .name = "x", .size = INT64_MAX, .mode = -1 },
	{ .kind = FOLDER_END, .mode = -1, .hash =
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	    },
	{ .kind = FOLDER_END, .mode = -1 },
	{ .kind = FOLDER_DIRECTORY, .name = "a", .dated = 1, .date = 77,
	    .mode = 0 },
	{ .kind = FOLDER_DONE, .mode = -1 },
	{ .kind = FOLDER_OVER, .mode = -1 },
	{ .kind = FOLDER_RANGE, .offset = 4096, .mode = -1 },
	{ .kind = FOLDER_REFUSED, .name = "a", .text = "no & <never>",
	    .mode = -1 },
	{ .kind = FOLDER_REFUSED, .text = "too large", .mode = -1 },
	{ .kind = FOLDER_WRONG, .name = "b", .mode = -1 },
	{ .kind = FOLDER_KEPT, .name = "photos.1", .mode = -1 },
};

static int
same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static int
same(const struct folder_word *a, const struct folder_word *b)
{
	return a->kind == b->kind && same_text(a->name, b->name) &&
	    same_text(a->text, b->text) && a->size == b->size &&
	    a->offset == b->offset && a->more == b->more &&
	    a->dated == b->dated && (!a->dated || a->date == b->date) &&
	    a->mode == b->mode && strcmp(a->hash, b->hash) == 0;
}

/* All words, with a piece behind each, in steps of so many bytes. */
static void
test_all(size_t step)
{
	static unsigned char	 piece[FOLDER_PIECE];
	struct folder_reader	*r = folder_reader_new();
	struct folder_word	 w;
	enum folder_kind	 kind;
	struct buf		 b;
	unsigned char		 head[FOLDER_HEAD];
	size_t			 i, at = 0, end = 0, used, got = 0, good = 0;

	buf_init(&b, 4 * ROOM);
	memset(piece, '<', sizeof(piece));
	for (i = 0; i < N(words); i++) {
		must(folder_say(&b, &words[i]) == 0);
		folder_piece(i == 3 ? sizeof(piece) : i + 1, head);
		must(buf_add(&b, head, sizeof(head)) == 0);
		must(buf_add(&b, piece, i == 3 ? sizeof(piece) : i + 1) == 0);
	}
	for (i = 0; at < buf_len(&b);) {
		end = end + step < buf_len(&b) ? end + step : buf_len(&b);
		while (at < end) {
			kind = folder_hear(r, buf_data(&b) + at, end - at,
			    &used, &w);
			at += used;
			if (kind == FOLDER_MORE && at == end)
				break;
			if (kind == FOLDER_NONSENSE || used == 0)
				goto out;
			if (kind == FOLDER_DATA)
				got += w.len;
			else if (kind != FOLDER_MORE && i < N(words))
				good += same(&w, &words[i++]);
		}
	}
out:
	is_int((long long)good, N(words), "words in steps of %zu", step);
	is_int((long long)got, FOLDER_PIECE + 13 * 14 / 2 - 4,
	    "pieces in steps of %zu", step);
	buf_free(&b);
	folder_reader_free(r);
}

static enum folder_kind
hear_one(const char *xml)
{
	struct folder_reader	*r = folder_reader_new();
	struct folder_word	 w;
	unsigned char		 data[FOLDER_HEAD + 32768];
	enum folder_kind	 kind;
	size_t			 len = strlen(xml), used;

	data[0] = 0;
	data[1] = (unsigned char)(len >> 16);
	data[2] = (unsigned char)(len >> 8);
	data[3] = (unsigned char)len;
	memcpy(data + FOLDER_HEAD, xml, len);
	kind = folder_hear(r, data, FOLDER_HEAD + len, &used, &w);
	folder_reader_free(r);
	return kind;
}

static void
test_nonsense(void)
{
	static const char *const nonsense[] = {
		"", " ", "x", "<file", "<file/>",
		"<file xmlns='urn:xcat:0'/>",
		"<file xmlns='urn:xcat:0' name='a'/>",
		"<file xmlns='urn:xcat:0' name='a' size='-1'/>",
		"<file xmlns='urn:xcat:0' size='1'/>",
		"<file xmlns='urn:xcat:1' name='a' size='1'/>",
		"<file xmlns='urn:xcat:0' name='a' size='1'>",
		"<file xmlns='urn:xcat:0' name='a' size='1'/>x",
		"<done xmlns='urn:xcat:0'/><done xmlns='urn:xcat:0'/>",
		"<done xmlns='urn:xcat:0'/> ", "<done xmlns='urn:xcat:0'/><a",
		"</stream>", "<done xmlns='urn:xcat:0'/></stream>",
		"<!-- --><done xmlns='urn:xcat:0'/>",
		"<end xmlns='urn:xcat:0' hash='abc'/>",
		"<range xmlns='urn:xcat:0'/>",
		"<range xmlns='urn:xcat:0' offset='18446744073709551615'/>",
		"<kept xmlns='urn:xcat:0'/>",
		"<unheard-of xmlns='urn:xcat:0' name='a'/>",
		"<file xmlns='urn:xcat:0' name='\x01' size='1'/>",
		"<file xmlns='urn:xcat:0' name='&#1;' size='1'/>",
		"<file xmlns='urn:xcat:0' name='&#0;' size='1'/>",
		"<file xmlns='urn:xcat:0' name='\xff' size='1'/>",
	};
	static char	 large[20000];
	size_t		 i;

	for (i = 0; i < N(nonsense); i++)
		is_int(hear_one(nonsense[i]), FOLDER_NONSENSE, "nonsense: %s",
		    nonsense[i]);
	is_int(hear_one("<file xmlns='urn:xcat:0' name='a' size='1'/>"),
	    FOLDER_FILE, "and what makes sense");
	memset(large, ' ', sizeof(large) - 1);
	is_int(hear_one(large), FOLDER_NONSENSE, "too large a word");
}

int
main(void)
{
	static const size_t	 steps[] = { 1, 2, 3, 4, 5, 7, 100, 1000, 4096,
					 ROOM };
	size_t			 i;

	for (i = 0; i < N(steps); i++)
		test_all(steps[i]);
	test_nonsense();
	return tap_done();
}

/*
 * Fuzzing of what peers say of files: an offer by SI, the answer to ours, and
 * a word between two xcats.  The input is the inside of the <iq/>, or of the
 * stream.  Whatever it is, an offer is taken, refused once or not ours; a part
 * that is asked for is one that the file has; a name for a file harms nobody.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/si.h"
#include "net/file/filename.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"

#define INPUT	8192
#define SIZE	1000

static const struct si_file	 ours = { .name = "x", .size = SIZE,
				    .ranged = 1, .mode = -1 };
static int	 calls;

static void
check_name(const char *given)
{
	char	 name[FILE_NAME];
	size_t	 i;

	file_name(given, name);
	must(*name != '\0' && *name != '.' && *name != '-' &&
	    strpbrk(name, "/\\") == NULL && strlen(name) < FILE_NAME);
	for (i = 0; name[i] != '\0'; i++)
		must((unsigned char)name[i] >= ' ' && name[i] != 0x7f);
}

static void
check_file(const struct si_file *f)
{
	must(f->size <= INT64_MAX && f->mode >= -1 && f->mode <= 07777);
	must(*f->hash == '\0' || strlen(f->hash) == SI_HASH - 1);
	check_name(f->name);
}

/* What is said of a file is what is heard. */
static void
say(const struct si_file *f)
{
	struct buf	 b;
	struct si_file	 again;
	struct elem	*e;
	const char	*text;
	size_t		 used;
	uint64_t	 offset;

	buf_init(&b, 1 << 16);
	if (si_say_file(&b, f) == 0) {
		must(si_hear(buf_data(&b), buf_len(&b), &used, &e, &again,
		    &offset, &text) == SI_FILE && used == buf_len(&b));
		must(strcmp(again.name, f->name) == 0 && again.size ==
		    f->size && again.mode == f->mode);
		elem_free(e);
	}
	buf_truncate(&b, 0);
	must(si_say_range(&b, f->size) == 0 && si_hear(buf_data(&b),
	    buf_len(&b), &used, &e, &again, &offset, &text) == SI_RANGE &&
	    offset == f->size);
	elem_free(e);
	buf_truncate(&b, 0);
	if (si_say_refused(&b, f->name) == 0) {
		must(si_hear(buf_data(&b), buf_len(&b), &used, &e, &again,
		    &offset, &text) == SI_REFUSED);
		elem_free(e);
	}
	buf_truncate(&b, 0);
	if (si_say_wrong(&b, f->name) == 0) {
		must(si_hear(buf_data(&b), buf_len(&b), &used, &e, &again,
		    &offset, &text) == SI_WRONG);
		elem_free(e);
	}
	buf_free(&b);
}

static void
try_offer(struct iq_table *t, const uint8_t *data, size_t size)
{
	struct elem	*e = stanza_iq("set", "p@q/r", data, size);
	struct si_offer	 o;
	int		 r;

	if (e == NULL)
		return;
	stanza_count = 0;
	r = si_parse(t, e, &o);
	must(stanza_count == (r == -1));
	if (r == 1) {
		must(o.methods != 0 && *o.sid != '\0');
		check_file(&o.file);
		say(&o.file);
		must(si_accept(t, "p@q/r", "i", SI_IBB, o.file.size / 2) ==
		    0);
	}
	elem_free(e);
}

static void
on_answer(void *arg, const struct elem *answer)
{
	struct si_answer	 a;

	(void)arg;
	calls++;
	si_answer(answer, &ours, SI_IBB, &a);
	must(a.text != NULL);
	must(a.method == 0 || (a.method == SI_IBB && a.offset <= SIZE &&
	    a.length <= SIZE - a.offset));
}

static void
try_answer(struct iq_table *t, const uint8_t *data, size_t size)
{
	struct elem	*e;

	calls = 0;
	must(si_offer(t, "p@q/r", "s", NULL, &ours, SI_IBB, on_answer, NULL,
	    1) == 0);
	if ((e = stanza_iq("result", "p@q/r", data, size)) != NULL)
		iq_answer(t, e);
	elem_free(e);
	iq_expire(t, 2);
	must(calls == 1);
}

static void
try_word(const uint8_t *data, size_t size)
{
	uint8_t		*word = malloc(size + 4);
	struct si_file	 f;
	struct elem	*e;
	const char	*text;
	size_t		 used;
	uint64_t	 offset;

	must(word != NULL);
	word[0] = word[1] = 0;
	word[2] = (uint8_t)(size >> 8);
	word[3] = (uint8_t)size;
	memcpy(word + 4, data, size);
	if (si_hear(word, size + 4, &used, &e, &f, &offset, &text) ==
	    SI_FILE) {
		must(used == size + 4);
		check_file(&f);
	}
	elem_free(e);
	si_hear(data, size, &used, &e, &f, &offset, &text);
	elem_free(e);
	free(word);
}

int
fuzz_si(const uint8_t *data, size_t size)
{
	struct iq_table	*t;
	char		*name;

	if (size > INPUT)
		return 0;
	must((t = iq_new(stanza_take, NULL)) != NULL);
	must(iq_setjid(t, "us@here/x") == 0);
	*stanza_sent = '\0';
	try_offer(t, data, size);
	try_answer(t, data, size);
	try_word(data, size);
	must((name = strndup((const char *)data, size)) != NULL);
	check_name(name);
	free(name);
	iq_free(t);
	return 0;
}

/* folders.h says what this is. */
#include <sys/types.h>
#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/file/sum.h"
#include "t/lib/files.h"
#include "t/lib/folders.h"
#include "t/lib/must.h"
#include "xml/base64.h"
#include "xml/buf.h"

#define BLOCK	4096
#define MOST	(512 * 1024)	/* bytes that are said or heard at a time */
#define FEATURES "<query xmlns='http://jabber.org/protocol/disco#info'>" \
	"<feature var='urn:xcat:0#file'/><feature var='urn:xcat:0#folder'/>" \
	"</query>"
#define PLAIN	"<plain xmlns='urn:xcat:0'%s/>"

static struct folder_reader *reader;
static struct buf	 to, heard;
static char		 sid[64];
static unsigned		 seq;

/*
 * What the run says
 */

static void
note_word(const struct folder_word *w)
{
	switch (w->kind) {
	case FOLDER_FOLDER:
		must(buf_printf(&heard, "folder %s;", w->name) == 0);
		break;
	case FOLDER_FILE:
		must(buf_printf(&heard, "file %s %llu;", w->name,
		    (unsigned long long)w->size) == 0);
		break;
	case FOLDER_DIRECTORY:
		must(buf_printf(&heard, "directory %s;", w->name) == 0);
		break;
	case FOLDER_END:
		must(buf_printf(&heard, "end%s;", *w->hash != '\0' ? "" :
		    " without") == 0);
		break;
	case FOLDER_DATA:
		must(buf_printf(&heard, "%zu bytes;", w->len) == 0);
		break;
	case FOLDER_DONE:
		must(buf_addstr(&heard, "done;") == 0);
		break;
	case FOLDER_OVER:
		must(buf_addstr(&heard, "over;") == 0);
		break;
	case FOLDER_RANGE:
		must(buf_printf(&heard, "range %llu;",
		    (unsigned long long)w->offset) == 0);
		break;
	case FOLDER_REFUSED:
		must(buf_printf(&heard, "refused %s: %s;", w->name != NULL ?
		    w->name : "all", w->text != NULL ? w->text : "") == 0);
		break;
	case FOLDER_WRONG:
		must(buf_printf(&heard, "wrong %s;", w->name) == 0);
		break;
	case FOLDER_KEPT:
		must(buf_printf(&heard, "kept %s;", w->name) == 0);
		break;
	default:
		must(0);
	}
}

/* A block of the run's: what it says always makes sense. */
static void
note_block(const char *base64)
{
	static unsigned char	 block[65536];
	struct folder_word	 w;
	size_t			 len, at, used;

	must(base64_decode(block, sizeof(block), &len, base64,
	    strcspn(base64, "<")) == 0);
	for (at = 0; at < len; at += used) {
		if (folder_hear(reader, block + at, len - at, &used, &w) !=
		    FOLDER_MORE)
			note_word(&w);
		must(used > 0);
	}
}

/* The value of this attribute, which is there. */
static const char *
value(const char *xml, const char *name)
{
	const char	*p = strstr(xml, name);

	must(p != NULL);
	p += strlen(name);
	return format("%.*s", (int)strcspn(p, "'"), p);
}

static void
answer(const char *xml, const char *inside)
{
	const char	*id = value(xml, " id='");

	if (*inside == '\0')
		files_hear(PEER, format(RESULT, id));
	else
		files_hear(PEER, format("<iq type='result' id='%s'>%s</iq>",
		    id, inside));
}

static void
take_request(const char *xml)
{
	const char	*p;

	if ((p = strstr(xml, "<data ")) != NULL) {
		note_block(strchr(p, '>') + 1);
		answer(xml, "");
	} else if (strstr(xml, "<close ") != NULL) {
		must(buf_addstr(&heard, "closed;") == 0);
		answer(xml, "");
	} else if ((p = strstr(xml, "<open ")) != NULL) {
		strlcpy(sid, value(p, " sid='"), sizeof(sid));
		answer(xml, format(PLAIN, ""));
	} else if (strstr(xml, "disco#info") != NULL) {
		answer(xml, FEATURES);
	}
}

/* Hear all that the run has to say, and answer it. */
static void
hear_all(void)
{
	char	*xml;

	while ((xml = next_letter(&us)) != NULL) {
		if (strstr(xml, " type='set'") != NULL ||
		    strstr(xml, " type='get'") != NULL)
			take_request(xml);
		free(xml);
	}
}

const char *
folders_heard(void)
{
	static char	 text[MOST + 1];

	hear_all();
	memcpy(text, buf_data(&heard), buf_len(&heard));
	text[buf_len(&heard)] = '\0';
	buf_truncate(&heard, 0);
	return text;
}

/*
 * What the peer says
 */

void
folders_say(const struct folder_word *w)
{
	must(folder_say(&to, w) == 0);
}

void
folders_say_xml(const char *xml)
{
	const size_t		 len = strlen(xml);
	const unsigned char	 head[FOLDER_HEAD] = { 0,
		(unsigned char)(len >> 16), (unsigned char)(len >> 8),
		(unsigned char)len };

	folders_say_bytes(head, sizeof(head));
	folders_say_bytes(xml, len);
}

void
folders_say_piece(const void *data, size_t len)
{
	unsigned char	 head[FOLDER_HEAD];

	folder_piece(len, head);
	folders_say_bytes(head, sizeof(head));
	folders_say_bytes(data, len);
}

void
folders_say_bytes(const void *data, size_t len)
{
	must(buf_add(&to, data, len) == 0);
}

void
folders_say_file(const char *name, unsigned long long size)
{
	const struct folder_word	 w = { .kind = FOLDER_FILE,
		.name = name, .size = size, .dated = 1, .date = 1000,
		.mode = 0644 };

	folders_say(&w);
}

void
folders_say_end(const void *data, size_t len)
{
	struct folder_word	 w = { .kind = FOLDER_END, .mode = -1 };
	struct sum		*s = sum_new(FOLDER_HASH);

	must(s != NULL && sum_add(s, data, len) == 0);
	sum_end(s, w.hash);
	sum_free(s);
	folders_say(&w);
}

void
folders_pass(size_t step)
{
	size_t	 n;

	while ((n = buf_len(&to)) > 0) {
		if (n > step)
			n = step;
		files_ask(PEER, data_xml(sid, format("%u", seq++ & 0xffff),
		    b64(buf_data(&to), n)));
		buf_drain(&to, n);
		hear_all();
	}
}

void
folders_close(void)
{
	files_ask(PEER, close_xml(sid));
	hear_all();
}

/*
 * Begin and end
 */

static void
begin(void)
{
	folder_reader_free(reader);
	must((reader = folder_reader_new()) != NULL);
	buf_truncate(&to, 0);
	seq = 0;
}

void
folders_open(void)
{
	static unsigned	 n;

	begin();
	snprintf(sid, sizeof(sid), "folder%u", ++n);
	files_ask(PEER, format("<open" IBB " sid='%s' block-size='%d'>"
	    PLAIN "</open>", sid, BLOCK, " for='file'"));
}

void
folders_receive(const char *dir, int keep)
{
	buf_init(&to, 64 * MOST);
	buf_init(&heard, MOST);
	files_receive(dir, keep);
	folders_open();
}

void
folders_send(const char *path)
{
	buf_init(&to, 64 * MOST);
	buf_init(&heard, MOST);
	begin();
	files_send(&path, 1);
	files_turn();
	hear_all();
}

void
folders_end(void)
{
	files_end();
	folder_reader_free(reader);
	reader = NULL;
	buf_free(&to);
	buf_free(&heard);
}

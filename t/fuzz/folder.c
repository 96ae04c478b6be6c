/* Fuzzer of folders (ibb/folder_words.h, net/file/receive_folder.h and
 * send_folder.h), of what the other end says: the run is that of
 * t/lib/folders.h.  The first line says what it does,
 *
 *	r		receives a folder; m no more than 1000 bytes
 *	s		sends one
 *	w N		reads words, in steps of N bytes: what is left of the
 *			input.  A word that is taken is said again as it was
 *
 * and then
 *
 *	<...		the other end says this word
 *	P		a piece of these bytes (script.h)
 *	L		a piece of 65536 bytes
 *	E		the end of a file, of these bytes and of all pieces
 *			since the last E
 *	B		these bytes, as they are
 *	S		blocks have so many bytes from here on
 *	C, O		it closes the stream; it opens another one
 *	D		another program puts a link of this name into the folder
 *			that comes
 *	T		the run has waited for long
 *
 * No link is followed, whatever comes.
 */
#include <sys/types.h>
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/channel/channel.h"
#include "net/file/partial.h"
#include "t/fuzz/fuzz.h"
#include "t/fuzz/script.h"
#include "t/lib/files.h"
#include "t/lib/folders.h"
#include "t/lib/kept.h"
#include "t/lib/must.h"
#include "xml/iq.h"

#define STEPS	100
#define BLOCK	4096
#define MOST	(2 * FOLDER_PIECE)	/* bytes of pieces for E */

static char		 in[64], out[64], photos[64];
static struct buf	 pieces;
static size_t		 step;

/*
 * Reading words
 */

/* What is heard is said so that it is heard as it was. */
static void
try_word(const struct folder_word *w)
{
	struct folder_reader	*r = folder_reader_new();
	struct folder_word	 again;
	struct buf		 one, two;
	size_t			 used;

	must(r != NULL);
	buf_init(&one, BLOCK * 8);
	buf_init(&two, BLOCK * 8);
	if (folder_say(&one, w) == 0) {
		must(folder_hear(r, buf_data(&one), buf_len(&one), &used,
		    &again) == w->kind && used == buf_len(&one));
		must(folder_say(&two, &again) == 0);
		must(buf_len(&one) == buf_len(&two) && memcmp(buf_data(&one),
		    buf_data(&two), buf_len(&one)) == 0);
	}
	buf_free(&one);
	buf_free(&two);
	folder_reader_free(r);
}

static void
read_words(struct script *s, size_t most)
{
	struct folder_reader	*r = folder_reader_new();
	struct folder_word	 w;
	enum folder_kind	 kind = FOLDER_MORE;
	size_t			 len, at = 0, n, used;
	const uint8_t		*p = script_rest(s, &len);

	must(r != NULL);
	while (at < len && kind != FOLDER_NONSENSE) {
		n = len - at < most ? len - at : most;
		kind = folder_hear(r, p + at, n, &used, &w);
		must(used <= n && (kind != FOLDER_MORE || used == n ||
		    used > 0));
		if (kind == FOLDER_DATA)
			must(w.len > 0 && w.data + w.len == p + at + used);
		else if (kind != FOLDER_MORE && kind != FOLDER_NONSENSE)
			try_word(&w);
		at += used;
	}
	folder_reader_free(r);
}

/*
 * The disk
 */

static int	 unreadable;

static int
open_up(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)st;
	(void)f;
	if (kind == FTW_DNR)
		unreadable = chmod(path, 0700) == 0;
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)st;
	(void)kind;
	return f->level == 0 ? 0 : remove(path);
}

static void
empty(const char *dir)
{
	do {
		unreadable = 0;
		nftw(dir, open_up, 16, FTW_PHYS);
	} while (unreadable);
	must(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

static void
put(const char *name, size_t len)
{
	FILE	*f = fopen(format("%s/%s", photos, name), "w");

	must(f != NULL);
	while (len-- > 0)
		must(putc('x', f) != EOF);
	must(fclose(f) == 0);
}

static void
clean(void)
{
	empty(kept_dir);
	rmdir(kept_dir);
}

/* The folders of this process: one to receive into, one that is sent, and one
 * that links lead to. */
static void
make_folders(void)
{
	static pid_t	 made;

	if (made != getpid()) {
		made = getpid();
		kept_begin("none");
		atexit(clean);
		snprintf(in, sizeof(in), "%s/in", kept_dir);
		snprintf(out, sizeof(out), "%s/out", kept_dir);
		snprintf(photos, sizeof(photos), "%s/photos", kept_dir);
		must(mkdir(in, 0700) == 0 && mkdir(out, 0700) == 0 &&
		    mkdir(photos, 0700) == 0);
		must(mkdir(format("%s/sub", photos), 0700) == 0);
		put("a", 5);
		put("b", FOLDER_PIECE + 5);
		put("sub/c", 0);
		put("sub/d", 5);
		put("od\nd \xe4 \xe2\x80\xae %0A %41 \xc3\xa4", 5);
		put(run_of('\n', 100), 0);
		put(".xcat-part-0", 5);
		must(symlink("a", format("%s/link", photos)) == 0);
		must(mkfifo(format("%s/pipe", photos), 0600) == 0);
	}
	empty(in);
}

/* A link where the folder that comes would have this name. */
static void
plant(const char *name)
{
	DIR		*d = opendir(in);
	struct dirent	*e;

	must(d != NULL);
	while (strchr(name, '/') == NULL && (e = readdir(d)) != NULL)
		if (strncmp(e->d_name, PARTIAL_PREFIX,
		    strlen(PARTIAL_PREFIX)) == 0)
			(void)!symlink(out, format("%s/%s/%s", in, e->d_name,
			    name));
	closedir(d);
}

/*
 * Steps
 */

static void
say_piece(const void *data, size_t len)
{
	if (len > 0)
		folders_say_piece(data, len);
	if (len > 0 && len <= buf_room(&pieces))
		must(buf_add(&pieces, data, len) == 0);
}

/* These bytes were there before. */
static void
say_end(const char *before, size_t len)
{
	struct buf	 all;

	buf_init(&all, MOST + len);
	must(buf_add(&all, before, len) == 0);
	must(buf_add(&all, buf_data(&pieces), buf_len(&pieces)) == 0);
	folders_say_end(buf_data(&all), buf_len(&all));
	buf_free(&all);
	buf_truncate(&pieces, 0);
}

static void
wait_long(void)
{
	struct channel	*ch, *next;

	TAILQ_FOREACH_SAFE(ch, &app.channels, next, next)
		if (ch->silence.on)
			run_fire(&ch->silence);
	iq_expire(app.iqs, INT64_MAX / 2);
	files_turn();
}

static void
say_line(char *line)
{
	static unsigned char	 large[FOLDER_PIECE];

	switch (*line) {
	case '<':
		folders_say_xml(line);
		break;
	case 'P':
		say_piece(line + 1, script_bytes(line + 1));
		break;
	case 'L':
		say_piece(large, sizeof(large));
		break;
	case 'E':
		say_end(line + 1, script_bytes(line + 1));
		break;
	case 'B':
		folders_say_bytes(line + 1, script_bytes(line + 1));
		break;
	default:
		break;
	}
}

static void
one_step(char *line)
{
	switch (*line) {
	case 'S':
		step = strtoul(line + 1, NULL, 10) % BLOCK + 1;
		break;
	case 'C':
		folders_close();
		break;
	case 'O':
		folders_open();
		break;
	case 'D':
		plant(line + 1);
		break;
	case 'T':
		wait_long();
		break;
	default:
		say_line(line);
		folders_pass(step);
		break;
	}
	folders_heard();
}

int
fuzz_folder(const uint8_t *data, size_t size)
{
	struct script	 s;
	char		*line;
	int		 steps;

	script_begin(&s, data, size);
	if ((line = script_line(&s)) == NULL)
		return 0;
	if (*line == 'w') {
		read_words(&s, strtoul(line + 1, NULL, 10) % BLOCK + 1);
		return 0;
	}
	make_folders();
	step = BLOCK;
	buf_init(&pieces, MOST);
	if (*line == 's')
		folders_send(photos);
	else
		folders_receive(in, 1);
	if (strchr(line, 'm') != NULL)
		app.conf.max_size = 1000;
	for (steps = 0; steps < STEPS && !app.ending &&
	    (line = script_line(&s)) != NULL; steps++)
		one_step(line);
	folders_end();
	buf_free(&pieces);
	must(rmdir(out) == 0 && mkdir(out, 0700) == 0);
	return 0;
}

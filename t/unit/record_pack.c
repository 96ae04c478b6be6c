/* Unit tests of net/io/record_pack: which bytes go into which TLS record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/io/record_pack.h"
#include "t/lib/must.h"
#include "t/lib/tap.h"
#include "xml/buf.h"

#define QUEUE_MAX	(64 * 1024)

static struct record_pack	 pack;
static struct buf		 out;
static unsigned char		 copy[RECORD_PACK_MAX];

static void
begin(void)
{
	record_pack_init(&pack, QUEUE_MAX);
	buf_init(&out, QUEUE_MAX);
}

static void
end(void)
{
	record_pack_free(&pack);
	buf_free(&out);
}

/* Queue a unit of so many bytes, all of this letter. */
static void
queue(size_t len, char letter)
{
	char	*p = malloc(len);

	must(p != NULL);
	memset(p, letter, len);
	must(record_pack_add(&pack, len) == 0);
	must(buf_add(&out, p, len) == 0);
	free(p);
}

/* The length of the next write, whose first and last bytes are these. */
static size_t
next(int tls, char first, char last)
{
	const char	*p;
	size_t		 len;

	p = record_pack_next(&pack, &out, tls, copy, &len);
	ok(p[0] == first && p[len - 1] == last, "from %c to %c", first, last);
	return len;
}

static size_t
sent(int tls, char first, char last)
{
	size_t	 len = next(tls, first, last);

	record_pack_sent(&pack, &out, len);
	return len;
}

static void
test_units(void)
{
	begin();
	queue(100, 'a');
	queue(200, 'b');
	queue(300, 'c');
	is_int(sent(1, 'a', 'c'), 600, "small units share a record");
	queue(5000, 'd');
	queue(3192, 'e');
	queue(1, 'f');
	is_int(sent(1, 'd', 'e'), 8192, "as many as fit");
	queue(8000, 'g');
	queue(500, 'h');
	is_int(sent(1, 'f', 'g'), 8001, "whole ones only");
	is_int(sent(1, 'h', 'h'), 500, "the rest comes next");
	queue(20000, 'i');
	queue(10, 'j');
	is_int(sent(1, 'i', 'i'), 8192, "a unit larger than a record");
	is_int(sent(1, 'i', 'i'), 8192, "is cut");
	is_int(sent(1, 'i', 'j'), 3626, "and others may follow its end");
	is_int(buf_len(&out), 0, "nothing is left");
	end();
}

/* OpenSSL wants a write that is tried again to be unchanged. */
static void
test_again(void)
{
	begin();
	queue(100, 'a');
	is_int(next(1, 'a', 'a'), 100, "a write");
	queue(100, 'b');
	is_int(next(1, 'a', 'a'), 100, "tried again, does not grow");
	record_pack_sent(&pack, &out, 100);
	is_int(sent(1, 'b', 'b'), 100, "what came meanwhile is next");
	must(record_pack_add(&pack, 7) == 0);
	record_pack_undo(&pack);
	queue(9, 'c');
	is_int(sent(1, 'c', 'c'), 9, "a unit that was taken back is none");
	end();
}

static void
test_partly(void)
{
	begin();
	queue(300, 'a');
	queue(8000, 'b');
	is_int(next(0, 'a', 'a'), 300, "without TLS, too");
	record_pack_sent(&pack, &out, 200);
	is_int(next(0, 'a', 'b'), 8100, "a part may be written");
	record_pack_sent(&pack, &out, 150);
	is_int(sent(0, 'b', 'b'), 7950, "even in the middle of a unit");
	end();
}

static void
test_padding(void)
{
	begin();
	queue(8000, 'a');
	is_int(sent(1, 'a', 'a'), 8000, "no spaces where they mean something");
	record_pack_pads(&pack);
	queue(8000, 'b');
	is_int(sent(0, 'b', 'b'), 8000, "nor without TLS");
	queue(8000, 'c');
	is_int(sent(1, 'c', ' '), 8192, "else a record that is almost full is "
	    "filled");
	is_int(buf_len(&out), 0, "the spaces were not queued");
	end();
}

static void
test_fill(void)
{
	begin();
	is_int(record_pack_fill(&pack, 10), 0, "far from full: left alone");
	is_int(record_pack_fill(&pack, 8000), 192, "almost full: filled");
	end();
	begin();
	is_int(record_pack_fill(&pack, 16384), 0, "full already");
	is_int(record_pack_fill(&pack, 16000), 384, "the second of two");
	end();
}

int
main(void)
{
	test_units();
	test_again();
	test_partly();
	test_padding();
	test_fill();
	return tap_done();
}

/* Fuzzer of net/io/datagram: what a peer puts into a stream of datagrams, in
 * pieces whose size is the first byte.  What is taken out of it, written again,
 * is what came; and no more is kept than one datagram. */
#include <stdint.h>
#include <string.h>

#include "net/io/datagram.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/must.h"
#include "xml/buf.h"

/* Take all datagrams that have come whole, and write them to out. */
static void
take(struct buf *in, struct buf *out)
{
	const unsigned char	*data;
	size_t			 len, before;

	while (datagram_first(in, &data, &len)) {
		must(len <= DATAGRAM_MOST);
		must(datagram_put(out, data, len) == 0);
		before = buf_len(in);
		datagram_drop(in);
		must(before - buf_len(in) == DATAGRAM_HEAD + len);
	}
	before = buf_len(in);
	datagram_drop(in);
	must(buf_len(in) == before && before < DATAGRAM_FRAME);
}

int
fuzz_datagram(const uint8_t *data, size_t size)
{
	struct buf	 in, out;
	size_t		 step, at, n, written;

	if (size == 0)
		return 0;
	step = (size_t)*data++ + 1;
	size--;
	buf_init(&in, DATAGRAM_FRAME + step);
	buf_init(&out, size + 1);
	for (at = 0; at < size; at += n) {
		n = size - at < step ? size - at : step;
		must(buf_add(&in, data + at, n) == 0);
		take(&in, &out);
		written = buf_len(&out);
		must(written + buf_len(&in) == at + n);
		must(written == 0 || memcmp(buf_data(&out), data, written) ==
		    0);
	}
	buf_free(&in);
	buf_free(&out);
	return 0;
}

/* Fuzzer of net/share/share_wire: what a client says to the process that keeps
 * its login.  A frame that is taken is written again as it was. */
#include <stdint.h>
#include <string.h>

#include "net/share/share_wire.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/must.h"
#include "xml/buf.h"

/* Fields that are taken come out as they were, but for what is left. */
static void
try_fields(const unsigned char *data, size_t len)
{
	const unsigned char	*at = data;
	const char		*name, *value;
	struct buf		 b;
	size_t			 left = len;
	int			 r;

	buf_init(&b, SHARE_FRAME_MAX);
	while ((r = share_field_next(&at, &left, &name, &value)) == 1)
		must(*name != '\0' && share_field_add(&b, name, value) == 0);
	must(r == 0 ? buf_len(&b) == len && left == 0 : buf_len(&b) < len);
	must(buf_len(&b) == 0 || memcmp(buf_data(&b), data, buf_len(&b)) == 0);
	buf_free(&b);
}

int
fuzz_share_wire(const uint8_t *data, size_t size)
{
	struct share_frame	 f;
	struct buf		 in, out;
	size_t			 len, at = 0;
	int			 r;

	buf_init(&in, size + 1);
	buf_init(&out, size + 1);
	if (size > 0)
		must(buf_add(&in, data, size) == 0);
	while ((r = share_wire_next(&in, &f, &len)) == 1) {
		must(len == SHARE_HEAD + f.len && len <= buf_len(&in));
		must(share_wire_add(&out, f.type, f.data, f.len) == 0);
		try_fields(f.data, f.len);
		buf_drain(&in, len);
		at += len;
	}
	must(buf_len(&out) == at);
	must(at == 0 || memcmp(buf_data(&out), data, at) == 0);
	must(r == -1 || buf_len(&in) < SHARE_HEAD + SHARE_FRAME_MAX);
	buf_free(&in);
	buf_free(&out);
	return 0;
}

/* datagram: see datagram.h. */
#include <errno.h>
#include <string.h>

#include "net/io/datagram.h"
#include "xml/buf.h"

int
datagram_put(struct buf *out, const void *data, size_t len)
{
	unsigned char	*p;

	if (len > DATAGRAM_MOST) {
		errno = EMSGSIZE;
		return -1;
	}
	if ((p = buf_reserve(out, DATAGRAM_HEAD + len)) == NULL)
		return -1;
	p[0] = (unsigned char)(len >> 8);
	p[1] = (unsigned char)(len & 0xff);
	if (len > 0)
		memcpy(p + DATAGRAM_HEAD, data, len);
	buf_commit(out, DATAGRAM_HEAD + len);
	return 0;
}

int
datagram_first(const struct buf *in, const unsigned char **data, size_t *len)
{
	const unsigned char	*p = buf_data(in);
	size_t			 n;

	if (buf_len(in) < DATAGRAM_HEAD)
		return 0;
	n = (size_t)p[0] << 8 | p[1];
	if (buf_len(in) < DATAGRAM_HEAD + n)
		return 0;
	*data = p + DATAGRAM_HEAD;
	*len = n;
	return 1;
}

void
datagram_drop(struct buf *in)
{
	const unsigned char	*data;
	size_t			 len;

	if (datagram_first(in, &data, &len))
		buf_drain(in, DATAGRAM_HEAD + len);
}

/* share_wire: see share_wire.h. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "net/share/share_wire.h"
#include "xml/buf.h"

int
share_wire_add(struct buf *b, enum share_type type, const void *data,
    size_t len)
{
	unsigned char	 head[SHARE_HEAD] = { SHARE_VERSION };

	if (len > SHARE_FRAME_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	head[1] = (unsigned char)type;
	head[4] = (unsigned char)(len >> 24);
	head[5] = (unsigned char)(len >> 16);
	head[6] = (unsigned char)(len >> 8);
	head[7] = (unsigned char)len;
	if (buf_room(b) < sizeof(head) + len) {
		errno = ENOBUFS;
		return -1;
	}
	if (buf_add(b, head, sizeof(head)) == -1)
		return -1;
	if (len == 0 || buf_add(b, data, len) == 0)
		return 0;
	buf_truncate(b, buf_len(b) - sizeof(head));
	return -1;
}

int
share_wire_next(const struct buf *b, struct share_frame *f, size_t *size)
{
	const unsigned char	*p = buf_data(b);
	size_t			 len;

	if (buf_len(b) < SHARE_HEAD)
		return buf_len(b) > 0 && p[0] != SHARE_VERSION ? -1 : 0;
	len = (size_t)p[4] << 24 | (size_t)p[5] << 16 | (size_t)p[6] << 8 |
	    p[7];
	if (p[0] != SHARE_VERSION || p[1] == 0 || p[1] >= SHARE_TYPES ||
	    p[2] != 0 || p[3] != 0 || len > SHARE_FRAME_MAX)
		return -1;
	if (buf_len(b) < SHARE_HEAD + len)
		return 0;
	f->type = p[1];
	f->data = p + SHARE_HEAD;
	f->len = len;
	*size = SHARE_HEAD + len;
	return 1;
}

int
share_field_add(struct buf *b, const char *name, const char *value)
{
	return buf_add(b, name, strlen(name) + 1) == -1 ||
	    buf_add(b, value, strlen(value) + 1) == -1 ? -1 : 0;
}

/* The string at *data, which ends within *len bytes; NULL if none does. */
static const char *
take_string(const unsigned char **data, size_t *len)
{
	const unsigned char	*s = *data, *end = memchr(s, '\0', *len);

	if (end == NULL)
		return NULL;
	*len -= (size_t)(end + 1 - s);
	*data = end + 1;
	return (const char *)s;
}

int
share_field_next(const unsigned char **data, size_t *len, const char **name,
    const char **value)
{
	if (*len == 0)
		return 0;
	return (*name = take_string(data, len)) == NULL || **name == '\0' ||
	    (*value = take_string(data, len)) == NULL ? -1 : 1;
}

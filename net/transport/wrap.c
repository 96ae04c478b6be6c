/* wrap: see wrap.h. */
#include <string.h>

#include "net/transport/wrap.h"
#include "xml/buf.h"
#include "xml/stanza.h"

static int
space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Has the start tag, from behind its name up to end, a default namespace? */
static int
qualified(const char *p, const char *end)
{
	char	 quote = '\0';

	for (; p < end; p++) {
		if (quote != '\0') {
			if (*p == quote)
				quote = '\0';
		} else if (*p == '>')
			break;
		else if (*p == '"' || *p == '\'')
			quote = *p;
		else if (space(*p) && end - p > 6 &&
		    memcmp(p + 1, "xmlns", 5) == 0 &&
		    (p[6] == '=' || space(p[6])))
			return 1;
	}
	return 0;
}

int
wrap_stanza(struct buf *out, const void *data, size_t len)
{
	static const char	 xmlns[] = " xmlns='" NS_CLIENT "'";
	const char		*p = data, *end = p + len, *name;

	while (p < end && space(*p))
		p++;
	while (p < end && space(end[-1]))
		end--;
	if (p == end)
		return -1;
	for (name = p; name < end && !space(*name) && *name != '>' &&
	    *name != '/'; name++)
		;
	if (buf_add(out, p, (size_t)(name - p)) == -1 ||
	    (!qualified(name, end) &&
	    buf_add(out, xmlns, sizeof(xmlns) - 1) == -1))
		return -1;
	return buf_add(out, name, (size_t)(end - name));
}

int
wrap_pad(struct buf *out, size_t n)
{
	size_t		 len = buf_len(out);
	const char	*end = (const char *)buf_data(out) + len;
	const char	*close = len > 1 && end[-2] == '/' ? "/>" : ">";
	unsigned char	*p;

	if (len == 0 || end[-1] != '>')
		return 0;
	buf_truncate(out, len - strlen(close));
	if ((p = buf_reserve(out, n)) == NULL)
		return -1;
	memset(p, ' ', n);
	buf_commit(out, n);
	return buf_addstr(out, close);
}

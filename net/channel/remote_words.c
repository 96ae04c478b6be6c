/* remote_words: see remote_words.h. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "ibb/stream.h"
#include "net/channel/remote_words.h"
#include "xml/number.h"

static const char *const words[] = {
	"listen", "listening", "refused", "closed"
};

#define WORDS	(sizeof(words) / sizeof(words[0]))

/* A line, without its end. */
static int
read_line(char *line, struct remote_line *l)
{
	char		*number = strchr(line, ' '), *text;
	uint64_t	 n;
	size_t		 i;

	if (number == NULL)
		return -1;
	*number++ = '\0';
	if ((text = strchr(number, ' ')) == NULL)
		return -1;
	*text++ = '\0';
	for (i = 0; i < WORDS && strcmp(words[i], line) != 0; i++)
		;
	if (i == WORDS || number_read(number, 1, REMOTE_PORTS, &n) == -1)
		return -1;
	l->word = (enum remote_word)i;
	l->number = (unsigned)n;
	strlcpy(l->text, text, sizeof(l->text));
	return 0;
}

int
remote_words_read(const unsigned char *data, size_t len, struct remote_line *l)
{
	size_t			 most = len < REMOTE_LINE ? len : REMOTE_LINE;
	const unsigned char	*end;
	char			 line[REMOTE_LINE];
	size_t			 n;

	if (len == 0)
		return 0;
	if ((end = memchr(data, '\n', most)) == NULL)
		return len < REMOTE_LINE ? 0 : -1;
	n = (size_t)(end - data);
	memcpy(line, data, n);
	line[n] = '\0';
	if (strlen(line) != n || read_line(line, l) == -1)
		return -1;
	return (int)n + 1;
}

int
remote_words_take(struct stream *s,
    int (*heard)(void *arg, const struct remote_line *l), void *arg)
{
	struct remote_line	 l;
	const unsigned char	*data;
	size_t			 len;
	int			 n, r = 0;

	while (r == 0 && stream_state(s) == STREAM_OPEN &&
	    (data = stream_data(s, &len)) != NULL && len > 0) {
		if ((n = remote_words_read(data, len, &l)) == 0)
			break;
		if (n == -1 || (r = heard(arg, &l)) == -1)
			return -1;
		stream_consume(s, (size_t)n);
	}
	return 0;
}

size_t
remote_words_write(enum remote_word word, unsigned number, const char *text,
    char *out)
{
	size_t	 n;
	char	*c;

	snprintf(out, REMOTE_LINE, "%s %u %s", words[word], number, text);
	for (c = out; *c != '\0'; c++)
		if (*c == '\n')
			*c = ' ';
	n = strlen(out);
	out[n] = '\n';
	return n + 1;
}

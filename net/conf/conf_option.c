/* conf_option: keywords as the command line has them; see conf.h. */
#include <sys/queue.h>

#include <stdlib.h>
#include <string.h>

#include "net/conf/conf.h"
#include "net/conf/conffile.h"

char *
conf_split(char *s)
{
	char *v = s + strcspn(s, "= \t"), *end = v;
	int touches = *v == '=';

	v += strspn(v, " \t");
	if (*v == '=' && (touches || strchr(" \t", v[1]) != NULL)) {
		v++;
		v += strspn(v, " \t");
	}
	*end = '\0';
	return v;
}

int
conf_option(struct conf *c, const char *arg, char *err)
{
	char *copy, *value;
	int r;

	if ((copy = strdup(arg)) == NULL)
		return conf_fail(err, "out of memory");
	value = conf_split(copy);
	r = conf_set(c, copy, value, 0, err);
	free(copy);
	return r;
}

int
conf_letter(struct conf *c, int letter, const char *value, char *err)
{
	static const struct {
		int		 letter;
		const char	*name;
		const char	*value;		/* NULL: the argument */
	} letters[] = {
		{ '4', "family", "4" },
		{ '6', "family", "6" },
		{ 'a', "allow", NULL },
		{ 'b', "block-size", NULL },
		{ 'C', "ca-file", NULL },
		{ 'c', "server", NULL },
		{ 'D', "socks", NULL },
		{ 'd', "no-stdin", "yes" },
		{ 'f', "background", "yes" },
		{ 'I', "invite", "yes" },
		{ 'i', "carrier", "ibb" },
		{ 'j', "jid", NULL },
		{ 'k', "keep-listening", "yes" },
		{ 'L', "forward", NULL },
		{ 'm', "message", "yes" },
		{ 'N', "close-at-eof", "yes" },
		{ 'P', "s5b-proxy", NULL },
		{ 'p', "password-file", NULL },
		{ 'q', "verbosity", "-1" },
		{ 'R', "reverse", NULL },
		{ 'r', "receive", NULL },
		{ 'u', "udp", "yes" },
		{ 'W', "wait", "forever" },
		{ 'w', "timeout", NULL },
		{ 'x', "proxy", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].letter == letter)
			return conf_set(c, letters[i].name,
			    letters[i].value != NULL ? letters[i].value :
			    value, 0, err);
	return conf_fail(err, "no such option");
}

const char *
conf_origin(const struct conf *c, const char *keyword, const char *option)
{
	return conf_given(c, keyword) ? option : keyword;
}

static int
min(int a, int b)
{
	return a < b ? a : b;
}

int
conf_distance(const char *a, const char *b)
{
	int row[KEYWORD_MAX + 1], i, j, n = (int)strlen(b);
	int above, corner;

	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; a[i - 1] != '\0'; i++) {
		corner = row[0];
		row[0] = i;
		for (j = 1; j <= n; j++) {
			above = row[j];
			row[j] = min(min(above, row[j - 1]) + 1,
			    corner + (a[i - 1] != b[j - 1]));
			corner = above;
		}
	}
	return row[n];
}

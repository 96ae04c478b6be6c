/* filename: harmless names, without descriptors; see filename.h. */
#include <stdio.h>
#include <string.h>

#include "net/file/filename.h"
#include "xml/text.h"
#include "xml/utf8.h"

static const char *
behind_slash(const char *s)
{
	const char	*p, *base = s;

	for (p = s; *p != '\0'; p++)
		if (*p == '/' || *p == '\\')
			base = p + 1;
	return base;
}

char *
file_name(const char *given, char *out)
{
	const char	*p = behind_slash(given);
	char		 one[5], clean[5];
	size_t		 o = 0, n, skip;

	for (; *p != '\0'; p += n > 0 ? n : skip) {
		n = utf8_char(p, &skip);
		snprintf(one, sizeof(one), "%.*s", (int)n, p);
		text_clean(one, clean, sizeof(clean));
		if (n == 0 || strcmp(one, clean) != 0 ||
		    (o == 0 && (*p == '.' || *p == '-')))
			strlcpy(one, "_", sizeof(one));
		if (o + strlen(one) > FILE_NAME - 1)
			break;
		memcpy(out + o, one, strlen(one));
		o += strlen(one);
	}
	out[o] = '\0';
	if (o == 0)
		strlcpy(out, "file", FILE_NAME);
	return out;
}

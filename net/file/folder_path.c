/* folder_path: the paths of what is in a folder; see folder_path.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/file/folder_path.h"
#include "net/file/partial.h"
#include "xml/number.h"
#include "xml/text.h"
#include "xml/utf8.h"

/* The bytes of the harmless character at s; 0 if there is another. */
static size_t
harmless(const char *s)
{
	char	 one[5], clean[5];
	size_t	 n, skip;

	if (*s >= ' ' && *s <= '~')
		return 1;
	if ((n = utf8_char(s, &skip)) == 0 || n >= sizeof(one))
		return 0;
	memcpy(one, s, n);
	one[n] = '\0';
	return strcmp(text_clean(one, clean, sizeof(clean)), one) == 0 ? n : 0;
}

/* Would the % at s be taken for one that folder_path_escape() has written? */
static int
reads_as_escape(const char *s)
{
	uint64_t	 n;

	if (s[1] == '\0' || number_hex(s + 1, 2, 0xff, &n) == -1)
		return 0;
	return n < ' ' || n > '~' || n == '%';
}

int
folder_path_escape(const char *name, char out[FOLDER_NAME])
{
	size_t	 o = 0, n;

	for (; *name != '\0'; name += n > 0 ? n : 1) {
		n = harmless(name);
		if (o + (n > 0 ? n : 3) >= FOLDER_NAME)
			return -1;
		if (*name == '%' && reads_as_escape(name))
			n = 0;
		if (n == 0 && o + 3 >= FOLDER_NAME)
			return -1;
		if (n == 0)
			o += (size_t)snprintf(out + o, FOLDER_NAME - o,
			    "%%%02X", (unsigned char)*name);
		memcpy(out + o, name, n);
		o += n;
	}
	out[o] = '\0';
	return 0;
}

int
folder_path_is_partial(const char *name)
{
	return strncasecmp(name, PARTIAL_PREFIX, strlen(PARTIAL_PREFIX)) == 0;
}

int
folder_path_is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int
folder_path_append(char path[FOLDER_PATH], size_t len, const char *name)
{
	path[len] = '\0';
	if (len + 1 + strlen(name) >= FOLDER_PATH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (len > 0)
		path[len++] = '/';
	strlcpy(path + len, name, FOLDER_PATH - len);
	return 0;
}

/* Why nothing may be called as the len bytes at s. */
static const char *
part_objection(const char *s, size_t len)
{
	size_t	 i, n;

	if (len == 0)
		return "a part of its path has no name";
	if ((len == 1 && *s == '.') || (len == 2 && s[0] == '.' && s[1] == '.'))
		return "its path leads elsewhere";
	if (len >= FOLDER_NAME)
		return "a part of its path is too long";
	if (folder_path_is_partial(s))
		return "its name is one of files that are not whole";
	for (i = 0; i < len; i += n)
		if ((n = harmless(s + i)) == 0)
			return "there are control characters in its path";
	return NULL;
}

const char *
folder_path_objection(const char *path)
{
	const char	*why;
	size_t		 len, parts = 0;

	if (*path == '/')
		return "its path leads elsewhere";
	if (strnlen(path, FOLDER_PATH) == FOLDER_PATH)
		return "its path is too long";
	for (;;) {
		len = strcspn(path, "/");
		if ((why = part_objection(path, len)) != NULL)
			return why;
		if (++parts > FOLDER_DEPTH)
			return "it is in too many folders";
		if (path[len] == '\0')
			return NULL;
		path += len + 1;
	}
}

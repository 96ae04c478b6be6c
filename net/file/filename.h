/*
 * filename: harmless names for files, out of what peers call them.
 */
#ifndef NET_FILE_FILENAME_H
#define NET_FILE_FILENAME_H

#define FILE_NAME	256		/* a name, with NUL */

/*
 * A name for a file here out of what a peer calls it, into out[FILE_NAME],
 * returned: what is behind the last slash or backslash, in valid UTF-8,
 * without control characters, marks that turn the direction of writing, a
 * dot or dash at the beginning; cut between characters if it is too long.
 */
char	*file_name(const char *given, char *out);

#endif

/*
 * folder_path: the paths of what is in a folder that goes from xcat to xcat
 * (xcat-protocol(7), Folders), without descriptors.
 *
 * On the wire a path is relative to the folder, its parts are separated by one
 * slash each, and each part is a name that is harmless on a terminal.  The
 * sender writes names so, and the receiver refuses others: what is on its disk
 * is called as it was said.
 */
#ifndef NET_FILE_FOLDER_PATH_H
#define NET_FILE_FOLDER_PATH_H

#include <stddef.h>

#include "xml/check.h"

#define FOLDER_PATH	8192	/* bytes of a path, with NUL */
#define FOLDER_NAME	256	/* bytes of a part, with NUL */
#define FOLDER_DEPTH	1024	/* parts */

/*
 * The name of a part on the wire, into out[FOLDER_NAME]: as it is, but for
 * control characters, characters that turn the direction of writing and bytes
 * that are not UTF-8, which become %XX.  A % becomes %25 where it would
 * otherwise be taken for one of these, so that no two names become one.
 * Returns 0, or -1 if that is too long.
 */
int	 folder_path_escape(const char *name, char out[FOLDER_NAME]) MUST_CHECK;
/* Is this name one that a receiver gives to what is not whole yet, in letters
 * of any case? */
int	 folder_path_is_partial(const char *name);
/* Is this name "." or ".."? */
int	 folder_path_is_dots(const char *name);
/* Put a name behind the first len bytes of path: 0, or -1 and errno if that is
 * too long. */
int	 folder_path_append(char path[FOLDER_PATH], size_t len,
	    const char *name) MUST_CHECK;
/* Why a receiver takes nothing with this path, from any peer; NULL if it
 * may. */
const char *folder_path_objection(const char *path);

#endif

/*
 * text: words of peers and servers made fit for a terminal and a single line.
 *
 * The log module (net/io/log.h) cleans every line that it prints, so its
 * callers need not.
 */
#ifndef XML_TEXT_H
#define XML_TEXT_H

#include <stddef.h>

/*
 * Copy text into out of size bytes, which is returned.  Control characters (C0,
 * DEL, C1), line ends, characters that turn the direction of writing or cannot
 * be seen, and bytes that are not UTF-8 become '?'.  Text that does not fit is
 * cut between characters.
 */
char	*text_clean(const char *in, char *out, size_t size);

/*
 * Copy text into out of size bytes, which is returned, as the inside of a JSON
 * string (RFC 8259 section 7).  What text_clean() would not let through is
 * escaped, and bytes that are not UTF-8 become U+FFFD.  Text that does not fit
 * is cut between characters.
 */
char	*text_json(const char *in, char *out, size_t size);

/*
 * Copy text as it is into out of size bytes, which is returned.  Text that does
 * not fit is cut between characters.
 */
char	*text_cut(const char *in, char *out, size_t size);

/*
 * Copy in into out of size bytes, which is returned: in single quotes if sh(1)
 * would not take it as one plain word, and cut if it does not fit.
 */
char	*text_quote(const char *in, char *out, size_t size);

#endif

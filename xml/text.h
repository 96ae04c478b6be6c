/* text: a peer's words made fit for a terminal and a single line. */
#ifndef XML_TEXT_H
#define XML_TEXT_H

#include <stddef.h>

/*
 * Copy UTF-8 text into out of size bytes, returned: control characters,
 * line ends, and the marks that turn the direction of writing (bidi
 * overrides and isolates, U+2028, U+2029) become '?'; what does not fit is
 * cut between characters.
 */
char	*text_clean(const char *in, char *out, size_t size);

/*
 * Copy in into out of size bytes, returned: in single quotes if sh would not
 * take it as one plain word; cut if it does not fit.
 */
char	*text_quote(const char *in, char *out, size_t size);

#endif

/*
 * script: an input that is lines of text, so that its seeds can be read, and
 * written by hand.
 */
#ifndef T_FUZZ_SCRIPT_H
#define T_FUZZ_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

#define SCRIPT_LINE	4096		/* bytes, what is longer is cut */

struct script {
	const uint8_t	*p;
	size_t		 left;
	char		 line[SCRIPT_LINE];
};

/* Begin with size bytes, which stay the caller's. */
void	 script_begin(struct script *s, const uint8_t *data, size_t size);
/* The next line, without its end, valid until the next call; NULL if there is
 * none. */
char	*script_line(struct script *s);
/* What is left, as it is. */
const uint8_t *script_rest(struct script *s, size_t *len);
/* Replace \r, \n, \t, \\ and \xHH in the string s by the bytes that they stand
 * for.  Returns their number; there is a NUL behind them. */
size_t	 script_bytes(char *s);
/* Copy the string from to out[SCRIPT_LINE], each $ replaced by id. */
void	 script_fill(char *out, const char *from, const char *id);

#endif

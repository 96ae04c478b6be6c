/* peer: see peer.h. */
#include <stddef.h>
#include <string.h>

#include <openssl/crypto.h>

#include "net/conf/code.h"
#include "net/conf/peer.h"

#define HASH		"SHA256:"
#define HASH_DIGITS	43		/* base64 of 32 bytes, unpadded */
#define HYPHENS		3		/* of a code as it is printed */

int
peer_is_key(const char *text)
{
	static const char	 base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";

	return strncmp(text, HASH, strlen(HASH)) == 0 &&
	    strlen(text) == strlen(HASH) + HASH_DIGITS &&
	    strspn(text + strlen(HASH), base64) == HASH_DIGITS;
}

/* The last =SHA256: in text, or NULL. */
static char *
peer_last_key(char *text)
{
	char	*p = text, *last = NULL;

	while ((p = strstr(p, "=" HASH)) != NULL)
		last = p++;
	return last;
}

enum peer_proof
peer_cut_key(char *text, char **proof, const char **why)
{
	char	*mark;

	*proof = NULL;
	if ((mark = peer_last_key(text)) == NULL)
		return PEER_NONE;
	*mark = '\0';
	*proof = mark + 1;
	if (peer_is_key(*proof))
		return PEER_KEY;
	*why = "after = comes SHA256: and 43 characters, as xcat -K prints "
	    "them";
	return PEER_BAD;
}

/* Is this more likely to be a damaged code than the end of a resource? */
static int
peer_resembles_code(const char *text)
{
	size_t	 hyphens = 0, i;

	for (i = 0; text[i] != '\0'; i++) {
		if (strchr("/@ =", text[i]) != NULL)
			return 0;
		hyphens += text[i] == '-';
	}
	return hyphens == HYPHENS && i > CODE_TEXT - 6 && i < CODE_TEXT + 4;
}

static enum peer_proof
peer_cut_code(char *text, char **proof, const char **why)
{
	unsigned char	 bits[CODE_BYTES];
	enum peer_proof	 kind = PEER_NONE;
	char		*mark;

	if ((mark = strrchr(text, '=')) == NULL)
		return PEER_NONE;
	if (strcmp(mark + 1, "-") == 0)
		kind = PEER_ASK;
	else if (code_read(mark + 1, bits) == 0)
		kind = PEER_CODE;
	else if (peer_resembles_code(mark + 1))
		kind = PEER_BAD;
	OPENSSL_cleanse(bits, sizeof(bits));
	*why = "its code is damaged: a code has sixteen letters and digits, "
	    "and no U";
	if (kind == PEER_NONE)
		return kind;
	*mark = '\0';
	*proof = mark + 1;
	return kind;
}

enum peer_proof
peer_cut(char *text, char **proof, const char **why)
{
	enum peer_proof	 kind = peer_cut_key(text, proof, why);

	return kind != PEER_NONE ? kind : peer_cut_code(text, proof, why);
}

/*
 * peer: what may follow the address of a peer, behind a '=': its key, or a code
 * for one call.  An address may hold a '=' itself: the last one counts.
 */
#ifndef NET_CONF_PEER_H
#define NET_CONF_PEER_H

enum peer_proof {
	PEER_BAD = -1,		/* a key or a code that is damaged */
	PEER_NONE,		/* the address alone */
	PEER_KEY,		/* =SHA256:..., as xcat -K prints it */
	PEER_CODE,		/* =XXXX-XXXX-XXXX-XXXX, see net/conf/code.h */
	PEER_ASK		/* =-, a code that is to be typed */
};

/* Is this a fingerprint, as e2e_fingerprint() writes it? */
int	 peer_is_key(const char *text);
/*
 * Cut what follows the address off text, and let *proof point to it, within
 * text; NULL if nothing follows.  With PEER_BAD, *why is a phrase for people.
 */
enum peer_proof peer_cut(char *text, char **proof, const char **why);
/* Cut a key only, of a caller that -a names. */
enum peer_proof peer_cut_key(char *text, char **proof, const char **why);

#endif

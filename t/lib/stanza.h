/*
 * stanza: stanzas for tests of what needs no more than a table of iqs
 * (xml/iq.h): the last one that it has sent, and one made of a string.
 */
#ifndef T_LIB_STANZA_H
#define T_LIB_STANZA_H

#include <stddef.h>

struct elem;
struct parse;

#define HEADER	"<stream:stream xmlns='jabber:client' version='1.0' " \
		"xmlns:stream='http://etherx.jabber.org/streams'>"

/* For iq_new(): how many stanzas there have been, and the last of them; both
 * are there to be set. */
int	 stanza_take(void *unused, const void *data, size_t len);
extern int	 stanza_count;
extern char	 stanza_sent[64 * 1024];
/* Is this in it?  Its id, "i" if it has none; valid until the next call. */
int	 stanza_has(const char *s);
const char *stanza_id(void);

/* The stanza that this is, or an iq with that id and len bytes inside it; the
 * caller's to free.  NULL if it is none. */
struct elem *stanza_parse(const char *xml);
struct elem *stanza_iq(const char *type, const char *from, const void *inside,
	    size_t len);
/* What p makes of this iq, "<iq ...", into which the server writes its sender;
 * the caller's to free.  p, which has had a stream's header and has no bytes
 * left to parse, goes on from there.  The program ends if this is no iq. */
struct elem *stanza_from(struct parse *p, const char *from, const char *xml);

#endif

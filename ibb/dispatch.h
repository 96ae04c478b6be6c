/*
 * dispatch: the table that takes received stanzas to the modules which handle
 * them, by the kind of the stanza and by the namespace and name of an element
 * in it.  Answers do not come here: xml/iq.h matches them to their requests.
 *
 * A handler may enter the context (xml/context.h) of what the stanza is for; it
 * is left when the handler returns.
 *
 * Each module has a table of what it handles, and adds it once:
 *
 *	static const struct dispatch_entry	 entries[] = {
 *		{ DISPATCH_SET, NS_IBB, "open", open_input },
 *		{ DISPATCH_SET, NS_IBB, NULL, inband_bad_input },
 *	};
 */
#ifndef IBB_DISPATCH_H
#define IBB_DISPATCH_H

#include <stddef.h>

#include "xml/check.h"

struct dispatch;
struct elem;

/* Kinds of stanzas, by name and type (RFC 6120 section 8.2.3, RFC 6121
 * section 5.2.2). */
enum dispatch_kind {
	DISPATCH_GET,		/* an iq that is neither a set nor an answer */
	DISPATCH_SET,
	DISPATCH_MESSAGE,	/* but an error */
	DISPATCH_BOUNCE,	/* a message of type error */
	DISPATCH_CUT		/* any stanza that was too large to be kept:
				 * PARSE_CUT in xml/parse.h */
};

/* Handles a stanza because of payload, which is a child of it, or NULL for an
 * entry without a namespace.  arg is that of dispatch_add().  Returns 1 if the
 * stanza is dealt with, and answered if it had to be; 0 if other handlers
 * are to see it. */
typedef int dispatch_fn(void *arg, const struct elem *stanza,
	    const struct elem *payload);

/* name NULL: every name in this namespace that no other entry has.  ns NULL:
 * stanzas of this kind that no other entry has dealt with. */
struct dispatch_entry {
	enum dispatch_kind kind;
	const char	*ns, *name;
	dispatch_fn	*fn;
};

/* An empty table; NULL when out of memory. */
struct dispatch *dispatch_new(void);
/* Free it.  NULL is fine. */
void	 dispatch_free(struct dispatch *d);

/* Add n entries, whose strings must outlive the table; arg is passed to their
 * functions.  0, or -1, with none added, when out of memory or if the table has
 * an entry for a kind, namespace and name of them. */
int	 dispatch_add(struct dispatch *d, const struct dispatch_entry *entries,
	    size_t n, void *arg) MUST_CHECK;
/* Take out all entries that were added with arg. */
void	 dispatch_forget(struct dispatch *d, const void *arg);

/*
 * Have a stanza handled, because of the first of its children for which an
 * entry returns 1.  cut: only the start tag and, at most, that of the first
 * child are there, and the entries are those for DISPATCH_CUT.  Returns 1, or 0
 * if no entry has; for an answer to an iq that is whole always 0.
 */
int	 dispatch_stanza(const struct dispatch *d, const struct elem *stanza,
	    int cut);

#endif

/*
 * allow: the peers that may open a stream to a listener.
 */
#ifndef NET_CONF_ALLOW_H
#define NET_CONF_ALLOW_H

#include "xml/check.h"

struct allow;
struct conf_list;
struct elem;

#define ALLOW_ERR 256

/*
 * Make it of a list from -a: full JIDs, bare JIDs, domains, "@roster",
 * "@paired" and "*"; each of the first three may end in =SHA256:..., which ties
 * it to a key.  own is our account, whose every resource is admitted, unless it
 * is tied to a key.
 * NULL with a message in err[ALLOW_ERR].
 */
struct allow *allow_new(const struct conf_list *peers, const char *own,
	    char *err);
/* a may be NULL. */
void	 allow_free(struct allow *a);

/* Have a admit what from, which is freed, was made for, and no longer what it
 * was made for itself.  The roster stays, if from asks for it. */
void	 allow_renew(struct allow *a, struct allow *from);

/* Is the roster needed to decide? */
int	 allow_wants_roster(const struct allow *a);
/* Are the callers that have come with a code to be admitted? */
int	 allow_wants_paired(const struct allow *a);
/* Admit this JID with this key.  0, or -1 without memory; arg is the struct
 * allow, as known_peers_each() hands it on. */
int	 allow_pair(void *arg, const char *jid, const char *fingerprint)
	    MUST_CHECK;
/* Have a admit the full JIDs that allow_pair() had before admit, with their
 * keys, but for those of which still() says 0; before is another one than a.
 * 0, or -1 without memory. */
int	 allow_pair_again(struct allow *a, struct allow *before,
	    int (*still)(void *arg, const char *jid, const char *fingerprint),
	    void *arg) MUST_CHECK;
/* Is any entry tied to a key? */
int	 allow_wants_key(const struct allow *a);

/*
 * The roster (RFC 6121 section 2).  Contacts with subscription both or from,
 * which may see when we are online, are admitted if @roster is in the list.
 */

/* Take an item of the roster, as it came or as it was changed: 0, or -1 without
 * memory. */
int	 allow_contact(struct allow *a, const struct elem *item);
/* The items of a whole roster are to come. */
void	 allow_roster_begins(struct allow *a);
/* All items have come: contacts that were not among them are admitted no
 * more. */
void	 allow_roster_ends(struct allow *a);

enum allow_result {
	ALLOW_NO,
	ALLOW_YES,
	ALLOW_KEY		/* with a key that allow_key() takes */
};

/* May this JID open a stream? */
enum allow_result allow_check(const struct allow *a, const char *jid);
/* May this JID open a stream with this key? */
int	 allow_key(const struct allow *a, const char *jid,
	    const char *fingerprint);

#endif

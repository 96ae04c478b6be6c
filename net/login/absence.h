/*
 * absence: how a server answers for an address where nothing is, so that
 * strangers are answered in its words.
 *
 * A server answers a request to an absent resource with service-unavailable
 * (RFC 6121 section 8.5.3.2.3).  Servers differ in what goes with it: the
 * request's payload, a text, a language.  Therefore the server is asked for an
 * absent resource of our own account when the first stranger calls; strangers
 * wait for that answer.
 *
 * One difference remains: Prosody gives the stanzas of clients an xml:lang if
 * they have none, but not its own.
 */
#ifndef NET_LOGIN_ABSENCE_H
#define NET_LOGIN_ABSENCE_H

struct absence;
struct elem;
struct iq_table;

/* t sends the answers and knows our JID.  NULL when out of memory. */
struct absence *absence_new(struct iq_table *t);
void	 absence_free(struct absence *a);

/*
 * Answer a stranger's stanza as if nothing were at our address: a request or a
 * groupchat message by service-unavailable, now or soon; anything else not at
 * all.
 */
void	 absence_answer(struct absence *a, const struct elem *stanza);

#endif

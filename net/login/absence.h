/*
 * absence: how a server answers for an address that no client has, so that
 * strangers are answered in its words.
 *
 * A server answers a request to an absent resource with service-unavailable
 * (RFC 6121 section 8.5.3.2.3).  Servers differ in what goes with it: the
 * request's payload, a text, a language.  Therefore the server is asked for an
 * absent resource of our own account when the first stranger calls; strangers
 * wait until it has answered.
 *
 * One difference remains: Prosody adds xml:lang to stanzas of clients that have
 * none, but not to its own.
 */
#ifndef NET_LOGIN_ABSENCE_H
#define NET_LOGIN_ABSENCE_H

struct absence;
struct elem;
struct iq_table;

/* t sends the answers and knows our JID.  NULL when out of memory. */
struct absence *absence_new(struct iq_table *t);
/* Strangers that wait get no answer.  a may be NULL. */
void	 absence_free(struct absence *a);

/*
 * Answer a stranger's stanza as if no client had our address: a request or a
 * groupchat message by service-unavailable, now or soon; anything else gets no
 * answer.
 */
void	 absence_answer(struct absence *a, const struct elem *stanza);

#endif

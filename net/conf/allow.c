/* allow: see allow.h. */
#include <sys/queue.h>
#include <sys/tree.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/conf/allow.h"
#include "net/conf/conf.h"
#include "net/conf/peer.h"
#include "xml/elem.h"
#include "xml/jid.h"

/* Named by -a; there may be thousands, and several for one JID. */
struct entry {
	char		*jid;
	char		*key;		/* fingerprint, or NULL */
	int		 own;		/* our account, not named by -a */
	int		 pair;		/* it came with a code once */
	size_t		 order;		/* of those for one JID */
	RB_ENTRY(entry)	 node;
};
RB_HEAD(entries, entry);

/* From the roster, of which there may be tens of thousands. */
struct contact {
	unsigned	 roster;	/* number of the last that named it */
	RB_ENTRY(contact) node;
	char		 jid[];
};
RB_HEAD(contacts, contact);

struct allow {
	int		 all, roster, paired;
	struct entries	 entries;
	size_t		 nentries;	/* that there have been, */
	int		 keyed;		/* and whether one has a key */
	struct contacts	 contacts;
	unsigned	 rosters;	/* how many have begun */
};

static int
contact_cmp(const struct contact *a, const struct contact *b)
{
	return strcmp(a->jid, b->jid);
}

RB_GENERATE_INTERNAL(contacts, contact, node, contact_cmp,
    __attribute__((__unused__)) static)

static int
entry_cmp(const struct entry *a, const struct entry *b)
{
	int	 r = strcmp(a->jid, b->jid);

	return r != 0 ? r : (a->order > b->order) - (a->order < b->order);
}

RB_GENERATE_INTERNAL(entries, entry, node, entry_cmp,
    __attribute__((__unused__)) static)

/* The first entry for exactly this JID, or NULL. */
static struct entry *
entry_first(const struct allow *a, const char *jid)
{
	struct entry	*e = RB_ROOT(&a->entries), *first = NULL;

	while (e != NULL) {
		if (strcmp(e->jid, jid) < 0) {
			e = RB_RIGHT(e, node);
		} else {
			first = e;
			e = RB_LEFT(e, node);
		}
	}
	return first != NULL && strcmp(first->jid, jid) == 0 ? first : NULL;
}

/* The one behind e for the same JID, or NULL. */
static struct entry *
entry_next(struct entry *e)
{
	struct entry	*next = RB_NEXT(entries, NULL, e);

	return next != NULL && strcmp(next->jid, e->jid) == 0 ? next : NULL;
}

static struct entry *
allow_add(struct allow *a, const char *jid, const char *key)
{
	struct entry	*e;

	if ((e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	e->jid = strdup(jid);
	e->key = key != NULL ? strdup(key) : NULL;
	if (e->jid == NULL || (key != NULL && e->key == NULL)) {
		free(e->jid);
		free(e->key);
		free(e);
		return NULL;
	}
	e->order = a->nentries++;
	a->keyed |= key != NULL;
	RB_INSERT(entries, &a->entries, e);
	return e;
}

static void
drop_entries(struct allow *a)
{
	struct entry	*e;

	while ((e = RB_ROOT(&a->entries)) != NULL) {
		RB_REMOVE(entries, &a->entries, e);
		free(e->jid);
		free(e->key);
		free(e);
	}
}

static int
add_jid(struct allow *a, const char *who, char *err)
{
	char		 copy[2 * JID_MAX], jid[JID_MAX], *key;
	const char	*why = "too long";

	if (strlcpy(copy, who, sizeof(copy)) < sizeof(copy) &&
	    peer_cut_key(copy, &key, &why) != PEER_BAD &&
	    jid_prep(copy, jid, &why) == 0) {
		if (allow_add(a, jid, key) != NULL)
			return 0;
		snprintf(err, ALLOW_ERR, "out of memory");
		return -1;
	}
	snprintf(err, ALLOW_ERR, "-a %.100s: %s; give a JID, a domain, "
	    "@roster, @paired or '*'", who, why);
	return -1;
}

static int
add_who(struct allow *a, const char *who, char *err)
{
	if (strcmp(who, "*") == 0)
		a->all = 1;
	else if (strcmp(who, "@roster") == 0)
		a->roster = 1;
	else if (strcmp(who, "@paired") == 0)
		a->paired = 1;
	else
		return add_jid(a, who, err);
	return 0;
}

struct allow *
allow_new(const struct conf_list *peers, const char *own, char *err)
{
	struct conf_item	*item;
	struct allow		*a;
	struct entry		*e;
	char			 bare[JID_MAX];

	if ((a = calloc(1, sizeof(*a))) == NULL) {
		snprintf(err, ALLOW_ERR, "out of memory");
		return NULL;
	}
	RB_INIT(&a->entries);
	RB_INIT(&a->contacts);
	if (own != NULL) {
		if ((e = allow_add(a, jid_bare(own, bare), NULL)) == NULL) {
			snprintf(err, ALLOW_ERR, "out of memory");
			allow_free(a);
			return NULL;
		}
		e->own = 1;
	}
	STAILQ_FOREACH(item, peers, next)
		if (add_who(a, item->value, err) == -1) {
			allow_free(a);
			return NULL;
		}
	return a;
}

static void
drop_contact(struct allow *a, struct contact *c)
{
	RB_REMOVE(contacts, &a->contacts, c);
	free(c);
}

void
allow_free(struct allow *a)
{
	struct contact	*c;

	if (a == NULL)
		return;
	drop_entries(a);
	while ((c = RB_ROOT(&a->contacts)) != NULL)
		drop_contact(a, c);
	free(a);
}

void
allow_renew(struct allow *a, struct allow *from)
{
	struct contact	*c;

	drop_entries(a);
	a->entries = from->entries;
	a->nentries = from->nentries;
	a->keyed = from->keyed;
	RB_INIT(&from->entries);
	a->all = from->all;
	a->roster = from->roster;
	a->paired = from->paired;
	while (!a->roster && (c = RB_ROOT(&a->contacts)) != NULL)
		drop_contact(a, c);
	allow_free(from);
}

int
allow_wants_roster(const struct allow *a)
{
	return a->roster;
}

int
allow_wants_paired(const struct allow *a)
{
	return a->paired;
}

int
allow_pair(void *arg, const char *jid, const char *fingerprint)
{
	struct entry	*e;

	if ((e = allow_add(arg, jid, fingerprint)) == NULL)
		return -1;
	e->pair = 1;
	return 0;
}

int
allow_pair_again(struct allow *a, struct allow *before,
    int (*still)(void *arg, const char *jid, const char *fingerprint),
    void *arg)
{
	struct entry	*e;

	RB_FOREACH(e, entries, &before->entries)
		if (e->pair && *jid_resource(e->jid) != '\0' &&
		    still(arg, e->jid, e->key) &&
		    allow_pair(a, e->jid, e->key) == -1)
			return -1;
	return 0;
}

int
allow_wants_key(const struct allow *a)
{
	return a->keyed || a->paired;
}

static int
is_contact(const struct elem *item)
{
	const char	*sub = elem_attr(item, "subscription");

	return sub != NULL &&
	    (strcmp(sub, "both") == 0 || strcmp(sub, "from") == 0);
}

static struct contact *
contact_find(const struct allow *a, const char *jid)
{
	struct contact	*c = RB_ROOT(&a->contacts);
	int		 cmp;

	while (c != NULL && (cmp = strcmp(jid, c->jid)) != 0)
		c = cmp < 0 ? RB_LEFT(c, node) : RB_RIGHT(c, node);
	return c;
}

static struct contact *
contact_add(struct allow *a, const char *jid)
{
	struct contact	*c;
	size_t		 len = strlen(jid) + 1;

	if ((c = calloc(1, sizeof(*c) + len)) == NULL)
		return NULL;
	memcpy(c->jid, jid, len);
	RB_INSERT(contacts, &a->contacts, c);
	return c;
}

int
allow_contact(struct allow *a, const struct elem *item)
{
	const char	*jid = elem_attr(item, "jid");
	struct contact	*c;

	if (jid == NULL)
		return 0;
	c = contact_find(a, jid);
	if (!is_contact(item)) {
		if (c != NULL)
			drop_contact(a, c);
		return 0;
	}
	if (c == NULL && (c = contact_add(a, jid)) == NULL)
		return -1;
	c->roster = a->rosters;
	return 0;
}

void
allow_roster_begins(struct allow *a)
{
	a->rosters++;
}

void
allow_roster_ends(struct allow *a)
{
	struct contact	*c, *next;

	RB_FOREACH_SAFE(c, contacts, &a->contacts, next)
		if (c->roster != a->rosters)
			drop_contact(a, c);
}

/* A domain in the roster does not admit the accounts of that domain. */
static int
is_in_roster(const struct allow *a, const char *jid)
{
	char	 bare[JID_MAX];

	return contact_find(a, jid) != NULL ||
	    contact_find(a, jid_bare(jid, bare)) != NULL;
}

/* What names a JID in a line: itself, its account and its domain. */
struct names {
	const char	*name[3];
	char		 bare[JID_MAX], domain[JID_MAX];
};
#define NNAMES	3

static void
names_of(const char *jid, struct names *n)
{
	n->name[0] = jid;
	n->name[1] = jid_bare(jid, n->bare);
	n->name[2] = jid_domain(jid, n->domain);
}

/* An entry that ties a peer to a key counts more than "*", "@roster", the right
 * of our own account and an entry that names more peers, which ask for none.  A
 * caller that came with a code takes no right from other callers of its
 * account. */
enum allow_result
allow_check(const struct allow *a, const char *jid)
{
	enum allow_result	 result = ALLOW_NO;
	struct names		 n;
	struct entry		*e;
	int			 keyed = 0, paired = 0, i;

	if (a->all || is_in_roster(a, jid))
		result = ALLOW_YES;
	names_of(jid, &n);
	for (i = 0; i < NNAMES && !keyed; i++)
		for (e = entry_first(a, n.name[i]); e != NULL;
		    e = entry_next(e)) {
			if (e->pair)
				paired = 1;
			else if (e->key != NULL)
				keyed = 1;
			else if (!e->own)
				return ALLOW_YES;
			else
				result = ALLOW_YES;
		}
	return keyed || (paired && result == ALLOW_NO) ? ALLOW_KEY : result;
}

int
allow_key(const struct allow *a, const char *jid, const char *fingerprint)
{
	struct names	 n;
	struct entry	*e;
	int		 keyed = 0, i;

	if (allow_check(a, jid) != ALLOW_KEY)
		return allow_check(a, jid) == ALLOW_YES;
	names_of(jid, &n);
	for (i = 0; i < NNAMES && !keyed; i++)
		for (e = entry_first(a, n.name[i]); e != NULL;
		    e = entry_next(e)) {
			if (e->key == NULL)
				continue;
			if (strcmp(e->key, fingerprint) == 0)
				return 1;
			keyed |= !e->pair;
		}
	return 0;
}

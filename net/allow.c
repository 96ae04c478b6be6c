#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/allow.h"
#include "net/conf.h"
#include "xml/elem.h"
#include "xml/jid.h"

struct entry {
	char		*jid;
	int		 contact;	/* from the roster */
	LIST_ENTRY(entry) next;
};

struct allow {
	int		 all, roster;
	LIST_HEAD(, entry) entries;
};

static int
add(struct allow *a, const char *jid, int contact)
{
	struct entry	*e;

	if ((e = calloc(1, sizeof(*e))) == NULL ||
	    (e->jid = strdup(jid)) == NULL) {
		free(e);
		return -1;
	}
	e->contact = contact;
	LIST_INSERT_HEAD(&a->entries, e, next);
	return 0;
}

static void
drop(struct entry *e)
{
	LIST_REMOVE(e, next);
	free(e->jid);
	free(e);
}

static int
add_who(struct allow *a, const char *who, char *err)
{
	char		 jid[JID_MAX];
	const char	*why;

	if (strcmp(who, "*") == 0) {
		a->all = 1;
		return 0;
	}
	if (strcmp(who, "@roster") == 0) {
		a->roster = 1;
		return 0;
	}
	if (jid_prep(who, jid, &why) == -1) {
		snprintf(err, ALLOW_ERR, "-a %.100s: %s: give a JID, a "
		    "domain, @roster or '*'", who, why);
		return -1;
	}
	if (add(a, jid, 0) == -1) {
		snprintf(err, ALLOW_ERR, "out of memory");
		return -1;
	}
	return 0;
}

struct allow *
allow_new(const struct conf_list *who, const char *own, char *err)
{
	struct conf_item	*item;
	struct allow		*a;
	char			 bare[JID_MAX];

	if ((a = calloc(1, sizeof(*a))) == NULL) {
		snprintf(err, ALLOW_ERR, "out of memory");
		return NULL;
	}
	LIST_INIT(&a->entries);
	if (own != NULL && add_who(a, jid_bare(own, bare), err) == -1) {
		allow_free(a);
		return NULL;
	}
	STAILQ_FOREACH(item, who, next)
		if (add_who(a, item->value, err) == -1) {
			allow_free(a);
			return NULL;
		}
	return a;
}

void
allow_free(struct allow *a)
{
	struct entry	*e;

	if (a == NULL)
		return;
	while ((e = LIST_FIRST(&a->entries)) != NULL)
		drop(e);
	free(a);
}

int
allow_wants_roster(const struct allow *a)
{
	return a->roster;
}

static int
is_contact(const struct elem *item)
{
	const char	*sub = elem_attr(item, "subscription");

	return sub != NULL &&
	    (strcmp(sub, "both") == 0 || strcmp(sub, "from") == 0);
}

int
allow_roster(struct allow *a, const struct elem *query)
{
	const struct elem	*item;
	const char		*jid;
	struct entry		*e;

	for (item = elem_child(query, query->ns, "item"); item != NULL;
	    item = elem_next(item, query->ns, "item")) {
		if ((jid = elem_attr(item, "jid")) == NULL)
			continue;
		LIST_FOREACH(e, &a->entries, next)
			if (e->contact && strcmp(e->jid, jid) == 0)
				break;
		if (e != NULL && !is_contact(item))
			drop(e);
		else if (e == NULL && is_contact(item) &&
		    add(a, jid, 1) == -1)
			return -1;
	}
	return 0;
}

int
allow_check(const struct allow *a, const char *jid)
{
	struct entry	*e;
	char		 bare[JID_MAX], domain[JID_MAX];

	if (a->all)
		return 1;
	jid_bare(jid, bare);
	jid_domain(jid, domain);
	LIST_FOREACH(e, &a->entries, next)
		if (strcmp(e->jid, jid) == 0 || strcmp(e->jid, bare) == 0 ||
		    (!e->contact && strcmp(e->jid, domain) == 0))
			return 1;
	return 0;
}

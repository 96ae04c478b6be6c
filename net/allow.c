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
	char		*key;		/* fingerprint, or NULL */
	int		 contact;	/* from the roster */
	int		 own;		/* our account, named by nobody */
	LIST_ENTRY(entry) next;
};

struct allow {
	int		 all, roster;
	LIST_HEAD(, entry) entries;
};

static struct entry *
add(struct allow *a, const char *jid, const char *key)
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
	LIST_INSERT_HEAD(&a->entries, e, next);
	return e;
}

static void
drop(struct entry *e)
{
	LIST_REMOVE(e, next);
	free(e->jid);
	free(e->key);
	free(e);
}

/* Cut the key off who.  -1 if it is no fingerprint. */
static int
split_key(char *who, char **key)
{
	static const char	 mark[] = "=SHA256:";
	char			*p;

	*key = NULL;
	while ((p = strstr(who, mark)) != NULL) {
		*p = '\0';
		*key = who = p + 1;
	}
	return *key != NULL && strlen(*key) != strlen("SHA256:") + 43 ?
	    -1 : 0;
}

static int
add_jid(struct allow *a, const char *who, char *err)
{
	char		 copy[2 * JID_MAX], jid[JID_MAX], *key;
	const char	*why = "too long";

	if (strlcpy(copy, who, sizeof(copy)) >= sizeof(copy))
		key = NULL;
	else if (split_key(copy, &key) == -1)
		why = "after = comes SHA256: and 43 characters, as xcat -K "
		    "prints them";
	else if (jid_prep(copy, jid, &why) == 0) {
		if (add(a, jid, key) != NULL)
			return 0;
		snprintf(err, ALLOW_ERR, "out of memory");
		return -1;
	}
	snprintf(err, ALLOW_ERR, "-a %.100s: %s; give a JID, a domain, "
	    "@roster or '*'", who, why);
	return -1;
}

static int
add_who(struct allow *a, const char *who, char *err)
{
	if (strcmp(who, "*") == 0)
		a->all = 1;
	else if (strcmp(who, "@roster") == 0)
		a->roster = 1;
	else
		return add_jid(a, who, err);
	return 0;
}

struct allow *
allow_new(const struct conf_list *who, const char *own, char *err)
{
	struct conf_item	*item;
	struct allow		*a;
	struct entry		*e;
	char			 bare[JID_MAX];

	if ((a = calloc(1, sizeof(*a))) == NULL) {
		snprintf(err, ALLOW_ERR, "out of memory");
		return NULL;
	}
	LIST_INIT(&a->entries);
	if (own != NULL) {
		if ((e = add(a, jid_bare(own, bare), NULL)) == NULL) {
			snprintf(err, ALLOW_ERR, "out of memory");
			allow_free(a);
			return NULL;
		}
		e->own = 1;
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

int
allow_wants_key(const struct allow *a)
{
	struct entry	*e;

	LIST_FOREACH(e, &a->entries, next)
		if (e->key != NULL)
			return 1;
	return 0;
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
		else if (e == NULL && is_contact(item)) {
			if ((e = add(a, jid, NULL)) == NULL)
				return -1;
			e->contact = 1;
		}
	}
	return 0;
}

static int
matches(const struct entry *e, const char *jid)
{
	char	 part[JID_MAX];

	return strcmp(e->jid, jid) == 0 ||
	    strcmp(e->jid, jid_bare(jid, part)) == 0 ||
	    (!e->contact && strcmp(e->jid, jid_domain(jid, part)) == 0);
}

/* A key asked of somebody in particular is not waived by what admits
 * everybody, or our own account unasked. */
enum allow_result
allow_check(const struct allow *a, const char *jid)
{
	enum allow_result	 result = a->all ? ALLOW_YES : ALLOW_NO;
	struct entry		*e;
	int			 keyed = 0;

	LIST_FOREACH(e, &a->entries, next) {
		if (!matches(e, jid))
			continue;
		if (e->key != NULL)
			keyed = 1;
		else if (!e->own && !e->contact)
			return ALLOW_YES;
		else
			result = ALLOW_YES;
	}
	return keyed ? ALLOW_KEY : result;
}

int
allow_key(const struct allow *a, const char *jid, const char *fingerprint)
{
	struct entry	*e;

	if (allow_check(a, jid) != ALLOW_KEY)
		return allow_check(a, jid) == ALLOW_YES;
	LIST_FOREACH(e, &a->entries, next)
		if (e->key != NULL && matches(e, jid) &&
		    strcmp(e->key, fingerprint) == 0)
			return 1;
	return 0;
}

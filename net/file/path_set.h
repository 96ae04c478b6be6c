/*
 * path_set: the paths of a folder that were offered, to be asked for each of
 * them later.  It keeps eight bytes of each: for a path that was not added it
 * may say, once in as many as no folder has, that it was.
 */
#ifndef NET_FILE_PATH_SET_H
#define NET_FILE_PATH_SET_H

#include <stddef.h>
#include <stdint.h>

/* All zero is an empty set. */
struct path_set {
	uint64_t	*slots;		/* 0: free */
	size_t		 size, n;	/* a power of two; of these, in use */
	int		 lost;		/* some were not kept */
};

void	 path_set_free(struct path_set *s);
/* Add a path, and the folders that it is in.  Where there are too many, or
 * there is no memory, the set is lost from then on. */
void	 path_set_add(struct path_set *s, const char *path);
/* Was the path added, or is it a folder that one of them is in?  A set that is
 * lost says so of all. */
int	 path_set_has(const struct path_set *s, const char *path);

#endif

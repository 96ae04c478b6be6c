/* kept: for unit tests, a folder with the one file that something keeps. */
#ifndef T_LIB_KEPT_H
#define T_LIB_KEPT_H

#include <sys/types.h>

#include <stddef.h>

/* The folder, and what is in it or will be. */
extern char	 kept_dir[], kept_path[64];

/* Make the folder, for a file of that name; the program ends if it cannot. */
void	 kept_begin(const char *name);
/* Do as kept_begin() if this process has not done it yet, and remove all at the
 * end of the process.  Returns whether it has been done now. */
int	 kept_once(const char *name);
/* Remove both: 0, or -1 if that is not all there is. */
int	 kept_end(void);
/* Remove all files in the folder; and the folder with them: for atexit(3). */
void	 kept_empty(void);
void	 kept_clean(void);

/* Another file takes the place of the one that may be there. */
void	 kept_put(const char *text, size_t len, mode_t mode);
/* The whole file ("" if there is none), in memory that lasts until the next
 * call. */
const char *kept_got(void);
/* How many files there are in the folder. */
int	 kept_files(void);

#endif

/*
 * help: the words of -h, --help, -V and --version.
 */
#ifndef NET_APP_HELP_H
#define NET_APP_HELP_H

#include "xml/check.h"

/* Print a summary of usage, and the options, one a line, on standard output.
 * 0, or -1 and errno. */
int	 help_print(void) MUST_CHECK;
/* Print the version of xcat and of its libraries on standard output.  0, or -1
 * and errno. */
int	 help_version(void) MUST_CHECK;

#endif

/* addr_temporary: see addr_temporary.h. */
#include <sys/types.h>
#include <netinet/in.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "net/dial/addr_temporary.h"
#include "xml/number.h"

#define FILE_LINUX	"/proc/self/net/if_inet6"
/* Flags of Linux (IFA_F_... of <linux/if_addr.h>). */
#define TEMPORARY	0x01
#define UNFIT		(0x08 | 0x20 | 0x40)	/* a duplicate, deprecated,
						 * not yet known to be none */

static int
read_address(const char *digits, struct in6_addr *a)
{
	uint64_t	 byte;
	size_t		 i;

	if (strlen(digits) != 2 * sizeof(*a))
		return -1;
	for (i = 0; i < sizeof(*a); i++) {
		if (number_hex(digits + 2 * i, 2, UINT8_MAX, &byte) == -1)
			return -1;
		a->s6_addr[i] = (uint8_t)byte;
	}
	return 0;
}

/* A line: the address, its interface, the length of its prefix, its scope, its
 * flags, all in hexadecimal digits; the name of the interface. */
static int
read_line(char *line, struct in6_addr *a)
{
	char		*field[5], *rest = NULL;
	uint64_t	 flags;
	size_t		 i;

	for (i = 0; i < 5; i++)
		if ((field[i] = strtok_r(i == 0 ? line : NULL, " \t\n",
		    &rest)) == NULL)
			return 0;
	return number_hex(field[4], strlen(field[4]), UINT32_MAX,
	    &flags) == 0 && read_address(field[0], a) == 0 &&
	    (flags & TEMPORARY) && !(flags & UNFIT);
}

size_t
addr_temporary_read(FILE *fp, struct in6_addr *out, size_t max)
{
	char	 line[256];
	size_t	 n = 0;

	while (n < max && fgets(line, sizeof(line), fp) != NULL)
		n += (size_t)read_line(line, &out[n]);
	return n;
}

size_t
addr_temporary(struct in6_addr *out, size_t max)
{
	FILE	*fp = fopen(FILE_LINUX, "re");
	size_t	 n;

	if (fp == NULL)
		return 0;
	n = addr_temporary_read(fp, out, max);
	fclose(fp);
	return n;
}

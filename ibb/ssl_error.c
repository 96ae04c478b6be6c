/*
 * ssl_error: what OpenSSL's error queue says.
 */
#include <openssl/err.h>

#include "ibb/ssl_error.h"

unsigned long
ssl_error_take(int *starved)
{
	unsigned long	 e, last = 0;

	*starved = 0;
	while ((e = ERR_get_error()) != 0) {
		last = e;
		if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
			*starved = 1;
	}
	return last;
}

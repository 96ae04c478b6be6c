/*
 * identity: the key by which other xcats know this one: one for each
 * configuration directory, in the file key.pem, self-signed.
 */
#ifndef NET_CONF_IDENTITY_H
#define NET_CONF_IDENTITY_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "xml/check.h"

#define IDENTITY_ERR 512
#define IDENTITY_FILE	"key.pem"	/* in the directory */

struct identity {
	EVP_PKEY	*key;
	X509		*cert;
	/* Why the key is not kept and serves this once only: the directory
	 * cannot be written to.  "" if the key is kept. */
	char		 note[IDENTITY_ERR];
};

/*
 * Read the key of directory dir, or make it on first use, mode 0600.  Two first
 * runs at once agree on one key.  A file that other users can read, or that
 * another user owns, is refused.  0, or -1 with a message in
 * err[IDENTITY_ERR].
 */
int	 identity_load(struct identity *id, const char *dir, char *err)
	    MUST_CHECK;
/* Free what is in id. */
void	 identity_free(struct identity *id);

#endif

/* identity: see identity.h. */
#include <sys/types.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "ibb/ssl_error.h"
#include "net/conf/conffile.h"
#include "net/conf/identity.h"
#include "net/conf/statefile.h"
#include "xml/buf.h"

#define PEM_MAX		16384	/* bytes of it */
#define YEARS		100	/* the key counts, not the date */

/*
 * Making
 */

static X509 *
self_sign(EVP_PKEY *key)
{
	X509		*cert;
	X509_NAME	*name;

	if ((cert = X509_new()) == NULL)
		return NULL;
	name = X509_get_subject_name(cert);
	if (X509_set_version(cert, X509_VERSION_3) != 1 ||
	    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) != 1 ||
	    X509_gmtime_adj(X509_getm_notBefore(cert), 0) == NULL ||
	    X509_time_adj_ex(X509_getm_notAfter(cert), 365 * YEARS, 0, NULL)
	    == NULL ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"xcat", -1, -1, 0) != 1 ||
	    X509_set_issuer_name(cert, name) != 1 ||
	    X509_set_pubkey(cert, key) != 1 ||
	    X509_sign(cert, key, NULL) == 0) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

static int
make(struct identity *id)
{
	if ((id->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")) == NULL)
		return -1;
	return (id->cert = self_sign(id->key)) == NULL ? -1 : 0;
}

/*
 * Keeping
 */

/* 0 or -1. */
static int
write_pem(const struct identity *id, struct buf *out)
{
	BIO	*bio = BIO_new(BIO_s_mem());
	char	*p;
	long	 n;
	int	 r = -1;

	if (bio != NULL && PEM_write_bio_PrivateKey(bio, id->key, NULL, NULL,
	    0, NULL, NULL) == 1 && PEM_write_bio_X509(bio, id->cert) == 1 &&
	    (n = BIO_get_mem_data(bio, &p)) > 0)
		r = buf_add(out, p, (size_t)n);
	BIO_free(bio);		/* wipes */
	return r;
}

static int
make_dirs(const char *dir)
{
	char	 path[PATH_MAX], *p;
	int	 why = ENOENT;

	if (strlcpy(path, dir, sizeof(path)) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (p = path + 1; *p != '\0'; p++)
		if (*p == '/') {
			*p = '\0';
			if (mkdir(path, 0700) == -1 && errno != ENOENT)
				why = errno;
			*p = '/';
		}
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	/* If there is no file now, report why it could not be made. */
	if (errno == ENOENT && why != EEXIST)
		errno = why;
	return -1;
}

/* If another process was faster, its key is taken.  0 or -1 and errno. */
static int
identity_keep(const struct identity *id, const char *dir, const char *path)
{
	struct buf	 pem;
	int		 r = -1;

	if (make_dirs(dir) == -1)
		return -1;
	buf_init(&pem, PEM_MAX);
	errno = ENOMEM;
	if (write_pem(id, &pem) == 0)
		r = statefile_create(path, &pem);
	buf_free(&pem);
	return r == -1 && errno == EEXIST ? 0 : r;
}

/*
 * Reading
 */

static int
read_pem(struct identity *id, int fd, const char *path, char *err)
{
	FILE	*f;
	int	 starved;

	if ((f = fdopen(fd, "r")) == NULL) {
		close(fd);
		return conf_fail(err, "%s: %s", path, strerror(errno));
	}
	ERR_clear_error();
	id->key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	id->cert = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	if (id->key != NULL && id->cert != NULL &&
	    X509_check_private_key(id->cert, id->key) == 1)
		return 0;
	identity_free(id);
	ssl_error_take(&starved);
	if (starved)
		return conf_fail(err, "%s: out of memory", path);
	return conf_fail(err, "%s: not a key and its certificate; remove it "
	    "for a new one", path);
}

/* 1 if there was one, 0 if there is none, -1 with a message. */
static int
identity_read(struct identity *id, const char *path, char *err)
{
	struct stat	 st;
	int		 fd;

	if ((fd = conf_open(path, &st, err)) == -1)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
	if (conf_private(path, &st, "key", err) == -1) {
		close(fd);
		return -1;
	}
	return read_pem(id, fd, path, err) == -1 ? -1 : 1;
}

int
identity_load(struct identity *id, const char *dir, char *err)
{
	char	 path[PATH_MAX];
	int	 r;

	memset(id, 0, sizeof(*id));
	snprintf(path, sizeof(path), "%s/" IDENTITY_FILE, dir);
	if ((r = identity_read(id, path, err)) != 0)
		return r == 1 ? 0 : -1;
	if (make(id) == -1) {
		identity_free(id);
		return conf_fail(err, "cannot make a key");
	}
	if (identity_keep(id, dir, path) == -1) {
		conf_fail(id->note, "%s: cannot be written (%s), so the key "
		    "is for this once", path, strerror(errno));
		return 0;
	}
	identity_free(id);
	r = identity_read(id, path, err);
	return r == 1 ? 0 : r == -1 ? -1 : conf_fail(err, "%s: is gone", path);
}

void
identity_free(struct identity *id)
{
	EVP_PKEY_free(id->key);
	X509_free(id->cert);
	id->key = NULL;
	id->cert = NULL;
}

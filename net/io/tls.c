/* tls: see tls.h. */
#include <sys/stat.h>

#include <arpa/inet.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "ibb/ssl_error.h"
#include "net/io/tls.h"
#include "net/io/tls_binding.h"

/* Can the file be read at all?  If not, the message says why, and what named
 * it. */
static int
readable(const char *origin, const char *path, char *err)
{
	struct stat	 st;
	const char	*why;

	if (access(path, R_OK) == -1 || stat(path, &st) == -1)
		why = strerror(errno);
	else if (S_ISDIR(st.st_mode))
		why = "is a folder, not a file";
	else
		return 1;
	snprintf(err, TLS_ERR, "%s %.200s: %s", origin, path, why);
	return 0;
}

static int
load_ca(SSL_CTX *ctx, const char *origin, const char *ca_file, char *err)
{
	if (ca_file == NULL) {
		if (SSL_CTX_set_default_verify_paths(ctx) == 1)
			return 0;
		snprintf(err, TLS_ERR, "cannot read the system's CA "
		    "certificates: install them or use -C file");
		return -1;
	}
	if (!readable(origin, ca_file, err))
		return -1;
	if (SSL_CTX_load_verify_locations(ctx, ca_file, NULL) == 1)
		return 0;
	snprintf(err, TLS_ERR, "%s %s: no CA certificates in PEM can be read "
	    "from it", origin, ca_file);
	return -1;
}

static int
load_certificate(SSL_CTX *ctx, const char *certificate, const char *key,
    char *err)
{
	if (certificate == NULL)
		return 0;
	if (!readable("certificate", certificate, err) ||
	    (key != NULL && !readable("key", key, err)))
		return -1;
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1) {
		snprintf(err, TLS_ERR, "%s: no certificate in PEM can be read "
		    "from it", certificate);
		return -1;
	}
	if (key == NULL)
		key = certificate;
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1) {
		snprintf(err, TLS_ERR, "%s: no private key in PEM for the "
		    "certificate can be read from it", key);
		return -1;
	}
	return 0;
}

SSL_CTX *
tls_context(const char *ca_origin, const char *ca_file,
    const char *certificate, const char *key, char *err)
{
	SSL_CTX	*ctx;

	errno = 0;
	if ((ctx = SSL_CTX_new(TLS_client_method())) == NULL ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) {
		snprintf(err, TLS_ERR, "%s", errno == ENOMEM ?
		    "out of memory" : "cannot set up TLS");
		SSL_CTX_free(ctx);
		return NULL;
	}
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION |
	    SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	if (load_ca(ctx, ca_origin, ca_file, err) == -1 ||
	    load_certificate(ctx, certificate, key, err) == -1) {
		SSL_CTX_free(ctx);
		if (errno == ENOMEM)
			snprintf(err, TLS_ERR, "out of memory");
		ERR_clear_error();
		return NULL;
	}
	return ctx;
}

static int
is_address(const char *name)
{
	unsigned char	 a[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, a) == 1 ||
	    inet_pton(AF_INET6, name, a) == 1;
}

static int
expect_name(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM	*param = SSL_get0_param(ssl);
	char			 sni[256];	/* the macro wants no const */

	if (is_address(name))	/* RFC 6066: no SNI for addresses */
		return X509_VERIFY_PARAM_set1_ip_asc(param, name);
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 &&
	    strlcpy(sni, name, sizeof(sni)) < sizeof(sni) &&
	    SSL_set_tlsext_host_name(ssl, sni) == 1;
}

static int
set_alpn(SSL *ssl, const char *alpn)
{
	unsigned char	 wire[64];
	size_t		 len;

	if (alpn == NULL)
		return 1;
	len = strlen(alpn);
	wire[0] = (unsigned char)len;
	memcpy(wire + 1, alpn, len);
	return SSL_set_alpn_protos(ssl, wire, (unsigned)len + 1) == 0;
}

SSL *
tls_client(SSL_CTX *ctx, int fd, const char *name, const char *alpn)
{
	SSL	*ssl;

	if ((ssl = SSL_new(ctx)) == NULL)
		return NULL;
	if (!expect_name(ssl, name) || !set_alpn(ssl, alpn) ||
	    SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_connect_state(ssl);
	return ssl;
}

SSL *
tls_client_url(SSL_CTX *ctx, int fd, const char *host, const char *also,
    const char *alpn)
{
	SSL	*ssl;

	if (is_address(host) || strcasecmp(host, "localhost") == 0)
		return tls_client(ctx, fd, also, alpn);
	if ((ssl = tls_client(ctx, fd, host, alpn)) == NULL)
		return NULL;
	if (!is_address(also) &&
	    X509_VERIFY_PARAM_add1_host(SSL_get0_param(ssl), also, 0) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	return ssl;
}

enum tls_fault
tls_why(SSL *ssl, const char *name, char *err)
{
	long		 v = SSL_get_verify_result(ssl);
	int		 starved;
	const char	*reason;

	reason = ERR_reason_error_string(ssl_error_take(&starved));
	if (starved || v == X509_V_ERR_OUT_OF_MEM) {
		snprintf(err, TLS_ERR, "out of memory");
		return TLS_STARVED;
	}
	switch (v) {
	case X509_V_OK:
		snprintf(err, TLS_ERR, "TLS failed: %s: check -c, or ask "
		    "its operator",
		    reason != NULL ? reason : "the connection was closed");
		return TLS_BROKEN;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		snprintf(err, TLS_ERR, "its certificate is not for %s: this "
		    "may be an impostor, or the wrong -c", name);
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		snprintf(err, TLS_ERR, "its certificate has expired: tell its "
		    "operator, or check this machine's clock");
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		snprintf(err, TLS_ERR, "its certificate is not valid yet: "
		    "check this machine's clock");
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		snprintf(err, TLS_ERR, "its certificate is not signed by a CA "
		    "that is trusted here: name that CA with -C file");
		break;
	default:
		snprintf(err, TLS_ERR, "its certificate is not valid: %s",
		    X509_verify_cert_error_string(v));
		break;
	}
	return TLS_UNTRUSTED;
}

static int
exporter(SSL *ssl, struct tls_binding *b)
{
	static const char	 label[] = "EXPORTER-Channel-Binding";

	b->type = "tls-exporter";
	b->len = 32;
	return SSL_version(ssl) == TLS1_3_VERSION &&
	    SSL_export_keying_material(ssl, b->data, b->len, label,
	    sizeof(label) - 1, NULL, 0, 1) == 1;
}

/* RFC 5929 section 4.1: the hash of the certificate's signature, but at least
 * SHA-256. */
static int
end_point(SSL *ssl, struct tls_binding *b)
{
	X509		*cert = SSL_get0_peer_certificate(ssl);
	const EVP_MD	*md;
	unsigned int	 len;
	int		 nid;

	if (cert == NULL ||
	    X509_get_signature_info(cert, &nid, NULL, NULL, NULL) != 1)
		return 0;
	if (nid == NID_md5 || nid == NID_sha1)
		nid = NID_sha256;
	if (nid == NID_undef || (md = EVP_get_digestbynid(nid)) == NULL ||
	    EVP_MD_size(md) > (int)sizeof(b->data) ||
	    X509_digest(cert, md, b->data, &len) != 1)
		return 0;
	b->type = "tls-server-end-point";
	b->len = len;
	return 1;
}

size_t
tls_bindings(SSL *ssl, struct tls_binding *out)
{
	size_t	 n = 0;

	n += exporter(ssl, &out[n]);
	n += end_point(ssl, &out[n]);
	return n;
}

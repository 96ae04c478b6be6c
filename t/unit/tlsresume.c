/* Unit tests of net/tlsresume: which sessions are kept, for how long, and to
 * whom they are offered.  Client and server are both here, without sockets. */
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net/tickets.h"
#include "net/tls.h"
#include "net/tlsresume.h"
#include "t/lib/tap.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define NAME		"im.example.test"
#define OTHER		"other.test"
#define PLACE		"xmpps://somewhere:5223"
#define DAY		INT64_C(86400)
#define A_WHILE		(30 * 86400L)	/* s that certificates are valid */

struct identity {
	X509		*cert;
	EVP_PKEY	*key;
};

static char		 dir[] = "/tmp/xcat-tlsresume.XXXXXX";
static char		 path[128];
static char		 why[TLS_ERR + TICKETS_ERR];
static struct identity	 ca, leaf;
static struct tickets	*kept;

static void
need(int good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "%s\n", what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static char *
in_dir(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

/* --- certificates --------------------------------------------------------- */

static void
extend(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION	*e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	need(e != NULL && X509_add_ext(cert, e, -1) == 1, "extension");
	X509_EXTENSION_free(e);
}

/* names NULL: it is a CA; by NULL: signed by itself. */
static void
make(struct identity *id, const char *cn, const char *names,
    const struct identity *by, long from, long until)
{
	static long	 serial;
	X509_NAME	*name;

	id->key = EVP_EC_gen("P-256");
	id->cert = X509_new();
	need(id->key != NULL && id->cert != NULL, "certificate");
	X509_set_version(id->cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(id->cert), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(id->cert), from);
	X509_gmtime_adj(X509_getm_notAfter(id->cert), until);
	X509_set_pubkey(id->cert, id->key);
	name = X509_get_subject_name(id->cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(id->cert, by != NULL ?
	    X509_get_subject_name(by->cert) : name);
	if (names == NULL)
		extend(id->cert, NID_basic_constraints, "critical,CA:TRUE");
	else
		extend(id->cert, NID_subject_alt_name, names);
	need(X509_sign(id->cert, by != NULL ? by->key : id->key,
	    EVP_sha256()) > 0, "signature");
}

static void
identity_free(struct identity *id)
{
	X509_free(id->cert);
	EVP_PKEY_free(id->key);
}

static void
write_pem(const char *name, const struct identity *a, const struct identity *b,
    int key)
{
	FILE	*f = fopen(in_dir(name), "w");

	need(f != NULL, name);
	PEM_write_X509(f, a->cert);
	if (b != NULL)
		PEM_write_X509(f, b->cert);
	if (key)
		PEM_write_PrivateKey(f, a->key, NULL, NULL, 0, NULL, NULL);
	need(fclose(f) == 0, name);
}

/* --- client and server ---------------------------------------------------- */

static SSL_CTX *
server(const struct identity *id, int version)
{
	SSL_CTX	*ctx = SSL_CTX_new(TLS_server_method());

	need(ctx != NULL && SSL_CTX_use_certificate(ctx, id->cert) == 1 &&
	    SSL_CTX_use_PrivateKey(ctx, id->key) == 1 &&
	    SSL_CTX_set_min_proto_version(ctx, version) == 1 &&
	    SSL_CTX_set_max_proto_version(ctx, version) == 1, "server");
	return ctx;
}

static SSL_CTX *
client(const char *ca_file, const char *certificate)
{
	char	 a[128], b[128];
	SSL_CTX	*ctx;

	if (ca_file != NULL) {
		strlcpy(a, in_dir(ca_file), sizeof(a));
		ca_file = a;
	}
	if (certificate != NULL) {
		strlcpy(b, in_dir(certificate), sizeof(b));
		certificate = b;
	}
	ctx = tls_context(ca_file, certificate, NULL, why);
	need(ctx != NULL && tlsresume_init(ctx, ca_file, kept) == 0, why);
	return ctx;
}

/* To the end, and one byte more, with which tickets come.  Takes c; 1 if the
 * session was resumed, 0 if not, -1 if it failed. */
static int
shake_hands(SSL *c, SSL_CTX *s_ctx)
{
	SSL	*s = SSL_new(s_ctx);
	BIO	*cb = NULL, *sb = NULL;
	char	 byte;
	int	 i, resumed = -1;

	need(s != NULL && BIO_new_bio_pair(&cb, 0, &sb, 0) == 1, "pair");
	SSL_set_bio(c, cb, cb);
	SSL_set_bio(s, sb, sb);
	SSL_set_connect_state(c);
	SSL_set_accept_state(s);
	for (i = 0; i < 10; i++) {
		SSL_do_handshake(c);
		SSL_do_handshake(s);
	}
	if (SSL_is_init_finished(c) && SSL_is_init_finished(s) &&
	    SSL_write(s, "x", 1) == 1 && SSL_read(c, &byte, 1) == 1)
		resumed = tlsresume_done(c);
	SSL_free(c);
	SSL_free(s);
	ERR_clear_error();
	return resumed;
}

/* Is something offered?  Its key is in key then. */
static char	 key[TICKETS_KEY];
static int	 offered;

static int
connect_to(SSL_CTX *ctx, SSL_CTX *s, const char *name, const char *also,
    const char *place)
{
	SSL	*ssl;

	ssl = also != NULL ? tls_client_url(ctx, 0, name, also, NULL) :
	    tls_client(ctx, 0, name, NULL);
	need(ssl != NULL, "client");
	tlsresume_keep(ssl, place);
	offered = tlsresume_offer(ssl, key);
	return shake_hands(ssl, s);
}

static int
again(SSL_CTX *ctx, SSL_CTX *s)
{
	return connect_to(ctx, s, NAME, NULL, PLACE);
}

static void
forget_all(void)
{
	tickets_free(kept);
	kept = tickets_new(NULL, "alice@example.org", why);
	need(kept != NULL, why);
}

/* --- tests ---------------------------------------------------------------- */

static const int	 versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

static void
test_resumed(int version)
{
	SSL_CTX	*c, *s = server(&leaf, version), *same, *bare;
	int	 i;

	forget_all();
	c = client("ca.pem", NULL);
	same = client("copy.pem", NULL);
	bare = tls_context(in_dir("ca.pem"), NULL, NULL, why);
	is_int(again(c, s), 0, "the first time: new");
	is_int(offered, 0, "and nothing is offered");
	for (i = 0; i < 3; i++) {
		is_int(again(c, s), 1, "then: resumed");
		is_int((long long)strlen(key), TICKETS_KEY - 1, "by a key");
	}
	is_int(again(same, s), 1, "the same CA in another file: resumed");
	is_int(again(bare, s), 0, "without tlsresume_init(): new");
	is_int(offered, 0, "and nothing is offered");
	is_int(again(c, s), 1, "again with it: resumed");
	tlsresume_forget(c, key);
	is_int(again(c, s), 0, "forgotten: new");
	is_int(offered, 0, "and nothing is offered");
	SSL_CTX_free(c);
	SSL_CTX_free(same);
	SSL_CTX_free(bare);
	SSL_CTX_free(s);
}

/* The server would resume all of them. */
static void
test_keys(int version)
{
	SSL_CTX	*c, *s = server(&leaf, version), *more, *shows;

	forget_all();
	c = client("ca.pem", NULL);
	more = client("both.pem", NULL);
	shows = client("ca.pem", "client.pem");
	again(c, s);
	is_int(connect_to(c, s, OTHER, NULL, PLACE), 0, "another name");
	is_int(connect_to(c, s, NAME, OTHER, PLACE), 0, "two names");
	is_int(connect_to(c, s, NAME, "third.test", PLACE), 0, "another two");
	is_int(connect_to(c, s, "192.0.2.1", NULL, PLACE), 0, "an address");
	is_int(connect_to(c, s, NAME, NULL, PLACE "4"), 0, "another place");
	is_int(again(more, s), 0, "more CAs");
	is_int(again(shows, s), 0, "a certificate of ours");
	is_int(connect_to(c, s, OTHER, NULL, PLACE), 1, "each again: name");
	is_int(connect_to(c, s, NAME, OTHER, PLACE), 1, "each again: names");
	is_int(connect_to(c, s, "192.0.2.1", NULL, PLACE), 1,
	    "each again: address");
	is_int(again(more, s), 1, "each again: CAs");
	is_int(again(shows, s), 1, "each again: ours");
	is_int(again(c, s), 1, "and the first one");
	SSL_CTX_free(c);
	SSL_CTX_free(more);
	SSL_CTX_free(shows);
	SSL_CTX_free(s);
}

/* The system's CAs. */
static void
test_system(void)
{
	static const struct timespec	 old[] = { { 1000, 0 }, { 1000, 0 } };
	SSL_CTX				*c, *s = server(&leaf, TLS1_3_VERSION);

	forget_all();
	setenv("SSL_CERT_FILE", in_dir("ca.pem"), 1);
	c = client(NULL, NULL);
	again(c, s);
	is_int(again(c, s), 1, "the system's CAs: resumed");
	SSL_CTX_free(c);
	need(utimensat(AT_FDCWD, in_dir("ca.pem"), old, 0) == 0, "time");
	c = client(NULL, NULL);
	is_int(again(c, s), 0, "after they were changed: new");
	is_int(offered, 0, "and nothing is offered");
	unsetenv("SSL_CERT_FILE");
	SSL_CTX_free(c);
	SSL_CTX_free(s);
}

/* What is not to be kept. */
static void
test_unworthy(int version)
{
	struct identity	 self;
	SSL_CTX		*c, *s;

	forget_all();
	c = client("ca.pem", NULL);
	make(&self, NAME, "DNS:" NAME, NULL, -60, A_WHILE);
	s = server(&self, version);
	is_int(again(c, s), -1, "nobody signed it: refused");
	SSL_CTX_set_verify(c, SSL_VERIFY_NONE, NULL);
	is_int(again(c, s), 0, "even if that were not so");
	is_int(again(c, s), 0, "nothing is kept");
	is_int(offered, 0, "nor offered");
	SSL_CTX_free(c);
	SSL_CTX_free(s);
	identity_free(&self);

	if (version != TLS1_2_VERSION)
		return;
	c = client("ca.pem", NULL);
	s = server(&leaf, version);
	SSL_CTX_set_options(s, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	again(c, s);
	is_int(again(c, s), 0, "without extended master secret: new");
	is_int(offered, 0, "and nothing is offered");
	SSL_CTX_free(c);
	SSL_CTX_free(s);
}

/* What is offered next, to be put back. */
static void
look(SSL_CTX *c, SSL_CTX *s, struct ticket *k)
{
	again(c, s);
	again(c, s);
	is_int(offered, 1, "there is one");
	if (tickets_take(kept, key, time(NULL), k) == -1) {
		k->trusted = k->until = 0;
		ok(0, "there is another one");
	}
}

/* Certificates of which one does not last for a day. */
static void
test_lasting(int version)
{
	static const struct {
		long		 ca, leaf, timeout;
		int64_t		 trusted, until;
		const char	*what;
	} lasting[] = {
		{ A_WHILE, A_WHILE, 3600, DAY, 3600, "as the server says" },
		{ A_WHILE, A_WHILE, 500000, DAY, DAY, "a day" },
		{ A_WHILE, 7000, 500000, 7000, 7000, "as its certificate" },
		{ 5000, A_WHILE, 500000, 5000, 5000, "as the CA's" },
	};
	struct identity	 top, end;
	struct ticket	 k;
	SSL_CTX		*c, *s;
	int64_t		 now;
	size_t		 i;

	for (i = 0; i < COUNT(lasting); i++) {
		forget_all();
		now = time(NULL);
		make(&top, "short", NULL, NULL, -60, lasting[i].ca);
		make(&end, NAME, "DNS:" NAME, &top, -60, lasting[i].leaf);
		write_pem("short.pem", &top, NULL, 0);
		c = client("short.pem", NULL);
		s = server(&end, version);
		SSL_CTX_set_timeout(s, lasting[i].timeout);
		look(c, s, &k);
		ok(k.trusted >= now + lasting[i].trusted &&
		    k.trusted <= now + lasting[i].trusted + 60,
		    "trusted for as long: %s", lasting[i].what);
		ok(k.until >= now + lasting[i].until &&
		    k.until <= now + lasting[i].until + 60,
		    "used for as long: %s", lasting[i].what);
		SSL_CTX_free(c);
		SSL_CTX_free(s);
		identity_free(&top);
		identity_free(&end);
	}
}

/* What was verified long ago is not verified again by being resumed. */
static void
test_chain(int version)
{
	SSL_CTX		*c, *s = server(&leaf, version);
	struct ticket	 k;
	int64_t		 soon = time(NULL) + 3000;

	forget_all();
	c = client("ca.pem", NULL);
	look(c, s, &k);
	tickets_forget(kept, key, time(NULL));
	k.trusted = k.until = soon;
	tickets_put(kept, key, &k, time(NULL));
	is_int(again(c, s), 1, "an old one is resumed");
	is_int(again(c, s), 1, "so is what it brought");
	is_int(tickets_take(kept, key, time(NULL), &k), 0, "there is one");
	is_int(k.trusted, soon, "it is trusted no longer than the old one");
	ok(k.until <= soon, "nor used");
	SSL_CTX_free(c);
	SSL_CTX_free(s);
}

/* A session of a server that nobody verifies. */
static void
raw(const struct identity *id, int version, struct ticket *k)
{
	SSL_CTX		*ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX		*s = server(id, version);
	SSL		*ssl = SSL_new(ctx);
	SSL_SESSION	*session;
	unsigned char	*p = k->data;

	SSL_up_ref(ssl);
	shake_hands(ssl, s);
	session = SSL_get_session(ssl);
	k->len = (size_t)i2d_SSL_SESSION(session, &p);
	k->trusted = k->until = time(NULL) + 3600;
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	SSL_CTX_free(s);
}

/* Whatever the store says, the certificate has to be good for it. */
static void
test_leaf(int version)
{
	static const struct {
		const char	*names;
		long		 from, until;
		int		 good;
		const char	*what;
	} leaves[] = {
		{ "DNS:" NAME, -60, A_WHILE, 1, "as it should be" },
		{ "DNS:*.example.test", -60, A_WHILE, 1, "of a wildcard" },
		{ "DNS:" OTHER, -60, A_WHILE, 0, "of another name" },
		{ "DNS:i*.example.test", -60, A_WHILE, 0,
		    "of a partial wildcard" },
		{ "DNS:" NAME, -120, -60, 0, "that has expired" },
		{ "DNS:" NAME, 60, A_WHILE, 0, "that is not valid yet" },
	};
	SSL_CTX		*c, *s = server(&leaf, version);
	struct identity	 id;
	struct ticket	 k;
	size_t		 i;

	forget_all();
	c = client("ca.pem", NULL);
	look(c, s, &k);
	for (i = 0; i < COUNT(leaves); i++) {
		make(&id, NAME, leaves[i].names, &ca, leaves[i].from,
		    leaves[i].until);
		raw(&id, version, &k);
		tlsresume_forget(c, key);
		tickets_put(kept, key, &k, time(NULL));
		again(c, s);
		is_int(offered, leaves[i].good, "offered: a certificate %s",
		    leaves[i].what);
		again(c, s);	/* for the key */
		identity_free(&id);
	}
	tlsresume_forget(c, key);
	memset(k.data, 0x30, sizeof(k.data));
	tickets_put(kept, key, &k, time(NULL));
	again(c, s);
	is_int(offered, 0, "offered: nonsense");
	SSL_CTX_free(c);
	SSL_CTX_free(s);
}

int
main(void)
{
	static const char *const	 files[] = {
		"ca.pem", "copy.pem", "both.pem", "client.pem", "short.pem"
	};
	struct identity			 second, us;
	size_t				 i;

	need(mkdtemp(dir) != NULL, dir);
	make(&ca, "first", NULL, NULL, -60, A_WHILE);
	make(&second, "second", NULL, NULL, -60, A_WHILE);
	make(&leaf, NAME, "DNS:" NAME ",DNS:" OTHER ",IP:192.0.2.1", &ca, -60,
	    A_WHILE);
	make(&us, "us", "DNS:us.test", &ca, -60, A_WHILE);
	write_pem("ca.pem", &ca, NULL, 0);
	write_pem("copy.pem", &ca, NULL, 0);
	write_pem("both.pem", &ca, &second, 0);
	write_pem("client.pem", &us, NULL, 1);
	for (i = 0; i < COUNT(versions); i++) {
		test_resumed(versions[i]);
		test_keys(versions[i]);
		test_unworthy(versions[i]);
		test_lasting(versions[i]);
		test_chain(versions[i]);
		test_leaf(versions[i]);
	}
	test_system();
	tickets_free(kept);
	identity_free(&ca);
	identity_free(&second);
	identity_free(&leaf);
	identity_free(&us);
	for (i = 0; i < COUNT(files); i++)
		unlink(in_dir(files[i]));
	is_int(rmdir(dir), 0, "nothing is left");
	return tap_done();
}

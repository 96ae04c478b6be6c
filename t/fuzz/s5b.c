/*
 * Fuzzing of the stanzas of XEP-0065: an offer that a peer makes, and what it
 * answers to ours.  The input is the inside of the <iq/>.  Whatever it is, an
 * offer is taken, refused once or not ours; a host that is said to be used is
 * one that was offered.  The same input is what is said to us in SOCKS5, as a
 * server and as a client: however it is split, the result is the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/s5b.h"
#include "net/dial/socks5_client.h"
#include "net/dial/socks5_server.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "xml/elem.h"
#include "xml/iq.h"

#define INPUT	8192

static int	 calls, found;

static void
on_used(void *arg, const struct elem *query, int used, enum stanza_error err,
    const char *why)
{
	(void)arg;
	(void)query;
	(void)err;
	must(used >= -1 && used < 2);
	must(used != -1 || why != NULL);
	calls++;
}

static void
on_proxy(void *arg, const struct streamhost *h)
{
	(void)arg;
	if (h == NULL)
		calls++;
	else
		must(*h->jid != '\0' && *h->host != '\0' && h->port > 0 &&
		    ++found <= 4);
}

static void
try_offer(struct iq_table *t, const uint8_t *data, size_t size)
{
	struct elem		*e = stanza_iq("set", "p@q/r", data, size);
	struct s5b_offer	 o;
	char			 hash[S5B_HASH];
	int			 r;

	if (e == NULL)
		return;
	stanza_count = 0;
	r = s5b_parse(t, e, &o);
	must(stanza_count == (r == -1));
	must(o.n <= S5B_HOSTS && (r == 1 || o.hosts == NULL));
	if (r == 1) {
		s5b_hash(o.sid, "p@q/r", "us@here/x", hash);
		must(strlen(hash) == S5B_HASH - 1);
		must(s5b_accept(t, "p@q/r", "i", o.sid, "us@here/x",
		    NULL, NULL) == 0);
	}
	free(o.hosts);
	elem_free(e);
}

static void
try_answer(struct iq_table *t, const uint8_t *data, size_t size)
{
	static const struct streamhost	 hosts[] = {
		{ "us@here/x", "192.0.2.1", 1 },
		{ "proxy.example", "192.0.2.2", 2 }
	};
	struct elem	*e;

	calls = 0;
	must(s5b_offer(t, "p@q/r", "s", hosts, 2, NULL, 1, on_used, NULL) !=
	    NULL);
	if ((e = stanza_iq("result", "p@q/r", data, size)) != NULL)
		iq_answer(t, e);
	elem_free(e);
	iq_expire(t, 2);
	must(calls == 1);
}

/* Its proxy says the same. */
static void
try_activation(struct iq_table *t, const uint8_t *data, size_t size)
{
	struct elem	*e;

	calls = 0;
	must(s5b_activate(t, "proxy.example", "s", "p@q/r", 1, on_used,
	    NULL) != NULL);
	if ((e = stanza_iq(size % 2 ? "result" : "error", "proxy.example",
	    data, size)) != NULL)
		iq_answer(t, e);
	elem_free(e);
	iq_expire(t, 2);
	must(calls == 1);
}

/* The same answer to whatever is asked. */
static void
try_search(struct iq_table *t, const uint8_t *data, size_t size)
{
	struct elem	*e;
	int		 i;

	calls = found = 0;
	must(s5b_search_server(t, "q", 1, on_proxy, NULL) != NULL);
	if ((e = stanza_iq("result", "q", data, size)) != NULL)
		iq_answer(t, e);
	elem_free(e);
	for (i = 0; calls == 0 && i < 3; i++) {
		e = stanza_iq("result", "proxy.example", data, size);
		if (e != NULL)
			iq_answer(t, e);
		elem_free(e);
	}
	iq_expire(t, 2);
	must(calls == 1);
}

/* How many bytes were taken, of no more than step at a time. */
static size_t
serve(struct socks5_server *s, const uint8_t *data, size_t size, size_t step,
    enum socks5_server_result *r)
{
	size_t	 i = 0, n, len;

	socks5_server_init(s);
	*r = SOCKS5_SERVER_MORE;
	while (*r == SOCKS5_SERVER_MORE && i < size) {
		n = socks5_server_need(s) < step ? socks5_server_need(s) : step;
		must(n > 0);
		n = n < size - i ? n : size - i;
		*r = socks5_server_input(s, data + i, n);
		i += n;
		socks5_server_output(s, &len);
		must(len <= SOCKS5_SERVER_OUT);
	}
	return i;
}

static void
try_server(const uint8_t *data, size_t size)
{
	struct socks5_server		 a, b;
	enum socks5_server_result	 ra, rb;
	size_t			 len;

	must(serve(&a, data, size, 1, &ra) ==
	    serve(&b, data, size, SIZE_MAX, &rb));
	must(ra == rb && strcmp(a.host, b.host) == 0 &&
	    strcmp(a.port, b.port) == 0);
	must(ra != SOCKS5_SERVER_ASKED || (*a.host != '\0' && *a.port != '\0'));
	socks5_server_reply(&a, SOCKS_OK, 1);
	socks5_server_output(&a, &len);
	must(len <= SOCKS5_SERVER_OUT &&
	    (len > 0) == (ra == SOCKS5_SERVER_ASKED));
}

static size_t
ask(const uint8_t *data, size_t size, size_t step, enum socks5_client_result *r)
{
	struct socks5_client	 s;
	size_t		 i = 0, n, len;

	must(socks5_client_init_hash(&s, "8a49b3e839d65c7d") == 0);
	*r = SOCKS5_MORE;
	while (*r == SOCKS5_MORE && i < size) {
		socks5_client_output(&s, &len);
		must(len <= SOCKS5_OUT);
		n = socks5_client_need(&s) < step ? socks5_client_need(&s)
		    : step;
		must(n > 0);
		n = n < size - i ? n : size - i;
		*r = socks5_client_input(&s, data + i, n);
		i += n;
	}
	return i;
}

static void
try_client(const uint8_t *data, size_t size)
{
	enum socks5_client_result	 ra, rb;

	must(ask(data, size, 1, &ra) == ask(data, size, SIZE_MAX, &rb));
	must(ra == rb);
}

int
fuzz_s5b(const uint8_t *data, size_t size)
{
	struct iq_table	*t;

	if (size > INPUT)
		return 0;
	must((t = iq_new(stanza_take, NULL)) != NULL);
	must(iq_setjid(t, "us@here/x") == 0);
	*stanza_sent = '\0';
	try_offer(t, data, size);
	try_answer(t, data, size);
	try_activation(t, data, size);
	try_search(t, data, size);
	try_server(data, size);
	try_client(data, size);
	iq_free(t);
	return 0;
}

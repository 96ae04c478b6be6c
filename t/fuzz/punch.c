/*
 * Fuzzing of what is read on the way to a punched socket.  The first byte says
 * as what the rest is taken:
 *
 *	s	a response of a STUN server (net/s5b/stun), whose id is right
 *	m	a message of a router, PCP or NAT-PMP (net/s5b/pcp)
 *	p	what a stranger says in a punched socket (net/s5b/proof)
 *	P	two numbers: how the two ends of a punched socket split what
 *		they say; and with a third one, which byte changes on its way
 *	r	a table of routes (net/s5b/portmap)
 *	else	the inside of elements: candidates (net/s5b/candidate), services
 *		(ibb/extdisco) and an address (ibb/sic)
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ibb/extdisco.h"
#include "ibb/sic.h"
#include "net/dial/addr.h"
#include "net/s5b/candidate.h"
#include "net/s5b/pcp.h"
#include "net/s5b/portmap.h"
#include "net/s5b/proof.h"
#include "net/s5b/stun.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/must.h"
#include "t/lib/stanza.h"
#include "xml/buf.h"
#include "xml/elem.h"
#include "xml/iq.h"
#include "xml/stanza.h"
#include "xml/write.h"

#define INPUT	8192

/* A part of a message is the whole or lacks something; the result is that of
 * the whole, or bad before the whole is there. */
static void
try_stun(const uint8_t *data, size_t size)
{
	unsigned char		 id[STUN_ID] = { 0 }, request[STUN_REQUEST];
	struct stun_response	 r;
	enum stun_result	 whole, part;
	size_t			 n;

	if (size >= 20)
		memcpy(id, data + 8, sizeof(id));
	stun_request(id, request);
	must(stun_response(request, sizeof(request), id, &r) == STUN_BAD);
	whole = stun_response(data, size, id, &r);
	must(whole != STUN_MAPPED || r.mapped.len > 0);
	must(whole != STUN_REFUSED || r.code == 0 ||
	    (r.code >= 300 && r.code < 700));
	must(whole != STUN_MORE || stun_need(data, size) > 0);
	for (n = 0; n < size; n++) {
		part = stun_response(data, n, id, &r);
		must(part == STUN_MORE || part == whole);
		must(part != STUN_MORE || stun_need(data, n) > 0);
	}
}

/* A router that answers a request with what the request has in the same places
 * (RFC 6887 section 11.1, RFC 6886 section 3.3) grants what it asks for. */
static void
try_requests(const struct pcp_mapping *asked)
{
	unsigned char		 out[PCP_REQUEST];
	struct pcp_mapping	 m = *asked;
	uint16_t		 port;

	pcp_request(&m, out);
	out[1] |= 0x80;
	out[3] = PCP_SUCCESS;
	must(pcp_response(out, sizeof(out), &m) == PCP_MAPPED &&
	    m.lifetime == asked->lifetime &&
	    addr_equal(&m.external, &asked->external));
	must(natpmp_address_request(out) == 2 && out[0] == 0 && out[1] == 0);
	must(natpmp_map_request(&m, out) == NATPMP_REQUEST && out[0] == 0);
	port = addr_port((const struct sockaddr *)&m.external.ss);
	must((out[6] << 8 | out[7]) == (m.lifetime > 0 ? port : 0));
}

static void
try_router(const uint8_t *data, size_t size)
{
	struct pcp_mapping	 m;

	memset(&m, 0, sizeof(m));
	must(addr_read(&m.client, "10.1.0.2", 4097) == 0);
	must(addr_make(&m.external, AF_INET, NULL, 4097) == 0);
	if (size >= 24 + PCP_NONCE)
		memcpy(m.nonce, data + 24, PCP_NONCE);
	switch (pcp_response(data, size, &m)) {
	case PCP_MAPPED:
	case PCP_ADDRESS:
		must(m.external.len > 0);
		try_requests(&m);
		break;
	case PCP_REFUSED:
		must(m.result != PCP_SUCCESS && *pcp_strerror(m.result));
		break;
	default:
		break;
	}
}

/* A stranger never proves anything, and is read no further then. */
static void
try_proof(const uint8_t *data, size_t size)
{
	static const unsigned char	 key[PROOF_KEY] = "secret";
	struct proof			 p;
	size_t				 step, i, n;
	int				 role;

	for (role = 0; role < 2; role++)
		for (step = 1; step <= 64; step += 21) {
			proof_init(&p, key, role);
			for (i = 0; i < size && proof_need(&p) > 0; i += n) {
				n = proof_need(&p) < step ? proof_need(&p) :
				    step;
				n = n < size - i ? n : size - i;
				must(proof_input(&p, data + i, n) !=
				    PROOF_HOLDS);
			}
			must(p.state == (size < PROOF_NONCE ?
			    PROOF_NONCE_DUE : size < PROOF_NONCE + PROOF_MAC ?
			    PROOF_MAC_DUE : PROOF_WRONG));
		}
}

/* What one end has to say reaches the other one in pieces, its byte number
 * *wrong changed. */
static void
carry(struct proof *from, struct proof *to, size_t step, int *wrong)
{
	unsigned char	 out[PROOF_OUT];
	const void	*p;
	size_t		 len, i, n, need;

	p = proof_output(from, &len);
	must(len <= sizeof(out));
	memcpy(out, p, len);
	for (i = 0; i < len; i++)
		if ((*wrong)-- == 0)
			out[i] ^= 0x20;
	for (i = 0; i < len && (need = proof_need(to)) > 0; i += n) {
		n = step < need ? step : need;
		n = n < len - i ? n : len - i;
		proof_input(to, out + i, n);
	}
}

/* Both ends have one key: they find each other, unless a byte was changed; and
 * what an end must not read yet is wrong. */
static void
try_ends(const uint8_t *data, size_t size)
{
	static const unsigned char	 key[PROOF_KEY] = "secret";
	struct proof			 a, b;
	int				 wrong = size > 2 ? data[2] : -1, i;

	if (size < 2)
		return;
	proof_init(&a, key, 1);
	proof_init(&b, key, 0);
	for (i = 0; i < 3; i++) {
		carry(&a, &b, data[0] % 40 + 1U, &wrong);
		carry(&b, &a, data[1] % 40 + 1U, &wrong);
		proof_choose(&a);
		proof_choose(&b);
	}
	must((b.state == PROOF_CHOSEN) == (size == 2 || wrong >= 0));
	must(b.state != PROOF_CHOSEN || a.state == PROOF_CHOSEN);
	must(proof_need(&b) == 0 || b.state != PROOF_CHOSEN);
	must(proof_input(&b, "twice as much as a nonce, or an HMAC, which is "
	    "never to be read at once", 64) == PROOF_WRONG);
	proof_wipe(&a);
	proof_wipe(&b);
}

static void
try_routes(const uint8_t *data, size_t size)
{
	char		*text = calloc(1, size + 1);
	struct addr	 a;

	must(text != NULL);
	memcpy(text, data, size);
	if (portmap_parse_routes(text, &a) == 0)
		must(a.ss.ss_family == AF_INET);
	free(text);
}

/*
 * Elements
 */

static int
permit(void *arg, const struct addr *a)
{
	(void)arg;
	return addr_kind((const struct sockaddr *)&a->ss) == ADDR_PUBLIC;
}

static int
read_candidates(const void *inside, size_t len, struct candidate *c)
{
	struct buf	 b;
	struct xw	 w;
	struct elem	*e;
	int		 n = -1;

	buf_init(&b, 4 * INPUT);
	xw_init(&w, &b);
	xw_start(&w, "x", NS_XCAT);
	xw_markup(&w, inside, len);
	must(xw_done(&w) == 0 && buf_add(&b, "", 1) == 0);
	if ((e = stanza_parse((const char *)buf_data(&b))) != NULL)
		n = (int)candidates_read(e, permit, NULL, c, CANDIDATES_MAX);
	elem_free(e);
	buf_free(&b);
	return n;
}

/* What is read is permitted, and is the same when written and read again. */
static void
try_candidates(const uint8_t *data, size_t size)
{
	struct candidate	 c[CANDIDATES_MAX], d[CANDIDATES_MAX];
	struct buf		 b;
	struct xw		 w;
	int			 n, i;

	if (memchr(data, '\0', size) != NULL ||
	    (n = read_candidates(data, size, c)) <= 0)
		return;
	buf_init(&b, 4 * INPUT);
	xw_init(&w, &b);
	for (i = 0; i < n; i++) {
		must(permit(NULL, &c[i].addr) && c[i].component >= 1 &&
		    addr_port((struct sockaddr *)&c[i].addr.ss) >= 1024);
		candidate_write(&w, &c[i]);
	}
	must(xw_done(&w) == 0);
	must(read_candidates(buf_data(&b), buf_len(&b), d) == n);
	for (i = 0; i < n; i++)
		must(addr_equal(&c[i].addr, &d[i].addr) &&
		    c[i].priority == d[i].priority && c[i].type == d[i].type);
	buf_free(&b);
}

static int	 calls;

static void
on_services(void *arg, const struct extdisco_service *s, size_t n)
{
	size_t	 i;

	(void)arg;
	calls++;
	must(n <= EXTDISCO_MAX);
	for (i = 0; i < n; i++)
		must(*s[i].host != '\0' && s[i].port > 0 && (i == 0 ||
		    s[i].kind >= s[i - 1].kind));
}

static void
on_address(void *arg, const char *ip, uint16_t port)
{
	(void)arg;
	calls++;
	must(ip == NULL ? port == 0 : *ip != '\0');
}

static void
answer(struct iq_table *t, const uint8_t *data, size_t size)
{
	struct elem	*e = stanza_iq("result", "here", data, size);

	calls = 0;
	if (e != NULL)
		iq_answer(t, e);
	elem_free(e);
	iq_expire(t, 2);
	must(calls == 1);
}

/* Nothing is told after a question was given up. */
static void
give_up(struct iq_table *t)
{
	struct extdisco	*x = extdisco_ask(t, "here", 1, on_services, NULL);
	struct sic	*s = sic_ask(t, 1, on_address, NULL);

	must(x != NULL && s != NULL);
	extdisco_cancel(x);
	sic_cancel(s);
	extdisco_cancel(NULL);
	sic_cancel(NULL);
	calls = 0;
	iq_expire(t, 2);
	must(calls == 0);
}

static void
try_servers(const uint8_t *data, size_t size)
{
	struct iq_table	*t = iq_new(stanza_take, NULL);

	must(t != NULL && iq_setjid(t, "us@here/x") == 0);
	must(extdisco_ask(t, "here", 1, on_services, NULL) != NULL);
	answer(t, data, size);
	must(sic_ask(t, 1, on_address, NULL) != NULL);
	answer(t, data, size);
	give_up(t);
	iq_free(t);
}

int
fuzz_punch(const uint8_t *data, size_t size)
{
	if (size == 0 || size > INPUT)
		return 0;
	switch (data[0]) {
	case 's':
		try_stun(data + 1, size - 1);
		break;
	case 'm':
		try_router(data + 1, size - 1);
		break;
	case 'p':
		try_proof(data + 1, size - 1);
		break;
	case 'P':
		try_ends(data + 1, size - 1);
		break;
	case 'r':
		try_routes(data + 1, size - 1);
		break;
	default:
		try_candidates(data, size);
		try_servers(data, size);
		break;
	}
	return 0;
}

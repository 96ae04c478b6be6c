/* socks5_server: see socks5_server.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>

#include <stdio.h>
#include <string.h>

#include "net/dial/socks5_server.h"

enum state {
	SOCKS5_SERVER_AT_GREETING,
	SOCKS5_SERVER_AT_METHODS,
	SOCKS5_SERVER_AT_REQUEST,
	SOCKS5_SERVER_AT_NAME_LENGTH,
	SOCKS5_SERVER_AT_ADDRESS,
	SOCKS5_SERVER_AT_ASKED
};

static void
socks5_server_put(struct socks5_server *s, const void *p, size_t len)
{
	memcpy(s->out + s->outlen, p, len);
	s->outlen += len;
}

/* Wait for exactly need bytes more: what follows belongs to the caller. */
static void
socks5_server_expect(struct socks5_server *s, enum state state, size_t need)
{
	s->state = state;
	s->need = need;
	s->have = 0;
}

void
socks5_server_init(struct socks5_server *s)
{
	memset(s, 0, sizeof(*s));
	socks5_server_expect(s, SOCKS5_SERVER_AT_GREETING, 2);
}

size_t
socks5_server_need(const struct socks5_server *s)
{
	return s->need - s->have;
}

const void *
socks5_server_output(struct socks5_server *s, size_t *len)
{
	*len = s->outlen;
	s->outlen = 0;
	return s->out;
}

/* The address that was asked for is still in the buffer. */
static void
put_same(struct socks5_server *s)
{
	unsigned char	 len = (unsigned char)(s->have - 2);

	socks5_server_put(s, &s->atyp, 1);
	if (s->atyp == SOCKS5_NAME)
		socks5_server_put(s, &len, 1);
	socks5_server_put(s, s->in, s->have);
}

void
socks5_server_reply(struct socks5_server *s, enum socks_reply reply, int same)
{
	unsigned char	 head[] = { SOCKS5_VERSION, (unsigned char)reply, 0 };
	unsigned char	 nowhere[] = { SOCKS5_IPV4, 0, 0, 0, 0, 0, 0 };

	if (same && s->state != SOCKS5_SERVER_AT_ASKED)
		return;
	s->outlen = 0;
	socks5_server_put(s, head, sizeof(head));
	if (same)
		put_same(s);
	else
		socks5_server_put(s, nowhere, sizeof(nowhere));
}

static enum socks5_server_result
socks5_server_refuse(struct socks5_server *s, enum socks_reply reply)
{
	socks5_server_reply(s, reply, 0);
	return SOCKS5_SERVER_OVER;
}

static enum socks5_server_result
take_methods(struct socks5_server *s)
{
	unsigned char	 answer[2] = { SOCKS5_VERSION, SOCKS5_NO_AUTH };

	if (memchr(s->in, SOCKS5_NO_AUTH, s->have) == NULL)
		answer[1] = SOCKS5_NO_METHOD;
	socks5_server_put(s, answer, sizeof(answer));
	if (answer[1] == SOCKS5_NO_METHOD)
		return SOCKS5_SERVER_OVER;
	socks5_server_expect(s, SOCKS5_SERVER_AT_REQUEST, 4);
	return SOCKS5_SERVER_MORE;
}

static enum socks5_server_result
take_request(struct socks5_server *s)
{
	int	 more = socks5_client_address(s->in[3]);

	if (s->in[0] != SOCKS5_VERSION)
		return SOCKS5_SERVER_OVER;
	if (s->in[1] != SOCKS5_CONNECT)
		return socks5_server_refuse(s, SOCKS_NO_COMMAND);
	if (more == -1)
		return socks5_server_refuse(s, SOCKS_NO_ADDRESS);
	s->atyp = s->in[3];
	if (more > 0)
		socks5_server_expect(s, SOCKS5_SERVER_AT_ADDRESS, (size_t)more);
	else
		socks5_server_expect(s, SOCKS5_SERVER_AT_NAME_LENGTH, 1);
	return SOCKS5_SERVER_MORE;
}

static enum socks5_server_result
take_address(struct socks5_server *s)
{
	size_t	 len = s->have - 2;

	snprintf(s->port, sizeof(s->port), "%u",
	    ((unsigned)s->in[len] << 8 | s->in[len + 1]) & 0xffff);
	if (s->atyp == SOCKS5_NAME) {
		memcpy(s->host, s->in, len);
		s->host[len] = '\0';
		if (strlen(s->host) != len)
			return socks5_server_refuse(s, SOCKS_FAILURE);
	} else if (inet_ntop(s->atyp == SOCKS5_IPV4 ? AF_INET : AF_INET6,
	    s->in, s->host, sizeof(s->host)) == NULL)
		return socks5_server_refuse(s, SOCKS_FAILURE);
	s->state = SOCKS5_SERVER_AT_ASKED;
	return SOCKS5_SERVER_ASKED;
}

/* The bytes of a state are complete. */
static enum socks5_server_result
socks5_server_step(struct socks5_server *s)
{
	switch (s->state) {
	case SOCKS5_SERVER_AT_GREETING:
		if (s->in[0] != SOCKS5_VERSION || s->in[1] == 0)
			return SOCKS5_SERVER_OVER;
		socks5_server_expect(s, SOCKS5_SERVER_AT_METHODS, s->in[1]);
		return SOCKS5_SERVER_MORE;
	case SOCKS5_SERVER_AT_METHODS:
		return take_methods(s);
	case SOCKS5_SERVER_AT_REQUEST:
		return take_request(s);
	case SOCKS5_SERVER_AT_NAME_LENGTH:
		if (s->in[0] == 0)
			return socks5_server_refuse(s, SOCKS_FAILURE);
		socks5_server_expect(s, SOCKS5_SERVER_AT_ADDRESS,
		    (size_t)s->in[0] + 2);
		return SOCKS5_SERVER_MORE;
	default:
		return take_address(s);
	}
}

enum socks5_server_result
socks5_server_input(struct socks5_server *s, const void *data, size_t len)
{
	if (len > socks5_server_need(s))
		len = socks5_server_need(s);
	memcpy(s->in + s->have, data, len);
	s->have += len;
	return s->have < s->need ? SOCKS5_SERVER_MORE : socks5_server_step(s);
}

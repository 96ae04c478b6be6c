/* socks5_client: see socks5_client.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>

#include <string.h>

#include "net/dial/socks5_client.h"

enum state {
	SOCKS5_CLIENT_METHOD,
	SOCKS5_CLIENT_STATUS,
	SOCKS5_CLIENT_REPLY,
	SOCKS5_CLIENT_NAME_LENGTH,
	SOCKS5_CLIENT_BOUND
};

/* RFC 1928 section 6 */
static const char *const replies[] = {
	[1] = "the proxy failed",
	[2] = "the proxy does not allow it",
	[3] = "the proxy finds no way to that network",
	[4] = "the proxy finds no way to that host",
	[5] = "the proxy says that the connection is refused",
	[6] = "the proxy waited for that host in vain",
	[7] = "the proxy does not make connections",
	[8] = "the proxy does not know this kind of address",
};

static void
socks5_client_expect(struct socks5_client *s, enum state state, size_t need)
{
	s->state = state;
	s->have = 0;
	s->need = need;
}

static void
socks5_client_put(struct socks5_client *s, const void *data, size_t len)
{
	memcpy(s->out + s->outlen, data, len);
	s->outlen += len;
}

static void
put_byte(struct socks5_client *s, size_t c)
{
	s->out[s->outlen++] = (unsigned char)c;
}

static void
put_string(struct socks5_client *s, const char *text)
{
	size_t	 len = strlen(text);

	put_byte(s, len);
	socks5_client_put(s, text, len);
}

int
socks5_client_init(struct socks5_client *s, const char *host, uint16_t port,
    const char *user, const char *password)
{
	memset(s, 0, sizeof(*s));
	if (strlcpy(s->host, host, sizeof(s->host)) >= sizeof(s->host) ||
	    *host == '\0')
		return -1;
	if (user != NULL && (strlen(user) > SOCKS5_NAME_MAX ||
	    strlen(password) > SOCKS5_NAME_MAX))
		return -1;
	s->port = port;
	s->user = user;
	s->password = password;
	put_byte(s, SOCKS5_VERSION);
	put_byte(s, user != NULL ? 2 : 1);
	put_byte(s, SOCKS5_NO_AUTH);
	if (user != NULL)
		put_byte(s, SOCKS5_PASSWORD);
	socks5_client_expect(s, SOCKS5_CLIENT_METHOD, 2);
	return 0;
}

int
socks5_client_init_hash(struct socks5_client *s, const char *hash)
{
	if (socks5_client_init(s, hash, 0, NULL, NULL) == -1)
		return -1;
	s->is_name = 1;
	return 0;
}

const void *
socks5_client_output(struct socks5_client *s, size_t *len)
{
	*len = s->outlen;
	s->outlen = 0;
	return s->out;
}

size_t
socks5_client_need(const struct socks5_client *s)
{
	return s->need - s->have;
}

int
socks5_client_address(unsigned atyp)
{
	switch (atyp) {
	case SOCKS5_IPV4:
		return 4 + 2;
	case SOCKS5_IPV6:
		return 16 + 2;
	case SOCKS5_NAME:
		return 0;
	default:
		return -1;
	}
}

static void
socks5_client_request(struct socks5_client *s)
{
	unsigned char	 a[16];

	put_byte(s, SOCKS5_VERSION);
	put_byte(s, SOCKS5_CONNECT);
	put_byte(s, 0);
	if (!s->is_name && inet_pton(AF_INET, s->host, a) == 1) {
		put_byte(s, SOCKS5_IPV4);
		socks5_client_put(s, a, 4);
	} else if (!s->is_name && inet_pton(AF_INET6, s->host, a) == 1) {
		put_byte(s, SOCKS5_IPV6);
		socks5_client_put(s, a, 16);
	} else {
		put_byte(s, SOCKS5_NAME);
		put_string(s, s->host);
	}
	put_byte(s, s->port >> 8);
	put_byte(s, s->port & 0xff);
	socks5_client_expect(s, SOCKS5_CLIENT_REPLY, 4);
}

static enum socks5_client_result
end(struct socks5_client *s, enum socks5_client_result r, const char *why)
{
	s->error = why;
	s->need = s->have = 0;
	return r;
}

static enum socks5_client_result
take_method(struct socks5_client *s)
{
	if (s->in[0] != SOCKS5_VERSION)
		return end(s, SOCKS5_NONSENSE, "it is no SOCKS5 proxy");
	if (s->in[1] == SOCKS5_NO_AUTH) {
		socks5_client_request(s);
		return SOCKS5_MORE;
	}
	if (s->in[1] != SOCKS5_PASSWORD || s->user == NULL)
		return end(s, SOCKS5_REFUSED, s->user == NULL ?
		    "the proxy wants a user and a password" :
		    "the proxy wants another kind of login");
	put_byte(s, 1);		/* RFC 1929 section 2: its own version */
	put_string(s, s->user);
	put_string(s, s->password);
	socks5_client_expect(s, SOCKS5_CLIENT_STATUS, 2);
	return SOCKS5_MORE;
}

static enum socks5_client_result
take_reply(struct socks5_client *s)
{
	unsigned	 code = s->in[1];
	int		 more;

	if (s->in[0] != SOCKS5_VERSION)
		return end(s, SOCKS5_NONSENSE, "it is no SOCKS5 proxy");
	if (code != 0)
		return end(s, SOCKS5_REFUSED,
		    code < sizeof(replies) / sizeof(*replies) ?
		    replies[code] : "the proxy refuses");
	if ((more = socks5_client_address(s->in[3])) == -1)
		return end(s, SOCKS5_NONSENSE, "it is no SOCKS5 proxy");
	if (more > 0)
		socks5_client_expect(s, SOCKS5_CLIENT_BOUND, (size_t)more);
	else
		socks5_client_expect(s, SOCKS5_CLIENT_NAME_LENGTH, 1);
	return SOCKS5_MORE;
}

static enum socks5_client_result
socks5_client_step(struct socks5_client *s)
{
	switch (s->state) {
	case SOCKS5_CLIENT_METHOD:
		return take_method(s);
	case SOCKS5_CLIENT_STATUS:
		if (s->in[1] != 0)
			return end(s, SOCKS5_REFUSED, "the proxy does not "
			    "take the user and the password");
		socks5_client_request(s);
		return SOCKS5_MORE;
	case SOCKS5_CLIENT_REPLY:
		return take_reply(s);
	case SOCKS5_CLIENT_NAME_LENGTH:
		socks5_client_expect(s, SOCKS5_CLIENT_BOUND,
		    (size_t)s->in[0] + 2);
		return SOCKS5_MORE;
	default:	/* BOUND: the client has no use for the address */
		return end(s, SOCKS5_OPEN, NULL);
	}
}

enum socks5_client_result
socks5_client_input(struct socks5_client *s, const void *data, size_t len)
{
	if (len > socks5_client_need(s))
		len = socks5_client_need(s);
	memcpy(s->in + s->have, data, len);
	s->have += len;
	return s->have < s->need ? SOCKS5_MORE : socks5_client_step(s);
}

const char *
socks5_client_error(const struct socks5_client *s)
{
	return s->error;
}

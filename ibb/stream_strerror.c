/*
 * stream_strerror: phrases for what goes wrong with streams.
 */
#include <stdio.h>
#include <string.h>

#include "ibb/stream_strerror.h"
#include "xml/jid.h"
#include "xml/text.h"

#define ASK_OWNER	"; ask its owner"

/* Is this what is said of a server that is no peer, or of no server? */
static int
stream_strerror_no_peer(enum stanza_error err)
{
	switch (err) {
	case SE_SERVICE_UNAVAILABLE:
	case SE_RECIPIENT_UNAVAILABLE:
	case SE_FEATURE_NOT_IMPLEMENTED:
	case SE_FORBIDDEN:
	case SE_NOT_ALLOWED:
	case SE_NOT_AUTHORIZED:
	case SE_REMOTE_SERVER_NOT_FOUND:
	case SE_REMOTE_SERVER_TIMEOUT:
		return 1;
	default:
		return 0;
	}
}

/* Why an open was refused.  A listener answers a stranger as its server answers
 * for an absent listener, so the phrases must cover both. */
static const char *
stream_strerror_refusal(int far, enum stanza_error err)
{
	if ((far & STREAM_NAME) && stream_strerror_no_peer(err))
		return "it is taken for a server, which is no peer: an "
		    "account is user@domain";
	switch (err) {
	case SE_SERVICE_UNAVAILABLE:
	case SE_RECIPIENT_UNAVAILABLE:
		return "nobody listens there, or not for you: run xcat -l "
		    "there, and name this account with -a";
	case SE_FEATURE_NOT_IMPLEMENTED:
		return "it does not speak in-band bytestreams (XEP-0047): "
		    "run xcat -l there";
	case SE_NOT_ACCEPTABLE:
		return "it does not want the stream" ASK_OWNER;
	case SE_FORBIDDEN:
	case SE_NOT_ALLOWED:
	case SE_NOT_AUTHORIZED:
		if (far & STREAM_FAR)
			return "a server does not allow it; ask the operator "
			    "of yours whether it speaks to other servers "
			    "(federation)";
		return "it does not allow you: ask to be named with -a there";
	case SE_ITEM_NOT_FOUND:
		return "it has no such service: check its name";
	case SE_INTERNAL_SERVER_ERROR:
		return "it cannot reach the service: check that it runs";
	case SE_RESOURCE_CONSTRAINT:
		return "it accepts no block size that we can offer: "
		    "try another -b";
	case SE_BUSY:
		return "it is busy; try again later";
	case SE_POLICY_VIOLATION:
		return "a server's policy forbids it; ask its operator";
	case SE_JID_MALFORMED:
		return "the server does not accept this address; "
		    "check its spelling";
	case SE_REMOTE_SERVER_NOT_FOUND:
		return "your server cannot find the peer's server; "
		    "check the domain";
	case SE_REMOTE_SERVER_TIMEOUT:
		return "your server cannot reach the peer's server now; "
		    "try again later";
	case SE_GONE:
	case SE_REDIRECT:
		return "it has moved to another address: ask its owner";
	case SE_SUBSCRIPTION_REQUIRED:
	case SE_REGISTRATION_REQUIRED:
		return "it wants you to subscribe or register first"
		    ASK_OWNER;
	default:
		return "the open was refused" ASK_OWNER;
	}
}

/* Why a block or a close of an open stream came back. */
static const char *
stream_strerror_returned(enum stanza_error err)
{
	switch (err) {
	case SE_SERVICE_UNAVAILABLE:
	case SE_RECIPIENT_UNAVAILABLE:
		return "the peer has gone; try again";
	case SE_REMOTE_SERVER_NOT_FOUND:
	case SE_REMOTE_SERVER_TIMEOUT:
		return "the way to the peer's server broke; try again";
	case SE_ITEM_NOT_FOUND:
		return "the peer no longer knows the stream; try again";
	case SE_UNEXPECTED_REQUEST:
		return "the peer missed a block; try again";
	case SE_BAD_REQUEST:
		return "the peer could not read a block; try a smaller -b";
	case SE_POLICY_VIOLATION:
	case SE_RESOURCE_CONSTRAINT:
		return "a block was too large for the way; try a smaller -b";
	case SE_INTERNAL_SERVER_ERROR:
		return "the peer could not write what it got; check its end";
	case SE_NOT_AUTHORIZED:
		return "it does not accept our key: have it named there "
		    "(xcat -K shows it)";
	default:
		return "a block came back; try again";
	}
}

static const char *
stream_strerror_bad_data(enum stanza_error err)
{
	return err == SE_UNEXPECTED_REQUEST ?
	    "a block from the peer was lost or repeated; try again" :
	    "a block from the peer was malformed or too large; "
	    "tell its owner";
}

enum stream_fault
stream_strerror_fault(enum inband_fault fault, enum stanza_error err)
{
	switch (fault) {
	case INBAND_REFUSED:
		return STREAM_REFUSED;
	case INBAND_UNDELIVERED:
		return err == SE_NOT_AUTHORIZED ? STREAM_REFUSED :
		    STREAM_BROKEN;
	case INBAND_SILENT:
		return STREAM_SILENT;
	case INBAND_UNSENT:
		return STREAM_INTERNAL;
	default:
		return STREAM_BROKEN;
	}
}

static const char *
stream_strerror_phrase(int far, enum inband_fault fault, enum stanza_error err)
{
	switch (fault) {
	case INBAND_REFUSED:
		return stream_strerror_refusal(far, err);
	case INBAND_SILENT:
		return "no answer in time; check the address";
	case INBAND_UNDELIVERED:
		return stream_strerror_returned(err);
	case INBAND_BAD_DATA:
		return stream_strerror_bad_data(err);
	case INBAND_BROKEN:
		return "its connection broke; try again";
	case INBAND_OVERRUN:
		return "the peer sent more than it was allowed to; "
		    "tell its owner";
	default:
		return "out of memory";
	}
}

int
stream_strerror_far(const char *us, const char *peer)
{
	char	 here[JID_MAX], there[JID_MAX];
	int	 far = 0;

	if (strcmp(jid_domain(us, here), jid_domain(peer, there)) != 0)
		far |= STREAM_FAR;
	if ((far == 0 || strchr(there, '.') == NULL) &&
	    *jid_local(peer, there) == '\0')
		far |= STREAM_NAME;
	return far;
}

const char *
stream_strerror_inband(int far, enum inband_fault fault, enum stanza_error err,
    const char *text, char *out, size_t size)
{
	const char	*phrase = stream_strerror_phrase(far, fault, err);
	const char	*ask = strstr(phrase, ASK_OWNER);
	char		 said[128];
	int		 n;

	if (ask == NULL || *text == '\0')
		ask = phrase + strlen(phrase);
	n = snprintf(out, size, "%.*s", (int)(ask - phrase), phrase);
	if (n > 0 && (size_t)n < size && err != SE_NONE &&
	    fault != INBAND_BAD_DATA)
		snprintf(out + n, size - n, " (%s%s%s)", stanza_strerror(err),
		    *text != '\0' ? ": " : "",
		    text_cut(text, said, sizeof(said)));
	return out;
}

const char *
stream_strerror_unknown(enum stream_use use)
{
	switch (use) {
	case STREAM_FOR_DATAGRAMS:
		return "it does not know streams of datagrams (-u): xcat must "
		    "be newer there";
	case STREAM_FOR_REMOTE:
		return "it does not know ports for callers (-R): xcat must be "
		    "newer there";
	default:
		return NULL;
	}
}

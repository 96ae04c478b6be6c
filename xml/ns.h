/*
 * ns: every namespace that xcat reads or writes, once, with its specification.
 */
#ifndef XML_NS_H
#define XML_NS_H

/* RFC 6120: stanzas, streams, errors, and the steps of a login */
#define NS_CLIENT	"jabber:client"
#define NS_STREAMS	"http://etherx.jabber.org/streams"
#define NS_STREAM_ERROR	"urn:ietf:params:xml:ns:xmpp-streams"
#define NS_STANZA_ERROR	"urn:ietf:params:xml:ns:xmpp-stanzas"
#define NS_TLS		"urn:ietf:params:xml:ns:xmpp-tls"
#define NS_SASL		"urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_BIND		"urn:ietf:params:xml:ns:xmpp-bind"
#define NS_SESSION	"urn:ietf:params:xml:ns:xmpp-session"	/* RFC 3921 */
#define NS_ROSTER	"jabber:iq:roster"			/* RFC 6121 */
#define NS_FRAMING	"urn:ietf:params:xml:ns:xmpp-framing"	/* RFC 7395 */
#define NS_XML		"http://www.w3.org/XML/1998/namespace"

/* XEPs of a login and its connection */
#define NS_BOSH		"http://jabber.org/protocol/httpbind"	/* XEP-0124 */
#define NS_XBOSH	"urn:xmpp:xbosh"			/* XEP-0206 */
#define NS_SM		"urn:xmpp:sm:3"				/* XEP-0198 */
#define NS_BIND2	"urn:xmpp:bind:0"			/* XEP-0386 */
#define NS_SASL2	"urn:xmpp:sasl:2"			/* XEP-0388 */
#define NS_SASL_CB	"urn:xmpp:sasl-cb:0"			/* XEP-0440 */
#define NS_LIMITS	"urn:xmpp:stream-limits:0"		/* XEP-0478 */
#define NS_FAST		"urn:xmpp:fast:0"			/* XEP-0484 */
#define NS_REGISTER	"jabber:iq:register"			/* XEP-0077 */
#define NS_XRD		"http://docs.oasis-open.org/ns/xri/xrd-1.0"

/* XEPs that every client answers */
#define NS_INFO		"http://jabber.org/protocol/disco#info"	/* XEP-0030 */
#define NS_ITEMS	"http://jabber.org/protocol/disco#items"
#define NS_PING		"urn:xmpp:ping"				/* XEP-0199 */
#define NS_HINTS	"urn:xmpp:hints"			/* XEP-0334 */

/* Messages: receipts, and what is not for us */
#define NS_RECEIPTS	"urn:xmpp:receipts"			/* XEP-0184 */
#define NS_CORRECT	"urn:xmpp:message-correct:0"		/* XEP-0308 */
#define NS_FALLBACK	"urn:xmpp:fallback:0"			/* XEP-0428 */
#define NS_PGP		"jabber:x:encrypted"			/* XEP-0027 */
#define NS_OPENPGP	"urn:xmpp:openpgp:0"			/* XEP-0373 */
#define NS_OMEMO	"urn:xmpp:omemo:2"			/* XEP-0384 */
#define NS_OMEMO_OLD	"eu.siacs.conversations.axolotl" /* up to 0.3.0 */
#define NS_ESFS		"urn:xmpp:esfs:0"			/* XEP-0448 */

/* Where our sockets may be reached */
#define NS_EXTDISCO	"urn:xmpp:extdisco:2"			/* XEP-0215 */
#define NS_SIC		"urn:xmpp:sic:1"			/* XEP-0279 */

/* Bytestreams and files */
#define NS_IBB		"http://jabber.org/protocol/ibb"	/* XEP-0047 */
#define NS_BYTESTREAMS	"http://jabber.org/protocol/bytestreams" /* XEP-0065 */
#define NS_DATA		"jabber:x:data"				/* XEP-0004 */
#define NS_FEATURE_NEG	"http://jabber.org/protocol/feature-neg" /* XEP-0020 */
#define NS_SI		"http://jabber.org/protocol/si"		/* XEP-0095 */
#define NS_SI_FILE	NS_SI "/profile/file-transfer"		/* XEP-0096 */
#define NS_IQ_OOB	"jabber:iq:oob"				/* XEP-0066 */
#define NS_X_OOB	"jabber:x:oob"				/* XEP-0066 */
#define NS_UPLOAD	"urn:xmpp:http:upload:0"		/* XEP-0363 */
#define NS_SHARING	"urn:xmpp:sfs:0"			/* XEP-0447 */
#define NS_FILE_META	"urn:xmpp:file:metadata:0"		/* XEP-0446 */
#define NS_URL_DATA	"http://jabber.org/protocol/url-data"	/* XEP-0103 */
#define NS_JINGLE	"urn:xmpp:jingle:1"			/* XEP-0166 */
#define NS_JINGLE_ERRORS "urn:xmpp:jingle:errors:1"
#define NS_JINGLE_FILE	"urn:xmpp:jingle:apps:file-transfer:5"	/* XEP-0234 */
#define NS_JINGLE_FILE_ERRORS "urn:xmpp:jingle:apps:file-transfer:errors:0"
#define NS_JINGLE_S5B	"urn:xmpp:jingle:transports:s5b:1"	/* XEP-0260 */
#define NS_JINGLE_IBB	"urn:xmpp:jingle:transports:ibb:1"	/* XEP-0261 */
#define NS_HASHES	"urn:xmpp:hashes:2"			/* XEP-0300 */
#define NS_HASH_NAMES	"urn:xmpp:hash-function-text-names:"
/* Of mod_tcpproxy, a module of Prosody */
#define NS_TCPPROXY	"http://prosody.im/protocol/tcpproxy"

/* Between two xcats: xcat-protocol(7) */
#define NS_XCAT		"urn:xcat:0"
#define NS_XCAT_FILE	NS_XCAT "#file"	/* a feature: files in streams */
#define NS_XCAT_FOLDER	NS_XCAT "#folder"	/* and: folders in these */
#define NS_XCAT_PROBE	NS_XCAT "#probe"	/* and: streams that only look
						 * for a way */

#endif

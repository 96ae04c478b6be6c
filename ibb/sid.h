/*
 * sid: the id of a stream (XEP-0047, XEP-0065, XEP-0096, XEP-0166).
 */
#ifndef IBB_SID_H
#define IBB_SID_H

/* Bytes of a stream's id that are taken from a peer.  No XEP has a limit, but
 * ejabberd's proxies take no longer id. */
#define STREAM_SID_MAX	128

#endif

/*
 * record_pack: how what is to be written is cut into TLS records, as servers
 * like them.  All of it is for Prosody 0.12, which is what Debian 12 has:
 *
 * It reads whole records, up to 8192 bytes of them at a time.  When it resumes
 * a session that broke in the middle of a stanza, it takes all that follows for
 * the rest of that stanza; so a record holds whole units (stanzas), if one
 * fits.
 *
 * It sleeps for a millisecond or more whenever it has read 8192 bytes and not
 * all of a record.  So while there is much to be sent, all records are of that
 * size, with spaces behind what does not fill one.  Where records are seldom
 * there are none, since the server may limit rates, and would count the spaces.
 */
#ifndef NET_IO_RECORD_PACK_H
#define NET_IO_RECORD_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "xml/buf.h"
#include "xml/check.h"

#define RECORD_PACK_MAX	8192		/* bytes of plaintext in a record */

struct record_pack {
	struct buf	 units;		/* what is queued: their lengths */
	size_t		 gone;		/* bytes of the first that are sent */
	size_t		 record;	/* of the write to be tried again */
	size_t		 padding;	/* spaces behind it */
	int		 pads;		/* spaces may be added */
	int64_t		 wrote;		/* ms: when a record last was */
	int64_t		 filled;	/* ms: when one last was full, almost */
};

/* For up to max units that wait. */
void	 record_pack_init(struct record_pack *p, size_t max);
/* Free what is in p. */
void	 record_pack_free(struct record_pack *p);
/* From now on spaces mean nothing between units. */
void	 record_pack_pads(struct record_pack *p);

/* A unit of len bytes is queued.  0, or -1 and errno, without memory or
 * room. */
int	 record_pack_add(struct record_pack *p, size_t len) MUST_CHECK;
/* The last unit is not queued after all. */
void	 record_pack_undo(struct record_pack *p);
/* How many more bytes than len, of the unit that is to be queued next, would
 * make records full, if few do or many were full just now without; else 0. */
size_t	 record_pack_fill(struct record_pack *p, size_t len);

/*
 * The next write of what is queued in out, which is not empty: *len bytes, in
 * out itself or copied to copy.  A write that does not succeed is to be
 * repeated, which OpenSSL wants to be unchanged, and is until
 * record_pack_sent().  Without TLS (0) nothing is added.
 */
const void *record_pack_next(struct record_pack *p, const struct buf *out,
	    int tls, unsigned char copy[RECORD_PACK_MAX], size_t *len);
/* n bytes of that were written: drain out. */
void	 record_pack_sent(struct record_pack *p, struct buf *out, size_t n);

#endif

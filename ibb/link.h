/*
 * link: links to files in chat messages: the body and jabber:x:oob that every
 * client of today understands (XEP-0066 section 4), what is known of the file
 * beside it (XEP-0447, 0446, 0300), and receipts (XEP-0184).
 */
#ifndef IBB_LINK_H
#define IBB_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "xml/check.h"

struct elem;
struct iq_table;

#define LINK_HASH	32	/* bytes, SHA-256 */
#define LINK_READ_MAX	8	/* files of a message that are looked at */
#define LINK_ID		33	/* of a message, with NUL */

/* A link, and the file that it leads to. */
struct file_link {
	const char	*url;
	const char	*name;		/* as given; NULL: not said */
	const char	*type;		/* its media type; NULL: not said */
	int		 sized;		/* size is known */
	uint64_t	 size;
	int		 hashed;	/* hash is known */
	unsigned char	 hash[LINK_HASH];
	int		 described;	/* it came in a <file-sharing/> */
};

/* A new id for a message, into out[LINK_ID]. */
void	 link_new_id(char *out);
/* Send a link to this account: the body is the URL and nothing else, and a
 * receipt is asked for.  0, or -1 if it cannot be sent. */
int	 link_send(struct iq_table *t, const char *to, const char *id,
	    const struct file_link *l) MUST_CHECK;

/*
 * The links in a message of a peer, at most LINK_READ_MAX, each URL once: those
 * in <file-sharing/>, then those in jabber:x:oob.  Only what is directly in the
 * message counts: another message that is forwarded in it does not (XEP-0297,
 * 0280, 0313).  Returns how many; what they point to is the message's.
 */
size_t	 link_read(const struct elem *message,
	    struct file_link out[LINK_READ_MAX]);
/* Is there something in the message, or behind its links, that is encrypted end
 * to end?  By what name that is known, or NULL. */
const char *link_encryption(const struct elem *message);

/* Does the message ask for a receipt, which can be given to it? */
int	 link_wants_receipt(const struct elem *message);
/* Give a receipt for the message of this sender with this id. */
void	 link_receipt(struct iq_table *t, const char *to, const char *id);
/* The id of the message that this message is a receipt for; NULL if it is
 * none. */
const char *link_received(const struct elem *message);

#endif

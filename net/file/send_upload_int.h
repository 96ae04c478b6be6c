/* send_upload_int: what send_upload.c and send_put.c share. */
#ifndef NET_FILE_SEND_UPLOAD_INT_H
#define NET_FILE_SEND_UPLOAD_INT_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "ibb/upload.h"
#include "net/channel/app.h"
#include "net/dial/fetch.h"
#include "net/file/send_upload.h"
#include "net/http/url.h"
#include "net/io/loop.h"

/* How far the upload of the present file is. */
enum upload_step {
	UPLOADS_IDLE,
	UPLOADS_FINDING,	/* a service */
	UPLOADS_ASKING,		/* for a slot */
	UPLOADS_PUTTING,
	UPLOADS_PAUSING,	/* until the next try */
	UPLOADS_LINKING		/* the file is there; the link goes out */
};

/* The uploads of a run, of which one is under way. */
struct uploads {
	struct sender	*sender;
	struct links	*links;
	SSL_CTX		*tls;		/* towards the servers of URLs */
	int		 known;		/* the service is: */
	struct upload_service service;

	/* The present file. */
	enum upload_step step;
	int		 tries;
	struct upload_search *search;
	struct upload_ask *ask;
	struct fetch	*fetch;
	struct fetch_put put;
	struct fetch_field fields[UPLOAD_HEADERS];
	char		*texts[2 * UPLOAD_HEADERS];	/* of the fields */
	char		 get[URL_TEXT];
	uint64_t	 at;		/* bytes that were read */
	struct timer	 timer;		/* PAUSING */
};

/*
 * send_upload.c
 */

/* The one place where the step changes; -vv shows it. */
void	 uploads_set_step(struct uploads *u, enum upload_step step);
/* Stop what is asked and sent for the present file. */
void	 uploads_stop(struct uploads *u);
/* Try to upload the present file in ms milliseconds. */
void	 uploads_later(struct uploads *u, int64_t ms);
/* The present file comes to nothing, for this reason. */
void	 uploads_failed(struct uploads *u, enum fault fault, const char *why);

/*
 * send_put.c
 */

/* The media type of the present file: a service and a link name one in any
 * case. */
const char *uploads_type(const struct uploads *u);
/* Put the present file at this URL, with u->fields; then have its link sent, or
 * set u->timer for another try, or fail. */
void	 uploads_put(struct uploads *u, const char *url);

#endif

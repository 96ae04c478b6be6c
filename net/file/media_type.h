/*
 * media_type: what a file is, by the end of its name (RFC 6838), for programs
 * of peers that show it.
 */
#ifndef NET_FILE_MEDIA_TYPE_H
#define NET_FILE_MEDIA_TYPE_H

/* The media type of a file of which nothing is known. */
#define MEDIA_TYPE_BYTES	"application/octet-stream"

/* The media type of a file with this name; NULL if its end is not known. */
const char *media_type(const char *name);

#endif

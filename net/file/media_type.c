#include <string.h>
#include <strings.h>

#include "net/file/media_type.h"

/* What phones and cameras make, and clients show; and what is archived and
 * exchanged. */
static const struct {
	const char	*end, *type;
} types[] = {
	{ "avif", "image/avif" }, { "bz2", "application/x-bzip2" },
	{ "csv", "text/csv" }, { "flac", "audio/flac" },
	{ "gif", "image/gif" }, { "gz", "application/gzip" },
	{ "heic", "image/heic" }, { "html", "text/html" },
	{ "jpeg", "image/jpeg" }, { "jpg", "image/jpeg" },
	{ "json", "application/json" }, { "m4a", "audio/mp4" },
	{ "mkv", "video/x-matroska" }, { "mov", "video/quicktime" },
	{ "mp3", "audio/mpeg" }, { "mp4", "video/mp4" },
	{ "oga", "audio/ogg" }, { "ogg", "audio/ogg" },
	{ "ogv", "video/ogg" }, { "opus", "audio/ogg" },
	{ "pdf", "application/pdf" }, { "png", "image/png" },
	{ "svg", "image/svg+xml" }, { "tar", "application/x-tar" },
	{ "txt", "text/plain" }, { "wav", "audio/wav" },
	{ "webm", "video/webm" }, { "webp", "image/webp" },
	{ "xml", "application/xml" }, { "xz", "application/x-xz" },
	{ "zip", "application/zip" },
};

const char *
media_type(const char *name)
{
	const char	*dot = strrchr(name, '.');
	size_t		 i;

	for (i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(dot + 1, types[i].end) == 0)
			return types[i].type;
	return NULL;
}

#include <string.h>
#include <strings.h>

#include "net/file/media_type.h"

/* What phones and cameras make, and clients show. */
static const struct {
	const char	*end, *type;
} types[] = {
	{ "avif", "image/avif" }, { "flac", "audio/flac" },
	{ "gif", "image/gif" }, { "gz", "application/gzip" },
	{ "heic", "image/heic" }, { "jpeg", "image/jpeg" },
	{ "jpg", "image/jpeg" }, { "json", "application/json" },
	{ "m4a", "audio/mp4" }, { "mkv", "video/x-matroska" },
	{ "mov", "video/quicktime" }, { "mp3", "audio/mpeg" },
	{ "mp4", "video/mp4" }, { "oga", "audio/ogg" },
	{ "ogg", "audio/ogg" }, { "ogv", "video/ogg" },
	{ "opus", "audio/ogg" }, { "pdf", "application/pdf" },
	{ "png", "image/png" }, { "svg", "image/svg+xml" },
	{ "txt", "text/plain" }, { "wav", "audio/wav" },
	{ "webm", "video/webm" }, { "webp", "image/webp" },
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
	return "application/octet-stream";
}

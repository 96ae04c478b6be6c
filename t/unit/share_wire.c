/* Unit tests of net/share/share_wire, and of what it carries: conf_each(). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/conf/conf.h"
#include "net/share/share_wire.h"
#include "t/lib/tap.h"
#include "xml/buf.h"

static void
frames(void)
{
	static unsigned char	 big[SHARE_FRAME_MAX + 1];
	struct share_frame	 f;
	struct buf		 b;
	size_t			 size = 0;

	buf_init(&b, 2 * SHARE_FRAME_MAX);
	is_int(share_wire_next(&b, &f, &size), 0, "nothing has come");
	is_int(share_wire_add(&b, SHARE_GO, NULL, 0), 0, "an empty frame");
	is_int(share_wire_add(&b, SHARE_OUT, "\2x", 2), 0, "another frame");
	is_int(share_wire_next(&b, &f, &size), 1, "the first comes");
	ok(f.type == SHARE_GO && f.len == 0 && size == 8, "as it was");
	buf_drain(&b, size);
	is_int(share_wire_next(&b, &f, &size), 1, "the second comes");
	ok(f.type == SHARE_OUT && f.len == 2 && memcmp(f.data, "\2x", 2) == 0,
	    "as it was");
	buf_truncate(&b, buf_len(&b) - 1);
	is_int(share_wire_next(&b, &f, &size), 0, "it is not whole yet");
	buf_truncate(&b, 0);
	is_int(share_wire_add(&b, SHARE_RUN, big, sizeof(big)), -1,
	    "too many bytes");
	is_int(errno, EMSGSIZE, "for a frame");
	is_int(share_wire_add(&b, SHARE_RUN, big, SHARE_FRAME_MAX), 0,
	    "as many as may be");
	is_int(share_wire_next(&b, &f, &size), 1, "come");
	is_int(share_wire_add(&b, SHARE_RUN, big, SHARE_FRAME_MAX), -1,
	    "no room");
	is_int((int)buf_len(&b), SHARE_FRAME_MAX + 8, "leaves no half frame");
	buf_free(&b);
}

static const struct {
	const char	*bytes;
	size_t		 len;
	int		 want;
	const char	*what;
} heads[] = {
	{ "\2", 1, -1, "another version is seen at once" },
	{ "\1\2\0\0\0\0\0", 7, 0, "a head that is not whole" },
	{ "\1\0\0\0\0\0\0\0", 8, -1, "type 0" },
	{ "\1\177\0\0\0\0\0\0", 8, -1, "a type that there is not" },
	{ "\1\2\0\1\0\0\0\0", 8, -1, "what is to be 0 is not" },
	{ "\1\1\0\0\0\1\0\1", 8, -1, "too long" },
	{ "\1\1\0\0\0\1\0\0", 8, 0, "as long as may be" },
	{ "\1\1\0\0\200\0\0\0", 8, -1, "much too long" },
};

static void
bad_frames(void)
{
	struct share_frame	 f;
	struct buf		 b;
	size_t			 i, size;

	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		buf_init(&b, 100);
		if (buf_add(&b, heads[i].bytes, heads[i].len) == -1)
			return;
		is_int(share_wire_next(&b, &f, &size), heads[i].want, "%s",
		    heads[i].what);
		buf_free(&b);
	}
}

static void
fields(void)
{
	const char		*name, *value;
	const unsigned char	*data;
	struct buf		 b;
	size_t			 len;

	buf_init(&b, 100);
	is_int(share_field_add(&b, "peer", "a@b"), 0, "a field");
	is_int(share_field_add(&b, "input", ""), 0, "without a value");
	data = buf_data(&b);
	len = buf_len(&b);
	is_int(share_field_next(&data, &len, &name, &value), 1, "the first");
	is(name, "peer", "its name");
	is(value, "a@b", "its value");
	is_int(share_field_next(&data, &len, &name, &value), 1, "the second");
	is(value, "", "its value");
	is_int(share_field_next(&data, &len, &name, &value), 0, "the end");
	data = (const unsigned char *)"a\0b";
	len = 3;
	is_int(share_field_next(&data, &len, &name, &value), -1,
	    "a value without its end");
	data = (const unsigned char *)"\0b";
	len = 3;
	is_int(share_field_next(&data, &len, &name, &value), -1, "no name");
	buf_free(&b);
}

static int
see(void *arg, const char *keyword, const char *value, unsigned run)
{
	char	 line[128];

	snprintf(line, sizeof(line), "%s%s=%s ", run ? "*" : "", keyword,
	    value);
	strlcat(arg, line, 512);
	return 0;
}

/* Each keyword that was set is seen, as it was set, but for secrets. */
static void
keywords(void)
{
	static const char *const	 set[][2] = {
		{ "allow", "x@y" }, { "allow", "z" }, { "carrier", "ibb" },
		{ "e2e", "require" }, { "password", "secret" },
		{ "share", "yes" }, { "timeout", "7" },
		{ "verbosity", "-1" }, { "wait", "forever" },
	};
	struct conf	 c;
	char		 seen[512] = "", err[CONF_ERR];
	size_t		 i;

	conf_init(&c);
	is_int(conf_each(&c, see, seen), 0, "nothing was set");
	is(seen, "", "nothing is seen");
	for (i = 0; i < sizeof(set) / sizeof(set[0]); i++)
		is_int(conf_set(&c, set[i][0], set[i][1], 1, err), 0, "%s",
		    set[i][0]);
	is_int((int)c.share, CONF_SHARE_TIME, "share=yes");
	is_int(conf_each(&c, see, seen), 0, "all are seen");
	is(seen, "allow=x@y allow=z carrier=ibb e2e=require *share=yes "
	    "*timeout=7 *verbosity=-1 *wait=forever ",
	    "in the order of their names, without the password");
	conf_free(&c);
}

int
main(void)
{
	frames();
	bad_frames();
	fields();
	keywords();
	return tap_done();
}

#!/bin/sh
#
# What is released: the tarball is the same bytes wherever it is made; the
# package is installed into a Debian that has nothing else, works there, and is
# removed without a trace; the static binary works where there is nothing at all.

. "${0%/*}/../lib/lib.sh"
. "$LIB/copy.sh"
. "$LIB/server.sh"

LIMIT=900
RELEASE=$(sed -n 's/^VERSION	= //p' "$TOP/Makefile")

[ "$TIER" = soak ] || skip_all "it installs a Debian; this is for make soak"
[ "$(id -u)" -eq 0 ] || skip_all 'a root of its own is for root'
"$TOP/t/deps" deb || exit 1

tarball()
{
	for _place in one "another place"; do
		mkdir "$T/$_place"
		git clone -q "$TOP" "$T/$_place/xcat"
		(umask 077 && make -s -C "$T/$_place/xcat" dist)
	done
	check_same "$T/one/xcat/xcat-$RELEASE.tar.gz" \
	    "$T/another place/xcat/xcat-$RELEASE.tar.gz" 'dist: the same twice'
	tar -xzf "$T/one/xcat/xcat-$RELEASE.tar.gz" -C "$T"
	run make -C "$T/xcat-$RELEASE" -j2 CFLAGS=-O0
	is "$status" 0 'dist: it builds'
	like "$("$T/xcat-$RELEASE/xcat" -V)" "^xcat $RELEASE," 'dist: the version'
}

# --- Debian ------------------------------------------------------------------

# $T/within, a command for what is to run there.
cat >"$T/within" <<END
#!/bin/sh
exec chroot $T/root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
    DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "\$@"
END
# The same, where there is nothing but xcat and a CA.
cat >"$T/nowhere" <<END
#!/bin/sh
exec chroot $T/empty "\$@"
END
chmod +x "$T/within" "$T/nowhere"

files_of_root()	# but what dpkg and apt remember
{
	(cd "$T/root" && find . -xdev ! -type d ! -path './var/lib/dpkg/*' \
	    ! -path './var/lib/apt/*' ! -path './var/cache/*' \
	    ! -path './var/log/*' ! -path './proc/*' | sort)
}

new_root()
{
	mirror=$(sed -n 's,^deb \(\[.*\] \)*\(http[^ ]*\) .* main.*,\2,p; s,^URIs: *,,p' \
	    /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)
	run mmdebstrap --dpkgopt=force-unsafe-io --variant=minbase --mode=root \
	    --include=openssl,ca-certificates \
	    "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$T/root" \
	    ${mirror:+"$mirror"}
	is "$status" 0 'a Debian with nothing in it'
	[ "$status" = 0 ] || diag_file "$T/run.err"
	cp /etc/resolv.conf "$T/root/etc/"
	mkdir -p "$T/root/dev" "$T/root/src"
}

package()
{
	run env DEB_BUILD_OPTIONS=nocheck make -C "$T/one/xcat" deb
	is "$status" 0 'deb: it is built, and lintian is content'
	[ "$status" = 0 ] || diag_file "$T/run.out"
	_deb=$(cd "$T/one/xcat" && echo xcat_*.deb)
	new_root
	"$T/within" apt-get -q update >/dev/null
	# So that its dependencies are no trace of it, they come first.
	"$T/within" apt-get -q -y install --no-install-recommends prosody \
	    perl util-linux diffutils iproute2 procps libbsd0 libc-ares2 \
	    libexpat1 libidn12 libminiupnpc17 >/dev/null 2>&1
	files_of_root >"$T/before"
	cp "$T/one/xcat/$_deb" "$T/root/"
	run "$T/within" apt-get -q -y install --no-install-recommends "/$_deb"
	is "$status" 0 'deb: it is installed'
	is "$("$T/within" xcat -V | cut -d, -f1)" "xcat $RELEASE" 'deb: it runs'
	ok 'deb: it switches no unit on' sh -c \
	    '! find "$1/etc/systemd" -name "xcat*" | grep -q .' sh "$T/root"
	ok 'deb: its completions are where zsh looks' "$T/within" test -f \
	    /usr/share/zsh/vendor-completions/_xcat
	demo
	run "$T/within" apt-get -q -y purge xcat
	is "$status" 0 'deb: it is removed'
	rm -f "$T/root/$_deb"
	files_of_root >"$T/after"
	check_same "$T/after" "$T/before" 'deb: without a trace'
}

# As the README has it, but for the xcat that is shown.
demo()
{
	for _fs in proc dev; do
		mount --rbind "/$_fs" "$T/root/$_fs"
		mount --make-rslave "$T/root/$_fs"
	done
	make -s -C "$T/xcat-$RELEASE" t/lib/detach t/lib/distance t/lib/wake
	tar -c -C "$T/xcat-$RELEASE" . | tar -x -C "$T/root/src"
	run "$T/within" env XCAT=/usr/bin/xcat sh /src/t/lib/demo.sh
	is "$status" 0 'deb: the demo runs from it'
	[ "$status" = 0 ] || diag_file "$T/run.err"
	for _fs in proc dev; do
		umount -l "$T/root/$_fs"
	done
	rm -rf "$T/root/src"
	mkdir "$T/root/src"
}

# --- static ------------------------------------------------------------------

static()
{
	run make -C "$T/xcat-$RELEASE" static CFLAGS=-O0
	is "$status" 0 'static: it is linked'
	ok 'static: and needs no library' \
	    sh -c '! ldd "$1" >/dev/null 2>&1' sh "$T/xcat-$RELEASE/xcat"
	mkdir "$T/empty" "$T/empty/etc"
	cp "$T/xcat-$RELEASE/xcat" "$T/empty/"
	is "$("$T/nowhere" /xcat -V | cut -d, -f1)" "xcat $RELEASE" 'static: it runs'
	start_server prosody
	cp "$CAFILE" "$T/empty/ca"
	head -c 1000000 /dev/urandom >"$T/in"
	listen_as bob l -a "alice@$DOMAIN"
	password alice >"$T/empty/password"
	chmod 600 "$T/empty/password"
	run "$T/nowhere" /xcat -j "alice@$DOMAIN" -c "$SERVER" -p /password \
	    -o ca-file=/ca -N "bob@$DOMAIN" <"$T/in"
	is "$status" 0 'static: a stream'
	[ "$status" = 0 ] || diag_file "$T/run.err"
	ended l 'static'
	check_same "$T/l.out" "$T/in" 'static: all of it'
	fails 3 'cannot reach it' 'static: a name that does not exist' \
	    "$T/nowhere" /xcat -j a@nowhere.invalid -p /password x@nowhere.invalid
	stop_server
}

tarball
package
static
done_testing

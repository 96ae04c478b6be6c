#!/bin/sh
#
# deb.sh: a Debian package of the tarball that `make dist` has made, and what
# lintian(1) says of it.
#
#	t/lib/deb.sh version
#	t/lib/deb.sh --changelog version	its changelog, and no more
#
# What makes the package is in .debian.  Its changelog is of one line, because
# man/CHANGES has it all; it has the date of the commit, so that the package is
# the same wherever it is made.

set -eu
cd "$(dirname "$0")/../.."

changelog()	# version
{
	cat <<-END
	xcat ($1-1) unstable; urgency=medium

	  * What changed for users is in man/CHANGES.

	 -- $(sed -n 's/^Maintainer: //p' .debian/control)  $(date -R -u \
	    -d "@$SOURCE_DATE_EPOCH")
	END
}

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
if [ "$1" = --changelog ]; then
	changelog "$2"
	exit
fi
version=$1 top=$PWD
rm -rf .deb
mkdir .deb
tar -xzf "xcat-$version.tar.gz" -C .deb
cp "xcat-$version.tar.gz" ".deb/xcat_$version.orig.tar.gz"
changelog "$version" >.deb/changelog
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS CC

cd ".deb/xcat-$version"
mv .debian debian
mkdir debian/source
echo '3.0 (quilt)' >debian/source/format
mv ../changelog debian/
dpkg-buildpackage --build=binary --unsigned-source --unsigned-changes >../build.log 2>&1 || {
	tail -n 30 ../build.log >&2
	exit 1
}

# It is not in Debian: there is no bug that asks for it, and no mail host.
cd ..
lintian --allow-root --fail-on error,warning --suppress-tags \
    initial-upload-closes-no-bugs,bogus-mail-host,bogus-mail-host-in-debian-changelog \
    "xcat_$version-1_"*.changes
mv "xcat_$version-1_"*.deb "$top"
cd "$top"
ls "xcat_$version-1_"*.deb

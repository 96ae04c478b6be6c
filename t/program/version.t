#!/bin/sh
#
# The version is in one place, the Makefile, and what else is about a version is
# of the same: -V, the manuals, CHANGES, the tarball and the Debian package.

. "${0%/*}/../lib/lib.sh"

version=$(sed -n 's/^VERSION	= //p' "$TOP/Makefile")
like "$version" '^20[0-9][0-9]\.(0[1-9]|1[0-2])(\.[0-9]+)?$' \
    "the version in the Makefile: $version"

run "$XCAT" -V
like "$(cat "$T/run.out")" "^xcat $version," '-V'

# The month of a version is that of the manuals.
year=${version%%.*} month=${version#*.} month=${month%%.*}
month_name()	# number name ...
{
	shift "$1"
	echo "$1"
}
month=$(month_name "${month#0}" January February March April May June July \
    August September October November December)
for page in "$TOP"/man/*.[0-9]; do
	like "$(sed -n 's/^\.Dd //p' "$page")" \
	    "^$month ([1-9]|[12][0-9]|3[01]), $year\$" "${page##*/}: its date"
done
is "$(sed -n 's/^\.Dd //p' "$TOP"/man/*.[0-9] | sort -u | wc -l)" 1 \
    'the manuals are of one day'

is "$(sed -n '/^[0-9]/{p;q;}' "$TOP/man/CHANGES")" "$version" \
    'CHANGES: the newest heading'
is "$(sed '/^[0-9]/,$d' "$TOP/man/CHANGES" | grep -c '^-')" 0 \
    'CHANGES: nothing stands above it'
is "$(grep -v -e '^[0-9]' -e '^- ' -e '^  ' -e '^$' "$TOP/man/CHANGES")" \
    'What users see of the changes to xcat, newest first.' \
    'CHANGES: headings and entries, and no more'

run make -n -C "$TOP" dist
like "$(cat "$T/run.out")" "xcat-$version/.*xcat-$version\.tar\.gz" \
    'make dist: the tarball'
run make -n -C "$TOP" deb
like "$(cat "$T/run.out")" "t/lib/deb\.sh $version\$" 'make deb: the package'
run env SOURCE_DATE_EPOCH=0 "$LIB/deb.sh" --changelog "$version"
is "$(head -n 1 "$T/run.out")" "xcat ($version-1) unstable; urgency=medium" \
    "the package's changelog"
like "$(tail -n 1 "$T/run.out")" \
    '^ -- [^<>]+ <[^ ]+>  Thu, 01 Jan 1970 00:00:00 \+0000$' \
    'its maintainer and date'
done_testing

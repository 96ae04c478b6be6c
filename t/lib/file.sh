# file.sh: what the tests of files share.
# shellcheck shell=dash

# Sparse at one side only.
room_for_large()
{
	[ "$(df -Pk "$T" | awk 'NR == 2 { print $4 }')" -gt 10000000 ] &&
	    return
	skip "3 GB" "no 10 GB are free in $T"
	return 1
}

empty_dir()	# name: $T/name, with nothing in it
{
	rm -rf "${T:?}/$1"
	mkdir "$T/$1"
}

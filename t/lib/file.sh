# file.sh: what the tests of files share.
# shellcheck shell=dash

# More than 31 bits can count, and most of it a hole: but for the last bytes.
LARGE=$(by_tier 2150000000 3221225472)
large_file()	# path
{
	truncate -s $((LARGE - 3)) "$1"
	printf end >>"$1"
}

# Sparse at one side only.
room_for_large()
{
	[ "$(df -Pk "$T" | awk 'NR == 2 { print $4 }')" -gt 10000000 ] &&
	    return
	skip "$LARGE bytes" "no 10 GB are free in $T"
	return 1
}

empty_dir()	# name: $T/name, with nothing in it
{
	rm -rf "${T:?}/$1"
	mkdir "$T/$1"
}

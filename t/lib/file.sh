# file.sh: what the tests of files share.
# shellcheck shell=dash

# More than 31 bits can count, and most of it a hole: but for the last bytes.
large_file()	# path
{
	truncate -s 3G "$1"
	printf end | dd of="$1" bs=1 seek=3221225469 conv=notrunc status=none
}

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

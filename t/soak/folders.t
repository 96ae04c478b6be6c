#!/bin/sh
#
# Ten thousand files, deep, with long and with odd names: killed and cut off ten
# times, sent again, compared; and how long that takes next to tar through a
# stream.

. "${0%/*}/../lib/lib.sh"
[ "$TIER" = soak ] ||
    skip_all 'file/folder.t has it in small; this is for make soak'
CARRIER=auto
. "$LIB/server.sh"
. "$LIB/file.sh"
. "$LIB/relay.sh"
. "$LIB/folders.sh"

FILES=${FILES:-10000} CUTS=${CUTS:-10}
LIMIT=400
DIRECT='-o streamhost=none -o upgrade-after=0'

# The best of some attempts each, in turns; as many as are wanted.
is_as_fast()
{
	[ $((best_folder * 10)) -le $((best_tar * 13)) ]
}

rate()		# option ...
{
	best_folder=999999 best_tar=999999
	for _round in 1 2 3; do
		folder_ms "$@"
		[ "$took" -ge "$best_folder" ] || best_folder=$took
		tar_ms "$@"
		[ "$took" -ge "$best_tar" ] || best_tar=$took
		is_as_fast && break
	done
	ok "$server: $FILES files $*: $best_folder ms, tar $best_tar ms" \
	    is_as_fast
}

make_photos
for kind in $SERVERS; do
	start_server "$kind" proxy65
	killed "$CUTS" "$server: killed $CUTS times, in-band" both -i
	stop bob
	# shellcheck disable=SC2086
	killed "$CUTS" "$server: killed $CUTS times, by a socket" both $DIRECT
	stop bob
	start_relay near
	start_relay far
	cut_off "$CUTS" "$server: cut off $CUTS times, in-band" -i
	stop bob
	stop near
	stop far
	rate -i
	# shellcheck disable=SC2086
	rate $DIRECT
	stop_server
done
done_testing

#!/bin/sh
# A peer that sends far more than the ends of its streams take, and waits for no
# answer: it harms itself alone.  Another account's stream goes on as if there
# was nothing, and memory stays within what -o memory says.

. "${0%/*}/../lib/lib.sh"
. "$LIB/server.sh"

SIZE=24000				# bytes of a block
MEMORY=67108864				# bytes, the default
OTHERS=24576				# KiB: the program itself, and what malloc keeps

start_server ejabberd
bob=bob@$DOMAIN

said_so()	# name word
{
	grep -q "$2" "$T/$1.out"
}

flood()		# name streams blocks-for-each
{
	start "$1" "$PYTHON" -B "$LIB/flood.py" -j "alice@$DOMAIN/$1" \
	    -p "$(password alice)" -c "$SERVER" -C "$CAFILE" -w 600 \
	    "$bob/xcat" sleep "$2" "$3" $SIZE
	ok "$1: $2 streams, $(($3 * SIZE)) bytes for each" \
	    wait_for 100 said_so "$1" sent
	is_as_before "$1"
	ok "$1: all was looked at" wait_for 100 said_so "$1" flooded
	diag "$1: $(tail -n 1 "$T/$1.out"); listener: $(rss listener) KiB"
}

# How long it takes to have 1 MB of another account counted, in ms.
count()
{
	_from=$(date +%s%N)
	run "$T/carol" -w 100 "$bob" count <"$T/data"
	took=$((($(date +%s%N) - _from) / 1000000))
	is "$status $(cat "$T/run.out")" '0 1000000' "$1: 1 MB counted"
}

is_as_before()	# when
{
	count "$1"
	ok "$1: it took $took ms, and $quiet when all was quiet" \
	    [ "$took" -le $((quiet + 2000)) ]
}

head -c 1000000 /dev/urandom >"$T/data"
listen_as bob listener -k -a "alice@$DOMAIN" -a "carol@$DOMAIN" \
    'sleep=!exec sleep 1000' 'count=!wc -c'
count quiet
quiet=$took
flood few 6 75
flood many 506 6
if ! grep -q __asan_init "$XCAT"; then
	after=$(rss listener)
	ok "the listener has $after KiB" \
	    [ "$after" -le $((MEMORY / 1024 + OTHERS)) ]
fi
ok 'no stream of the other account was lost' \
    [ "$(grep -c "carol.*confirmed" "$T/listener.err")" -eq 0 ]
stop few
stop many
stop listener
done_testing

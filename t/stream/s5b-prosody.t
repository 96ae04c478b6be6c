#!/bin/sh
# Sockets, direct and through the proxy of Prosody.

. "${0%/*}/../lib/lib.sh"
. "$LIB/s5b.sh"

s5b prosody

# A proxy that the server does not speak of is used if it is named.
PROXYNAME=relay.elsewhere.test
start_server prosody proxy65
in_band 'a proxy that nobody names' "$HIDE -o upgrade-after=0" "$HIDE"
up large-1 "proxy $PROXYNAME" 'a proxy by its name' -o streamhost=none -P "$PROXYNAME"
stop_server
done_testing

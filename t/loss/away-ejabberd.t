#!/bin/sh
# The peer is away: ejabberd.

. "${0%/*}/../lib/lib.sh"
. "$LIB/away.sh"

absent ejabberd
done_testing

#!/bin/sh
# ssh(1) through losses: Prosody.

. "${0%/*}/../lib/lib.sh"
. "$LIB/ssh-cuts.sh"

BACKSIZE=10000000	# losses with stream management take their time there
ssh_cuts prosody
done_testing

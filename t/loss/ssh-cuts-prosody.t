#!/bin/sh
# ssh(1) through losses: Prosody.

. "${0%/*}/../lib/lib.sh"
. "$LIB/ssh-cuts.sh"

# losses with stream management take their time there
BACKSIZE=$(by_tier 3000000 10000000)
ssh_cuts prosody
done_testing

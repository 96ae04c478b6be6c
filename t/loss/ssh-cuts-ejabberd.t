#!/bin/sh
# ssh(1) through losses: ejabberd.

. "${0%/*}/../lib/lib.sh"
. "$LIB/ssh-cuts.sh"

ssh_cuts ejabberd
done_testing

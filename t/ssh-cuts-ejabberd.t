#!/bin/sh
# ssh(1) through losses: ejabberd.

. "${0%/*}/lib.sh"
. "$TESTS/ssh-cuts.sh"

ssh_cuts ejabberd
done_testing

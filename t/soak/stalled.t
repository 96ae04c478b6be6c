#!/bin/sh
# As many streams as an account may have, with the memory that xcat has unless
# told otherwise.

[ "${TIER-check}" = soak ] || {
	echo '1..0 # SKIP stream/memory.t has it in small; this is for make soak'
	exit 0
}
XCAT_TEST_RAN=$0 STREAMS=500 MEMORY=67108864 QUIET=15 \
    exec "${0%/*}/../stream/memory.t"

#!/bin/sh
# As many streams as an account may have, with the memory that xcat has unless
# told otherwise.

STREAMS=500 MEMORY=67108864 QUIET=15 exec "${0%/*}/../stream/memory.t"

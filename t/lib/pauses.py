#!/usr/bin/python3 -B
"""The two ends of a stream that is not to pause.

    pauses.py feed PATH         write a line of 1000 bytes every 20 ms, until
                                that file has been there for a second
    pauses.py watch             copy standard input to standard output; at its
                                end say on standard error how long it was
                                silent at most, in ms, once the first bytes
                                had come
"""

import os
import sys
import time


def feed(path):
    end = None
    number = 0
    while end is None or time.monotonic() < end:
        if end is None and os.path.exists(path):
            end = time.monotonic() + 1
        number += 1
        os.write(1, b'%0999d\n' % number)
        time.sleep(0.02)


def watch():
    last, longest = None, 0
    while True:
        data = os.read(0, 65536)
        now = time.monotonic()
        if not data:
            break
        if last is not None:
            longest = max(longest, now - last)
        last = now
        os.write(1, data)
    print('longest pause: %d ms' % (longest * 1000), file=sys.stderr)


if sys.argv[1] == 'feed':
    feed(sys.argv[2])
else:
    watch()

#!/usr/bin/python3
"""startup.py [-s] COMMAND ...: how long an xcat takes from connect() to the first confirmed byte; -s: from its start.

The command is an xcat that calls, with -vv.  It is given one byte, and its input stays open; its trace says when it
was connected and when the block that has the byte in it was answered: the last one that it sent at first, or the only
one that it sent before the answer to its <open/>.  Prints
milliseconds, and leaves the trace on standard error.
"""

import re
import subprocess
import sys
import threading
import time

LIMIT = 60      # seconds

OPEN = re.compile(r"xcat: (?:[\d:.]+ )?SENT <iq [^>]*\bid='([^']*)'[^>]*><open ")
CONNECTED = re.compile(r'xcat: (?:[\d:.]+ )?connected to ')
SENT = re.compile(r"xcat: (?:[\d:.]+ )?SENT <iq [^>]*\bid='([^']*)'[^>]*><data ")
ANSWER = re.compile(r"xcat: (?:[\d:.]+ )?RECV <iq (?=[^>]*\btype='result')[^>]*\bid='([^']*)'")


def measure(lines, began):
    blocks = []
    opened, early = None, False
    for line in lines:
        now = time.monotonic()
        sys.stderr.write(line)
        if began is None and CONNECTED.match(line):
            began = now
        elif m := OPEN.match(line):
            opened = m[1]
        elif m := SENT.match(line):
            if opened is not None or not early:
                blocks.append(m[1])
            early = early or opened is not None
        elif (m := ANSWER.match(line)) and m[1] == opened:
            opened = None
        elif m and blocks and m[1] == blocks[-1]:
            return now - began
    sys.exit('startup.py: no block was answered')


def main():
    began = time.monotonic() if sys.argv[1] == '-s' else None
    command = sys.argv[1:] if began is None else sys.argv[2:]
    xcat = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            text=True)
    timer = threading.Timer(LIMIT, xcat.kill)
    timer.start()
    xcat.stdin.write('x')
    xcat.stdin.flush()
    print('%.0f' % (1000 * measure(xcat.stderr, began)))
    timer.cancel()
    xcat.terminate()
    xcat.stderr.read()
    xcat.wait()


main()

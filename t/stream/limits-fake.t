#!/usr/bin/python3 -B
"""Limits that a server says it has (XEP-0478)."""

import sys
import time

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import *
from fakerun import *

LIMITS = "<limits xmlns='urn:xmpp:stream-limits:0'>%s</limits>"
BYTES = LIMITS % '<max-bytes>%d</max-bytes>'
IDLE = LIMITS % '<idle-seconds>%d</idle-seconds>'
MUCH = b'x' * 30000


def send_much(s, **login):
    s.stream(**login)
    s.take(len(MUCH))
    s.close()
    s.end()
    check(s.received == MUCH, 'sends something else')


@case(roles=BOTH, stdin=MUCH)
def _ok_no_limit(s):
    """What the others would be without one."""
    send_much(s)
    check(s.largest > 5000, 'sends no more than %d bytes' % s.largest)


@case(roles=BOTH, stdin=MUCH)
def _ok_max_bytes(s):
    send_much(s, limits=BYTES % 3000)
    check(s.largest <= 3000, 'sends %d bytes' % s.largest)
    check(s.largest > 2500, 'sends no more than %d bytes' % s.largest)


@case(roles=BOTH, stdin=MUCH)
def _ok_max_bytes_before_the_login_only(s):
    """There it may be less."""
    send_much(s, features=BYTES % 3000)
    check(s.largest > 5000, 'sends no more than %d bytes' % s.largest)


@case(roles=BOTH, stdin=MUCH)
def _ok_max_bytes_nonsense(s):
    send_much(s, limits=BYTES % 1)
    check(s.largest > 5000, 'sends no more than %d bytes' % s.largest)


@case(roles=BOTH, stdin=b'')
def _ok_idle_seconds(s):
    """Something is sent before that is over, though there is nothing to say."""
    s.until += 30
    s.stream(limits=IDLE % 10)
    while True:
        since = time.monotonic()
        s.buf += s.receive()
        if not s.buf.strip():
            break
        s.read()
    check(time.monotonic() - since < 10, 'sends nothing for %.1f s' % (time.monotonic() - since))
    check(time.monotonic() - since > 2, 'is in a hurry')
    s.close()
    s.end()


sys.exit(main(8))

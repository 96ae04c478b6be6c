#!/usr/bin/python3 -B
"""Connect to each port on which a process listens, from where this is run.

    stranger.py hold|garbage|replay PID ADDRESS

hold says nothing, in twenty connections to a port; garbage sends 100,000 random
bytes; replay sends what it has heard, and what it has heard in the connection
before.  Ends when the process has; then says how many connections there were.
"""

import os
import select
import socket
import sys
import time

LISTEN = '0A'


def ports(pid):
    """Those of the process's network namespace."""
    found = set()
    for name in ('tcp', 'tcp6'):
        with open('/proc/%d/net/%s' % (pid, name)) as f:
            for line in list(f)[1:]:
                words = line.split()
                if words[3] == LISTEN:
                    found.add(int(words[1].rsplit(':', 1)[1], 16))
    return found


def knock(address, port):
    try:
        return socket.create_connection((address, port), 0.3)
    except OSError:
        return None


def hear(s):
    try:
        return s.recv(4096) if select.select([s], [], [], 0.1)[0] else b''
    except OSError:
        return b''


def say(s, data):
    s.settimeout(0.1)
    try:
        s.sendall(data)
    except OSError:
        pass


class Stranger:
    def __init__(self):
        self.count = 0
        self.held = []
        self.heard = b''

    def hold(self, s):
        self.held = (self.held + [s])[-200:]

    def garbage(self, s):
        say(s, os.urandom(100000))

    def replay(self, s):
        now = hear(s)
        say(s, now + self.heard)
        now += hear(s)
        self.heard = now or self.heard

    def visit(self, how, address, port):
        for _ in range(20 if how == 'hold' else 2):
            s = knock(address, port)
            if s is None:
                return
            self.count += 1
            getattr(self, how)(s)


def main(how, pid, address):
    stranger = Stranger()
    try:
        while True:
            for port in ports(pid):
                stranger.visit(how, address, port)
            time.sleep(0.02)
    except OSError:
        pass                        # the process is gone
    print('connections: %d' % stranger.count)


main(sys.argv[1], int(sys.argv[2]), sys.argv[3])

#!/usr/bin/python3
"""stalled.py PORT COUNT LEAST SECONDS: connections that send as much as is taken.

Opens COUNT connections to 127.0.0.1:PORT and sends to all of them, until each has had LEAST bytes taken, or broke, and
nothing has been taken of any for SECONDS.
Prints "still" and how many bytes each had taken: least, median, most, or how many were broken; then stays until it is ended.
"""
import selectors
import signal
import socket
import sys
import time

port, count = int(sys.argv[1]), int(sys.argv[2])
least, quiet = int(sys.argv[3]), float(sys.argv[4])
data = b'.' * 65536
sel = selectors.DefaultSelector()
taken = {}
broken = 0

for n in range(count):
    s = socket.create_connection(('127.0.0.1', port))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    s.setblocking(False)
    sel.register(s, selectors.EVENT_WRITE)
    taken[s] = 0
    if n % 20 == 0:
        time.sleep(0.02)        # the backlog is short

until = time.monotonic() + quiet
while time.monotonic() < until or (sel.get_map() and min(taken[key.fileobj] for key in sel.get_map().values()) < least):
    for key, _ in sel.select(0.1):
        try:
            taken[key.fileobj] += key.fileobj.send(data)
            until = time.monotonic() + quiet
        except BlockingIOError:
            pass
        except OSError:
            sel.unregister(key.fileobj)
            broken += 1
sizes = sorted(taken.values())
print('still:', sizes[0], sizes[count // 2], sizes[-1], 'broken:', broken, flush=True)
signal.pause()

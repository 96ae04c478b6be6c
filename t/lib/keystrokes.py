#!/usr/bin/python3
"""keystrokes.py PORT BYTES: somebody types while something large moves.

Opens two connections to 127.0.0.1:PORT, where everything comes back.  One sends BYTES random bytes and wants them
back; on the other a byte is typed and the next one when it has come back.  Prints how many seconds the bytes took, how
many keys were typed meanwhile, and how many seconds, rounded up, the slowest of them took to come back.
"""

import math
import os
import socket
import sys
import threading
import time

LIMIT = 300             # seconds for a connection that does not move
PAUSE = 0.5             # between keys


def connect(port):
    s = socket.create_connection(('127.0.0.1', port))
    s.settimeout(LIMIT)
    return s


def bulk(port, size, result):
    data = os.urandom(size)
    with connect(port) as s:
        writer = threading.Thread(target=lambda: (s.sendall(data), s.shutdown(socket.SHUT_WR)))
        writer.start()
        back = bytearray()
        while piece := s.recv(65536):
            back += piece
        writer.join()
    if back == data:
        result.append(time.monotonic())


def main():
    port, size = (int(a) for a in sys.argv[1:])
    began, done = time.monotonic(), []
    mover = threading.Thread(target=bulk, args=(port, size, done))
    keys, slowest = 0, 0
    with connect(port) as s:
        mover.start()
        while mover.is_alive():
            key, typed = os.urandom(1), time.monotonic()
            s.sendall(key)
            if s.recv(1) != key:
                sys.exit('a key did not come back')
            keys, slowest = keys + 1, max(slowest, time.monotonic() - typed)
            time.sleep(PAUSE)
    mover.join()
    if not done:
        sys.exit('the bytes did not come back')
    print('%d %d %d' % (done[0] - began, keys, math.ceil(slowest)))


main()

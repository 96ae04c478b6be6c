#!/usr/bin/python3
"""streams.py PORT COUNT BYTES [plain]: many streams through one forward.

Opens COUNT connections to 127.0.0.1:PORT, where everything comes back, and
one more which sends and never reads.  Each of the others sends BYTES random
bytes while it reads, ends its direction, and wants the same bytes back and
then the end.  Prints how many got that.

With plain there is none that stalls, and each ends when it has got everything:
an end in one direction would be the end in both.
"""

import os
import socket
import sys
import threading

LIMIT = 240             # seconds for a connection that does not move


def connect(port):
    s = socket.create_connection(('127.0.0.1', port))
    s.settimeout(LIMIT)
    return s


def send(s, data, plain):
    s.sendall(data)
    if not plain:
        s.shutdown(socket.SHUT_WR)


def one(port, size, plain, good):
    data = os.urandom(size)
    try:
        with connect(port) as s:
            writer = threading.Thread(target=send, args=(s, data, plain))
            writer.start()
            back = bytearray()
            while len(back) < size + (not plain):
                piece = s.recv(65536)
                if not piece:
                    break
                back += piece
            writer.join()
        if back == data:
            good.append(port)
    except OSError as e:
        print(e, file=sys.stderr)


def stall(port):
    stalled = connect(port)
    stalled.setblocking(False)
    try:
        while True:     # until nobody takes any more
            stalled.send(b'x' * 65536)
    except BlockingIOError:
        pass
    return stalled


def main():
    port, count, size = (int(a) for a in sys.argv[1:4])
    plain = 'plain' in sys.argv[4:]
    stalled = None if plain else stall(port)
    good = []
    threads = [threading.Thread(target=one, args=(port, size, plain, good)) for _ in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print(len(good))
    if stalled:
        stalled.close()


main()

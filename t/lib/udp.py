#!/usr/bin/python3
# udp: datagrams for t/services/udp.t.
#
#	udp.py serve ADDR [PORT]	send each back; prints "port N", and a line
#					for each: where it came from, its size
#	udp.py mute ADDR [PORT]		the same, but send nothing back
#	udp.py ask ADDR PORT TEXT ...	send each TEXT from one socket, and print
#					the answer; exits with 1 if there is none
#	udp.py burst ADDR PORT N MIN MAX	send N datagrams of MIN to MAX bytes
#					at once, and see that they come back as
#					they were, in their order
#	udp.py both ADDR PORT N SIZE	as burst, with no more than 20 under way,
#					so that there is traffic both ways
#	udp.py after ADDR PORT SIZE TEXT	send SIZE bytes, and then ask TEXT from
#					the same socket
#	udp.py send ADDR PORT N		send N datagrams of one byte, and go
#	udp.py many ADDR PORT N		ask from N sockets at once
#	udp.py from ADDR PORT		ask, and print whence the answer comes
#	udp.py dns ADDR PORT NAME	ask for the address of NAME, and print it
#
# A size of 0 is an empty datagram.
import random
import socket
import sys

BOUND = 30      # seconds for an answer


def address(host, port):
    info = socket.getaddrinfo(host, int(port), 0, socket.SOCK_DGRAM)[0]
    return info[0], info[4]


def serve(host, port='0', answer=True):
    family, local = address(host, port)
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.bind(local)
    print('port', s.getsockname()[1], flush=True)
    while True:
        data, peer = s.recvfrom(65536)
        print('from', peer[1], 'bytes', len(data), flush=True)
        if answer:
            s.sendto(data, peer)


def connected(host, port):
    family, remote = address(host, port)
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
    s.settimeout(BOUND)
    s.connect(remote)
    return s


def ask(host, port, *texts):
    s = connected(host, port)
    for text in texts:
        s.send(text.encode())
        print(s.recv(65536).decode(), flush=True)


def pieces(n, least, most):
    r = random.Random(n)
    for i in range(n):
        size = r.randint(least, most)
        yield (b'%08d' % i + bytes(size))[:size]


def burst(host, port, n, least, most, under_way=None):
    s = connected(host, port)
    sent = list(pieces(int(n), int(least), int(most)))
    ahead = under_way or len(sent)
    for data in sent[:ahead]:
        s.send(data)
    for i, data in enumerate(sent):
        got = s.recv(65536)
        if got != data:
            sys.exit('datagram %d: %d bytes %r, not %d bytes %r' %
                     (i, len(got), got[:8], len(data), data[:8]))
        if i + ahead < len(sent):
            s.send(sent[i + ahead])


def after(host, port, size, text):
    s = connected(host, port)
    s.send(bytes(int(size)))
    s.send(text.encode())
    print(s.recv(65536).decode())


def send(host, port, n):
    s = connected(host, port)
    for _ in range(int(n)):
        try:
            s.send(b'x')
        except ConnectionRefusedError:
            pass


def many(host, port, n):
    all_ = [connected(host, port) for _ in range(int(n))]
    for i, s in enumerate(all_):
        s.send(b'%d' % i)
    for i, s in enumerate(all_):
        got = s.recv(65536)
        if got != b'%d' % i:
            sys.exit('client %d: %r' % (i, got))


# The socket is not connected: the kernel takes an answer from anywhere.
def answer_from(host, port):
    family, remote = address(host, port)
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.settimeout(BOUND)
    s.sendto(b'hello', remote)
    data, peer = s.recvfrom(65536)
    print(data.decode(), 'from', peer[0])


def dns(host, port, name):
    s = connected(host, port)
    labels = b''.join(bytes([len(x)]) + x.encode() for x in name.split('.'))
    s.send(b'\x12\x34\1\0\0\1\0\0\0\0\0\0' + labels + b'\0\0\1\0\1')
    answer = s.recv(65536)
    print(socket.inet_ntoa(answer[-4:]))


if __name__ == '__main__':
    what, *words = sys.argv[1:]
    try:
        if what == 'serve':
            serve(*words)
        elif what == 'mute':
            serve(*words, answer=False)
        elif what == 'ask':
            ask(*words)
        elif what == 'burst':
            burst(*words)
        elif what == 'both':
            burst(words[0], words[1], words[2], words[3], words[3], 20)
        elif what == 'after':
            after(*words)
        elif what == 'send':
            send(*words)
        elif what == 'many':
            many(*words)
        elif what == 'from':
            answer_from(*words)
        elif what == 'dns':
            dns(*words)
    except socket.timeout:
        sys.exit('no answer in %d s' % BOUND)

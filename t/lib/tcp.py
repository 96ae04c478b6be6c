#!/usr/bin/python3
"""One end of a TCP (or Unix) connection that does what it is told, in order.

    tcp.py listen|connect WHERE STEP ...

WHERE is a port on loopback, or a path.  listen takes one connection.  Steps:

    send=FILE   send it, or N bytes of zeros if FILE is a number
    end         shut down the sending side
    recv=FILE   receive into FILE until the end; say which end it was
    recv=N      receive that many bytes
    touch=FILE  create it
    wait=FILE   until it exists
    reset       close at once, by a reset
    close       close in peace

What it says, on stdout: "ready" once it listens or is connected, and
"end N", "reset N" or "failed N: why" of each recv=FILE, N being the bytes
received; "send: why" if sending fails otherwise than by a reset, which the next
recv=FILE tells.  It gives up after 60 s.
"""
import os
import signal
import socket
import struct
import sys
import time


def say(text):
    print(text, flush=True)


def opened(how, where):
    unix = where.startswith("/")
    sock = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
    address = where if unix else ("127.0.0.1", int(where))
    if how == "connect":
        sock.connect(address)
        say("ready")
        return sock
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(address)
    sock.listen(1)
    say("ready")
    connection, _ = sock.accept()
    return connection


def send(sock, what):
    """Send it; whether the connection was reset, of which the kernel tells once."""
    if what.isdigit():
        data = bytes(int(what))
    else:
        with open(what, "rb") as file:
            data = file.read()
    try:
        sock.sendall(data)
    except ConnectionResetError:
        return True
    except OSError as error:
        say(f"send: {error.strerror}")
    return False


def receive(sock, path, was_reset):
    count = 0
    with open(path, "wb") as file:
        try:
            while data := sock.recv(65536):
                file.write(data)
                count += len(data)
            say(f"{'reset' if was_reset else 'end'} {count}")
        except ConnectionResetError:
            say(f"reset {count}")
        except OSError as error:
            say(f"failed {count}: {error.strerror}")


def receive_some(sock, count):
    while count > 0:
        data = sock.recv(min(count, 65536))
        if not data:
            say(f"end, {count} bytes too early")
            return
        count -= len(data)


def step(sock, name, value, was_reset):
    """Do it; whether the connection is known to have been reset."""
    if name == "send":
        return send(sock, value)
    if name == "end":
        sock.shutdown(socket.SHUT_WR)
    elif name == "recv" and value.isdigit():
        receive_some(sock, int(value))
    elif name == "recv":
        receive(sock, value, was_reset)
    elif name == "touch":
        with open(value, "wb"):
            pass
    elif name == "wait":
        while not os.path.exists(value):
            time.sleep(.01)
    elif name == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
        sock.close()
    elif name == "close":
        sock.close()
    else:
        sys.exit(f"tcp.py: no step {name}")
    return was_reset


def main():
    signal.alarm(60)
    sock = opened(sys.argv[1], sys.argv[2])
    was_reset = False
    for arg in sys.argv[3:]:
        name, _, value = arg.partition("=")
        was_reset = step(sock, name, value, was_reset)


main()

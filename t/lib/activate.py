#!/usr/bin/python3
"""What systemd does for a service with sockets, without systemd.

    activate.py [-p PID] [-a] [-u] FILE SOCKET ... -- COMMAND ...

Listens on each SOCKET, a port on loopback, [::1]:PORT or a path, and runs the
command with them as descriptors 3, 4, ... (sd_listen_fds(3)), in its own
process, while another one waits for "READY=1" (sd_notify(3)) and creates FILE
when it comes, with all that came.  -p: say that they are meant for another
process; -a: be notified at an abstract address; -u: hand over datagram
sockets.
"""
import argparse
import os
import socket
import sys


def listening(where, kind):
    if where.startswith("/"):
        sock = socket.socket(socket.AF_UNIX, kind)
        sock.bind(where)
    else:
        v6 = where.startswith("[")
        sock = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("::1" if v6 else "127.0.0.1", int(where.split(":")[-1])))
    if kind == socket.SOCK_STREAM:
        sock.listen(16)
    return sock


def wait_for_news(sock, path):
    sock.settimeout(60)
    news = sock.recv(4096)
    with open(path + ".new", "wb") as file:
        file.write(news + b"\n")
    os.rename(path + ".new", path)
    os._exit(0)


def run(sockets, args, command):
    # Out of the way of 3, 4, ... first.
    high = [os.dup2(s.fileno(), 100 + i) for i, s in enumerate(sockets)]
    for i, descriptor in enumerate(high):
        os.dup2(descriptor, 3 + i)
        os.close(descriptor)
    os.closerange(3 + len(sockets), 100)
    os.environ["LISTEN_PID"] = args.p or str(os.getpid())
    os.environ["LISTEN_FDS"] = str(len(sockets))
    os.environ["LISTEN_FDNAMES"] = ":".join(["xcat.socket"] * len(sockets))
    os.execvp(command[0], command)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-p")
    parser.add_argument("-a", action="store_true")
    parser.add_argument("-u", action="store_true")
    parser.add_argument("file")
    parser.add_argument("sockets", nargs="*")
    split = sys.argv.index("--")
    args = parser.parse_args(sys.argv[1:split])

    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    name = args.file + ".notify"
    notify.bind("\0" + name if args.a else name)
    os.environ["NOTIFY_SOCKET"] = "@" + name if args.a else name
    kind = socket.SOCK_DGRAM if args.u else socket.SOCK_STREAM
    sockets = [listening(where, kind) for where in args.sockets]
    if os.fork() == 0:
        for sock in sockets:
            sock.close()
        wait_for_news(notify, args.file)
    run(sockets, args, sys.argv[split + 1:])


main()

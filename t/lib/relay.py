#!/usr/bin/python3
"""A TCP relay on loopback that breaks on demand.

    relay.py SOCKET PORT                relay to 127.0.0.1:PORT, be told what to do at the Unix socket SOCKET
    relay.py -s SOCKET COMMAND          tell it: commands, with ; between them, all done before anything else moves

It stands between an xcat (the client) and its server.  It knows nothing of what it relays: the moments are numbers of
bytes, "up" towards the server and "down" towards the client.

    cut [up|down BYTES]         reset both sides of every connection; now, or after so many bytes more that way
    cuts COUNT MIN MAX SEED     so many cuts, each after MIN to MAX bytes more both ways together, by chance
    sweep up|down FIRST STEP COUNT GAP
                                cut connections by turns: one after GAP bytes more both ways together, the one after it
                                once FIRST bytes of its beginning went that way, and next time STEP more
    stall                       neither read nor accept; what was sent stays in the kernel, and moves again after pass
    blackhole                   read and drop, accept and say nothing.  A connection that lost bytes so is dead for
                                good, and neither side hears of it, not even after pass
    forget client|server        reset that side of every connection and do not tell the other, which is dead from then
    bury                        tell it
    refuse                      refuse new connections
    delay MS                    each way
    split BYTES                 write no more than so many at a time
    throttle up|down RATE       bytes per second
    pass                        end stall, blackhole, refuse, delay, split and throttle
    count                       answer: connections so far, those now, bytes up, bytes down, cuts so far

What happens is printed, a line each: "listening PORT", "connection N", "closed N by WHO", "cut N", "cuts done".
"""

import collections
import random
import selectors
import socket
import struct
import sys
import time

ROOM = 256 << 10                # bytes held for one direction of a connection
CHUNK = 65536


def say(*words):
    print(*words, flush=True)


def reset(sock):
    """Close with a RST rather than a FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    sock.close()


def listen():
    """A port that the kernel chose, but bound by number: it then stays ours while nobody listens there."""
    with socket.socket() as chosen:
        sock = socket.socket()
        for s in chosen, sock:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        chosen.bind(('127.0.0.1', 0))
        sock.bind(chosen.getsockname())
    sock.listen(64)
    return sock


class Way:
    """One direction of a connection."""

    def __init__(self, name, src, dst):
        self.name, self.src, self.dst = name, src, dst
        self.queue = collections.deque()        # (when it may go, bytes)
        self.held = 0                           # bytes therein
        self.eof = False                        # nothing more comes
        self.over = False                       # and that was passed on

    def take(self, data, due):
        self.queue.append((due, data))
        self.held += len(data)

    def shorten(self, sent):
        """The first so many bytes of the first piece are gone."""
        due, data = self.queue.popleft()
        self.held -= sent
        if sent < len(data):
            self.queue.appendleft((due, data[sent:]))


class Pair:
    """A connection: the client's side and the server's, either of which may be forgotten."""

    def __init__(self, number, client, server):
        self.number = number
        self.side = {'client': client, 'server': server}
        self.ways = [Way('up', client, server), Way('down', server, client)]
        self.dead = False               # lost bytes or a side: goes nowhere any more
        self.moved = {'up': 0, 'down': 0}


class Relay:
    def __init__(self, control, port):
        self.target = ('127.0.0.1', port)
        self.pairs = []
        self.connections = self.cut_count = 0
        self.bytes = {'up': 0, 'down': 0}
        self.after = {'up': None, 'down': None, 'any': None}    # bytes until a cut
        self.chance = None              # (cuts left, least, most, generator)
        self.sweep = None               # [way, next, step, left, gap]
        self.victim = None              # the connection that a sweep cuts at its beginning
        self.at_pass()
        self.control = socket.socket(socket.AF_UNIX)
        self.control.bind(control)
        self.control.listen(5)
        self.listener = listen()
        self.listening = True
        say('listening', self.listener.getsockname()[1])

    def at_pass(self):
        self.stalled = self.black = False
        self.delayed, self.piece = 0, CHUNK
        self.rate = {'up': 0, 'down': 0}
        self.free = {'up': 0, 'down': 0}        # when the rate allows the next bytes

    # --- commands ---------------------------------------------------------------

    def obey(self, line):
        answer = ''
        for command in line.split(';'):
            name, *args = command.split()
            args = [int(a) if a.isdigit() else a for a in args]
            answer += getattr(self, 'do_' + name)(*args) or ''
        return answer

    def do_cut(self, way=None, after=0):
        if way:
            self.after[way] = after
        else:
            self.cut(self.pairs)

    def do_cuts(self, count, least, most, seed):
        self.chance = [count, least, most, random.Random(seed)]
        self.next_chance()

    def do_sweep(self, way, first, step, count, gap):
        self.sweep = [way, first, step, count, gap]
        self.after['any'] = gap

    def do_stall(self):
        self.stalled = True

    def do_blackhole(self):
        self.black = True

    def do_forget(self, who):
        for pair in self.pairs:
            sock = pair.side[who]
            if sock:
                reset(sock)
                pair.side[who] = None
                pair.dead = True
                say('forgot', pair.number)

    def do_bury(self):
        for pair in [p for p in self.pairs if p.dead and None in p.side.values()]:
            self.drop(pair)

    def do_refuse(self):
        if self.listening:              # it keeps its port
            self.listener.shutdown(socket.SHUT_RD)
            self.listening = False

    def do_delay(self, ms):
        self.delayed = ms / 1000

    def do_split(self, count):
        self.piece = count

    def do_throttle(self, way, rate):
        self.rate[way] = rate

    def do_pass(self):
        self.at_pass()
        if not self.listening:
            self.listener.listen(64)
            self.listening = True

    def do_count(self):
        return '%d %d %d %d %d' % (self.connections, sum(not p.dead for p in self.pairs), self.bytes['up'],
                                   self.bytes['down'], self.cut_count)

    # --- cuts -------------------------------------------------------------------

    def cut(self, pairs):
        for pair in list(pairs):
            self.drop(pair)
        self.cut_count += 1
        say('cut', self.cut_count)

    def drop(self, pair):
        for sock in pair.side.values():
            if sock:
                reset(sock)
        self.remove(pair)

    def remove(self, pair):
        self.pairs.remove(pair)
        if self.victim is pair:         # ended before its time: it is to be the next one
            self.victim = 'next'

    def next_chance(self):
        count, least, most, generator = self.chance
        if count == 0:
            self.chance = None
            say('cuts done')
            return
        self.chance[0] -= 1
        self.after['any'] = generator.randint(least, most)

    def next_sweep(self):
        """A connection of a sweep has been cut: the long ones and those cut early take turns."""
        way, now, step, count, gap = self.sweep
        if self.victim is None:
            self.victim = 'next'
            return
        self.victim = None
        if count == 1:
            self.sweep = None
            say('cuts done')
        else:
            self.sweep = [way, now + step, step, count - 1, gap]
            self.after['any'] = gap

    def allowed(self, pair, way):
        """How many bytes may go before there is a cut."""
        left = [self.piece]
        left += [n for n in (self.after[way.name], self.after['any']) if n is not None]
        if self.victim is pair and self.sweep[0] == way.name:
            left.append(self.sweep[1] - pair.moved[way.name])
        return max(0, min(left))

    def moved(self, pair, way, count):
        """So many bytes went.  Cut if that was the last one allowed; says whether."""
        self.bytes[way.name] += count
        pair.moved[way.name] += count
        due = False
        for name in way.name, 'any':
            if self.after[name] is not None:
                self.after[name] -= count
                if self.after[name] <= 0:
                    self.after[name] = None
                    due = True
        if self.victim is pair and self.sweep[0] == way.name and pair.moved[way.name] >= self.sweep[1]:
            due = True
        if not due:
            return False
        self.cut(self.pairs)
        if self.chance:
            self.next_chance()
        elif self.sweep:
            self.next_sweep()
        return True

    # --- traffic ----------------------------------------------------------------

    def accept(self):
        client = self.listener.accept()[0]
        self.connections += 1
        try:
            server = socket.create_connection(self.target)
        except OSError:                 # as if there were no relay: the server is not there
            reset(client)
            say('connection', self.connections, 'no server')
            return
        for sock in client, server:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = Pair(self.connections, client, server)
        pair.dead = self.black
        self.pairs.append(pair)
        if self.victim == 'next':
            self.victim = pair
        say('connection', self.connections)

    def read(self, pair, way):
        try:
            data = way.src.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = None
        if pair.dead or self.black:
            self.bury(pair, way, data)
        elif data:
            way.take(data, time.monotonic() + self.delayed)
        elif data == b'':
            way.eof = True
        else:
            self.ended(pair, way)

    def bury(self, pair, way, data):
        """Bytes into the black hole; if one side has gone, the other does not hear of it."""
        pair.dead = True
        if not data:
            who = 'client' if way.name == 'up' else 'server'
            pair.side[who].close()
            pair.side[who] = None
            if not any(pair.side.values()):
                self.remove(pair)
            say('closed', pair.number, 'by', who)

    def ended(self, pair, way):
        say('closed', pair.number, 'by', 'client' if way.name == 'up' else 'server')
        self.drop(pair)

    def write(self, pair, way):
        _, data = way.queue[0]
        count = self.allowed(pair, way)
        rate = self.rate[way.name]
        if rate:
            count = min(count, max(1, rate // 20))
        try:
            count = way.dst.send(data[:count]) if count else 0
        except BlockingIOError:
            return
        except OSError:
            self.ended(pair, way)
            return
        if rate:
            self.free[way.name] = max(self.free[way.name], time.monotonic()) + count / rate
        way.shorten(count)
        self.moved(pair, way, count)

    def finish(self, pair, way):
        """Pass on the end of one direction; that of both is the end."""
        way.over = True
        try:
            way.dst.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        if all(w.over for w in pair.ways):
            say('closed', pair.number, 'by', 'client' if way.name == 'down' else 'server')
            for sock in pair.side.values():
                sock.close()
            self.remove(pair)

    def interest(self, selector, now):
        """What to wait for, and how long."""
        wake = None

        def later(when):
            nonlocal wake
            wake = when if wake is None else min(wake, when)

        wanted = collections.defaultdict(lambda: [0, []])
        if self.listening and not self.stalled:
            wanted[self.listener] = [selectors.EVENT_READ, [self.accept]]
        wanted[self.control] = [selectors.EVENT_READ, [self.command]]
        for pair in self.pairs:
            for way in pair.ways:
                if self.stalled:
                    continue
                hole = pair.dead or self.black          # which takes everything
                if way.src in pair.side.values() and not way.eof and (way.held < ROOM or hole):
                    wanted[way.src][0] |= selectors.EVENT_READ
                    wanted[way.src][1].append((selectors.EVENT_READ, pair, way))
                if pair.dead or self.black or not way.queue:
                    continue
                due = max(way.queue[0][0], self.free[way.name])
                if due > now:
                    later(due)
                else:
                    wanted[way.dst][0] |= selectors.EVENT_WRITE
                    wanted[way.dst][1].append((selectors.EVENT_WRITE, pair, way))
        for sock, (events, what) in wanted.items():
            selector.register(sock, events, what)
        return None if wake is None else max(0, wake - now)

    def command(self):
        with self.control.accept()[0] as sock:
            line = sock.makefile().readline()
            try:
                answer = self.obey(line)
            except (AttributeError, TypeError, ValueError, KeyError) as e:
                answer = 'error: %s' % e
            sock.sendall((answer + '\n').encode())

    def step(self):
        with selectors.SelectSelector() as selector:
            timeout = self.interest(selector, time.monotonic())
            ready = selector.select(timeout)
        for key, events in ready:
            for what in key.data:
                if callable(what):
                    what()
                    continue
                event, pair, way = what
                if pair not in self.pairs or not events & event or None in pair.side.values() and not pair.dead:
                    continue
                if event == selectors.EVENT_READ:
                    if way.src in pair.side.values():
                        self.read(pair, way)
                elif not pair.dead and way.queue:
                    self.write(pair, way)
        for pair in list(self.pairs):
            for way in pair.ways:
                if way.eof and not way.queue and not way.over and not pair.dead and pair in self.pairs:
                    self.finish(pair, way)


def tell(path, command):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        sock.sendall((command + '\n').encode())
        answer = sock.makefile().read().strip()
    if answer:
        print(answer)
    return answer.startswith('error')


def main():
    if sys.argv[1] == '-s':
        sys.exit(tell(sys.argv[2], ' '.join(sys.argv[3:])))
    relay = Relay(sys.argv[1], int(sys.argv[2]))
    while True:
        relay.step()


if __name__ == '__main__':
    main()

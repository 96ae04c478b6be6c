#!/usr/bin/python3
"""keyless.py: a caller that offers sessions and never finishes them.

    keyless.py [options] JID [service] ...

A stream is opened for each service ("-" is none), -n times each.  Once all are
answered, "answered" and the conditions are printed, one for each, and then, for
each stream that was accepted, after how many seconds it was closed.
"""
import asyncio
import base64
import hashlib
import ssl
import time

import slixpeer

IBB = 'http://jabber.org/protocol/ibb'


def client_hello(about):
    digest = hashlib.sha256(b''.join(s.encode() + b'\0' for s in about))
    name = 'xcat:0:' + base64.b64encode(digest.digest()).decode()[:43]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols([name])
    out = ssl.MemoryBIO()
    session = context.wrap_bio(ssl.MemoryBIO(), out)
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return base64.b64encode(out.read()).decode()


class Keyless(slixpeer.Peer):
    def __init__(self, opt):
        super().__init__(opt)
        self.answers, self.closed, self.wanted = {}, {}, {}
        self.all, self.over = asyncio.Event(), asyncio.Event()
        self.add_filter('in', self.take)

    def take(self, stanza):
        sid = stanza.xml.get('id')
        close = stanza.xml.find('{%s}close' % IBB)
        if close is not None:
            self.closed[close.get('sid')] = time.monotonic() - self.since
            self.send_raw(f"<iq type='result' id='{sid}' "
                          f"to='{self.opt.peer}'/>")
        elif sid in self.wanted:
            error = stanza.xml.find('{jabber:client}error')
            self.answers[sid] = 'accepted' if error is None else \
                error[0].tag.partition('}')[2]
            if self.answers.keys() == self.wanted:
                self.all.set()
        else:
            return stanza
        accepted = [s for s, a in self.answers.items() if a == 'accepted']
        if self.all.is_set() and set(accepted) <= self.closed.keys():
            self.over.set()
        return None

    def open(self, sid, service):
        host, _, port = '' if service == '-' else service, None, ''
        hello = client_hello([sid, str(self.boundjid), self.opt.peer,
                              host, port])
        child = self.opt.child or \
            f"<session xmlns='urn:xcat:0'>{hello}</session>"
        tcp = "xmlns:t='http://prosody.im/protocol/tcpproxy'"
        named = f" {tcp} t:host='{host}'" if host else ''
        self.send_raw(f"<iq type='set' id='{sid}' to='{self.opt.peer}'>"
                      f"<open xmlns='{IBB}' sid='{sid}' block-size='4096'"
                      f"{named}>{child}</open></iq>")

    async def converse(self):
        await self.log_in()
        services = (self.opt.service or ['-']) * self.opt.times
        self.wanted = {f's{n}' for n in range(len(services))}
        self.since = time.monotonic()
        for n, service in enumerate(services):
            self.open(f's{n}', service)
        await self.all.wait()
        print('answered', *sorted(set(self.answers.values())), flush=True)
        await self.over.wait()
        print('closed', *(f'{s:.1f}' for s in self.closed.values()),
              flush=True)


def main():
    p = slixpeer.parser()
    p.add_argument('-n', dest='times', type=int, default=1)
    p.add_argument('-x', dest='child', metavar='XML',
                   help='in the place of the session')
    p.add_argument('-w', dest='seconds', type=float, default=40)
    p.add_argument('peer')
    p.add_argument('service', nargs='*')
    slixpeer.run(Keyless(p.parse_args()))


if __name__ == '__main__':
    main()

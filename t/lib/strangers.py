#!/usr/bin/python3
"""strangers.py: what an address answers to a stranger: a line for each probe.

    strangers.py [options] JID

Every kind of stanza that a listener acts upon is sent to JID, and some that
nothing knows.  The answers are printed whole, but for JID, as TARGET, so that
those of two addresses can be compared; the order of attributes and children,
which servers choose at random, is the alphabet's.  What becomes of a message
for an absent resource is each server's own choice (it may keep it): answers to
messages go to standard error, but for those of a groupchat, which it is to
refuse (RFC 6121 section 8.5.3.2.1).  All iq requests have to be answered.
"""
import asyncio
import sys

from xml.sax.saxutils import escape

import slixpeer

DISCO = 'http://jabber.org/protocol/disco'
IBB = "xmlns='http://jabber.org/protocol/ibb'"
S5B = "xmlns='http://jabber.org/protocol/bytestreams'"
XCAT = "xmlns='urn:xcat:0'"
SI = ("<si xmlns='http://jabber.org/protocol/si' id='si1' profile="
      "'http://jabber.org/protocol/si/profile/file-transfer'><file xmlns="
      "'http://jabber.org/protocol/si/profile/file-transfer' name='a' "
      "size='3'/><feature xmlns='http://jabber.org/protocol/feature-neg'>"
      "<x xmlns='jabber:x:data' type='form'><field var='stream-method' "
      "type='list-single'><option><value>http://jabber.org/protocol/ibb"
      "</value></option></field></x></feature></si>")
OPEN = f"<open {IBB} sid='s1' block-size='4096'"
JINGLE = ("<jingle xmlns='urn:xmpp:jingle:1' action='session-%s' sid='j1'/>")

PROBES = [
    ('get', f"<query xmlns='{DISCO}#info'/>"),
    ('get', f"<query xmlns='{DISCO}#info' node='n'/>"),
    ('get', f"<query xmlns='{DISCO}#items'/>"),
    ('set', f"<query xmlns='{DISCO}#info'/>"),
    ('get', "<ping xmlns='urn:xmpp:ping'/>"),
    ('set', "<ping xmlns='urn:xmpp:ping'/>"),
    ('get', "<query xmlns='jabber:iq:version'/>"),
    ('get', "<query xmlns='jabber:iq:last'/>"),
    ('get', "<time xmlns='urn:xmpp:time'/>"),
    ('set', "<query xmlns='jabber:iq:roster'><item jid='a@b.c' "
            "subscription='both'/></query>"),
    ('set', OPEN + '/>'),
    ('set', OPEN + " stanza='message'/>"),
    ('set', OPEN + f"><session {XCAT}>AAAA</session></open>"),
    ('set', OPEN + f"><plain {XCAT}/></open>"),
    ('set', f"<open {IBB} block-size='0'/>"),
    ('get', f"<open {IBB} sid='s1' block-size='4096'/>"),
    ('set', f"<data {IBB} sid='s1' seq='0'>AAAA</data>"),
    ('set', f"<data {IBB} sid='s1' seq='0'>!</data>"),
    ('set', f"<data {IBB}/>"),
    ('set', f"<close {IBB} sid='s1'/>"),
    ('get', f"<close {IBB} sid='s1'/>"),
    ('set', f"<junk {IBB}/>"),
    ('set', f"<sync {XCAT} sid='s1' got='0' sent='0'/>"),
    ('set', f"<sync {XCAT}/>"),
    ('set', f"<closed {XCAT} sid='s1'/>"),
    ('set', f"<wire {XCAT} sid='s1'/>"),
    ('set', f"<junk {XCAT}/>"),
    ('set', SI),
    ('set', "<si xmlns='http://jabber.org/protocol/si' id='si1'/>"),
    ('set', f"<query {S5B} sid='s2'><streamhost jid='a@b.c/d' "
            "host='127.0.0.1' port='9'/></query>"),
    ('set', f"<query {S5B} sid='s2'/>"),
    ('get', f"<query {S5B}/>"),
    ('set', "<query xmlns='jabber:iq:oob'><url>http://127.0.0.1:9/</url>"
            "</query>"),
    ('set', "<query xmlns='jabber:iq:oob'/>"),
    ('set', JINGLE % 'initiate'),
    ('set', JINGLE % 'terminate'),
    ('set', "<x xmlns='urn:example:unknown'>words</x>"),
    ('result', ''),
    ('error', "<error type='cancel'><gone xmlns="
              "'urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"),
    ('message', '<body>words</body>'),
    ('message chat', '<body>words</body>'),
    ('message headline', '<body>words</body>'),
    ('message groupchat', '<body>words</body>'),
    ('message error', '<body>words</body>'),
    ('message', f"<data {IBB} sid='s1' seq='0'>AAAA</data>"),
    ('message', f"<close {IBB} sid='s1'/>"),
    ('message', f"<junk {IBB}/>"),
    ('message', "<x xmlns='jabber:x:oob'><url>http://127.0.0.1:9/</url></x>"),
    ('presence probe', ''),
    ('presence', ''),
    # an answer to this one comes behind those to what is above
    ('get', "<query xmlns='urn:example:last'/>"),
]


def plain(e):
    inside = [escape(e.text or '')] + sorted(plain(c) for c in e)
    attrs = [f' {k}="{escape(v)}"' for k, v in sorted(e.items())]
    return f'<{e.tag}{"".join(attrs)}>{"".join(inside)}</>'


LANG = '{http://www.w3.org/XML/1998/namespace}lang'
UNSURE = ('message', 'message chat', 'message headline')


class Stranger(slixpeer.Peer):
    def __init__(self, opt):
        super().__init__(opt)
        self.answers = {}
        self.all = asyncio.Event()
        self.asked = {f'p{n}' for n, (kind, _) in enumerate(PROBES)
                      if kind in ('get', 'set')}
        self.add_filter('in', self.take)

    def take(self, stanza):
        if str(stanza['from']) == self.opt.peer and \
                stanza.xml.get('id', '').startswith('p'):
            if self.opt.no_lang:
                stanza.xml.attrib.pop(LANG, None)
            self.answers.setdefault(stanza.xml.get('id'), []).append(
                plain(stanza.xml).replace(self.opt.peer, 'TARGET'))
            if self.asked <= self.answers.keys():
                self.all.set()
            return None
        return stanza

    async def converse(self):
        await self.log_in()
        for n, (kind, child) in enumerate(PROBES):
            word, _, kind_of = kind.partition(' ')
            if word not in ('message', 'presence'):
                word, kind_of = 'iq', kind
            typed = f" type='{kind_of}'" if kind_of else ''
            self.send_raw(f"<{word} to='{self.opt.peer}' id='p{n}'{typed}>"
                          f"{child}</{word}>")
        try:
            await asyncio.wait_for(self.all.wait(), 15)
        finally:
            for n, (kind, child) in enumerate(PROBES):
                out = sys.stderr if kind in UNSURE else sys.stdout
                for answer in self.answers.get(f'p{n}', ['silence']):
                    print(n, kind, child, answer, sep='\n    ', file=out)


def main():
    p = slixpeer.parser()
    p.add_argument('-w', dest='seconds', type=float, default=40)
    p.add_argument('-l', dest='no_lang', action='store_true',
                   help='leave out the language of the answers')
    p.add_argument('peer')
    slixpeer.run(Stranger(p.parse_args()))


if __name__ == '__main__':
    main()

#!/usr/bin/python3 -B
"""Stanzas from where they should not come, or that make no sense."""

import contextlib
import html

import signal
import sys

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import *
from fakerun import *

# --- 19 to 22: stanzas -------------------------------------------------------

# Who is not PEER, however alike.
OTHERS = (EVIL, 'peer@example.test', 'peer@example.test/other', 'peer@example.test/XCAT',
          'peer@example.test.evil.test/xcat', 'example.test', ACCOUNT, '')


@case(stdin=b'ping', out=b'pong')
def _19_open_answered_by_others(s):
    s.login()
    e = s.opening()
    for frm in OTHERS:
        for kind in 'result', 'error':
            s.send(s.iq(kind, '' if kind == 'result' else s.error('service-unavailable'), frm, e.get('id')))
    quiet(s, carries('data'))
    s.answer(e)
    s.take(4)
    s.data(b'pong')
    s.close()


@case(stdin=b'ping', out=b'pong', roles=BOTH)
def _19_data_refused_by_others(s):
    s.stream()
    e = s.arrive()
    for frm in OTHERS:
        s.send(s.iq('error', s.error('item-not-found'), frm, e.get('id')))
    ping(s)
    s.answer(e)
    s.data(b'pong')
    s.close()


@case(BROKEN, stdin=b'ping', roles=BOTH)
def _19_data_answered_by_others(s):
    """A forged answer confirms nothing."""
    s.stream()
    s.confirmed = 0
    e = s.arrive()
    for frm in OTHERS:
        s.send(s.iq('result', '', frm, e.get('id')))
    ping(s)
    s.answer(e, 'item-not-found')


@case(args='-N', stdin=b'ping', eof=True)
def _19_close_answered_by_others(s):
    s.stream()
    s.take(4)
    e = s.wanted('close')
    for frm in OTHERS:
        s.send(s.iq('error', s.error('service-unavailable'), frm, e.get('id')))
    ping(s)
    s.answer(e)


@case(roles='listen')
def _19_bind_answered_by_others(s):
    """The line that says how to reach it shows which answer it believed."""
    s.login(bind=lambda id, jid: s.bind_result(id, 'alice@evil.test/x', EVIL) +
            "<iq type='error' id='%s' from='%s'>%s</iq>" % (id, PEER, s.error('conflict')) + s.bind_result(id, jid))
    check(s.ask(s.open()) == 'result', 'refuses a proper stream')
    s.close()


@case(stdin=b'ping', out=b'pong')
def _19_same_jid_otherwise_spelled(s):
    """After preparation it is the peer all the same."""
    s.login()
    s.answer(s.opening(), frm='Peer@EXAMPLE.test/xcat')
    s.take(4)
    s.data(b'pong')
    s.close()


@case(stdin=b'pingping', out=b'pong', roles=BOTH, args='-b 4')
def _20_answered_twice(s):
    s.login()
    if s.listen:
        check(s.ask(s.open(block=4)) == 'result', 'refuses a proper stream')
        s.block = 4
    else:
        e = s.opening()
        s.answer(e)
        s.answer(e)
        s.answer(e, 'service-unavailable')
    for _ in range(2):
        e = s.arrive()
        s.answer(e)
        s.answer(e)
        s.answer(e, 'item-not-found')
    s.data(b'pong')
    s.close()


@case(BROKEN, stdin=b'pingpingping', roles=BOTH, args='-b 4')
def _20_answered_twice_counts_once(s):
    s.block = 4
    s.stream()
    for _ in range(2):
        e = s.arrive()
        s.answer(e)
        s.answer(e)
    s.confirmed = 8
    s.answer(s.arrive(), 'item-not-found')


@case(out=b'pong', roles=BOTH)
def _20_answers_to_nothing(s):
    s.stream()
    for kind in 'result', 'error':
        for body in '', s.error('service-unavailable'), s.open('s9'), s.block_of(b'evil', 0), s.closing():
            s.send(s.iq(kind, body))
    n = len(s.seen)
    quiet(s, lambda e: e.get('type') == 'error', n)
    s.data(b'pong')
    s.close()


def contact(jid, subscription='both'):
    return "<item jid='%s' subscription='%s'/>" % (jid, subscription)


def roster(*items):
    return '<query%s>%s</query>' % (ns(ROSTER), ''.join(items))


@case(out=b'pong', roles=BOTH)
def _21_roster_push_by_others(s):
    s.stream()
    for frm in EVIL, PEER, DOMAIN, 'alice@example.test.evil.test':
        s.send(s.iq('set', roster(contact(EVIL)), frm, 'push'))
        ping(s)
        said = [e.get('type') for e in s.seen if e.get('id') == 'push']
        check('result' not in said, 'accepts a roster push from ' + frm)
    s.data(b'pong')
    s.close()


@case(out=b'pong', roles=BOTH)
def _21_roster_push_by_own_server(s):
    s.stream()
    for frm in '', ACCOUNT:
        s.send(s.iq('set', roster(contact(EVIL)), frm))
    ping(s)
    s.data(b'pong')
    s.close()


@case(-signal.SIGTERM, roles='listen', args='-k -a @roster', notes=None)
def _21_roster_decides_who_may_call(s):
    """As the server has it, and nobody else."""
    bob, carol, dave, erin = (name + '@example.test' for name in ('bob', 'carol', 'dave', 'erin'))
    s.roster = contact(bob) + contact(carol, 'from') + contact(dave, 'to') + contact(erin, 'none')
    s.login()
    ping(s)

    def admitted(who):
        said = s.ask(s.open('s1'), who + '/x')
        if said == 'result':
            check(s.ask(s.closing('s1'), who + '/x') == 'result', 'refuses a close')
        return said
    for who in bob, carol:
        check(admitted(who) == 'result', 'refuses ' + who)
    for who in dave, erin, 'mallory@evil.test':
        check(admitted(who) == 'service-unavailable', 'admits ' + who)
    for frm in EVIL, PEER, DOMAIN:
        s.send(s.iq('set', roster(contact('mallory@evil.test')), frm))
        s.send(s.iq('result', roster(contact('mallory@evil.test')), frm))
        s.send(s.iq('set', roster(contact(bob, 'remove')), frm))
    s.send(s.iq('result', roster(contact('mallory@evil.test')), ''))
    check(admitted('mallory@evil.test') == 'service-unavailable', 'believes a foreign roster push')
    check(admitted(bob) == 'result', 'believes a foreign roster push')
    check(s.ask(roster(contact(dave)), '') == 'result', 'refuses a roster push of its own server')
    check(s.ask(roster(contact(bob, 'remove')), ACCOUNT) == 'result', 'refuses a roster push of its own server')
    check(admitted(dave) == 'result', 'does not learn whom to admit')
    check(admitted(bob) == 'service-unavailable', 'does not learn whom to refuse')
    s.signal(signal.SIGTERM)


@case(-signal.SIGTERM, roles='listen', args='-k -a @roster', notes=None)
def _21_roster_of_20000(s):
    """An answer of 2 MB; the first and the last are in it, and after a relogin those that it still names."""
    def who(n):
        return 'somebody-with-a-long-name-%d@a-domain-that-has-a-long-name.example.test' % n

    def admitted(n):
        return s.ask(s.open('s1'), who(n) + '/x') == 'result' and s.ask(s.closing('s1'), who(n) + '/x') == 'result'
    s.roster = ''.join(map(contact, map(who, range(20000))))
    s.login()
    ping(s)
    for n in 0, 10000, 19999:
        check(admitted(n), 'refuses contact %d' % n)
    check(not admitted(20000), 'admits a stranger')
    s.roster = ''.join(map(contact, map(who, range(1, 20000))))
    s.drop('rst')
    s.available = False
    s.login()
    ping(s)
    check(admitted(19999), 'refuses a contact that stayed')
    check(not admitted(0), 'admits a contact that went')
    s.signal(signal.SIGTERM)


@case(NETWORK, roles='listen', args='-k -a @roster', listening=None, says='gives no roster')
def _21_roster_with_an_item_too_large(s):
    """What cannot be taken is no roster."""
    s.roster = contact('bob@example.test') + "<item jid='x'>" + 'x' * 2000000 + '</item>'
    s.login()
    with s.refused():
        s.reply('never')


def wrapped(s, frm, what, form):
    inner = "<message xmlns='jabber:client' from='%s' to='%s'>%s</message>" % (s.peer, s.me, what)
    forwarded = "<forwarded xmlns='urn:xmpp:forward:0'>%s</forwarded>" % inner
    return "<message from='%s' to='%s'>%s</message>" % (frm, s.me, {
        'received': "<received xmlns='urn:xmpp:carbons:2'>%s</received>" % forwarded,
        'sent': "<sent xmlns='urn:xmpp:carbons:2'>%s</sent>" % forwarded,
        'archived': "<result xmlns='urn:xmpp:mam:2' id='1'>%s</result>" % forwarded,
        'forwarded': forwarded, 'bare': inner}[form])


for mode in '', '-m':
    @case(of='with' * bool(mode) + mode, out=b'pong', args=mode)
    def _21_carbons(s):
        s.stream()
        message = s.got(MESSAGE)
        for form in 'received', 'sent', 'archived', 'forwarded', 'bare':
            for frm in EVIL, ACCOUNT, PEER:
                for seq in 0, 1:
                    s.send(wrapped(s, frm, s.block_of(b'evil', seq), form))
        quiet(s, lambda e: e.tag == MESSAGE and e not in message)
        if mode:
            s.send("<message from='%s' to='%s'>%s</message>" % (s.peer, s.me, s.block_of(b'pong')))
        else:
            s.data(b'pong')
        s.close()


@case(out=b'pong', roles=BOTH)
def _22_unknown_request(s):
    s.stream()
    for frm in DOMAIN, ACCOUNT, s.peer, EVIL, '':
        for kind in 'get', 'set':
            for body in ("<query xmlns='jabber:iq:private'/>", "<x xmlns='urn:unknown'><y/>text</x>",
                         "<ping xmlns='urn:evil'/>"):
                said = s.ask(body, frm, kind)
                check(said == 'service-unavailable', 'answers %s' % said)
    s.data(b'pong')
    s.close()


@case(out=b'pong', roles=BOTH)
def _22_malformed_requests(s):
    """Whatever they are answered with, nothing else is disturbed, and an error is never answered."""
    s.stream()
    for stanza in ("<iq type='get' id='a'/>", "<iq type='set' id='a'/>", "<iq/>", "<iq type='get'><x xmlns='y'/></iq>",
                   "<iq type='odd' id='a'><x xmlns='y'/></iq>", "<iq id='a'><x xmlns='y'/></iq>",
                   "<iq type='set' id='a'>text</iq>", "<iq type='set' id='a'><x xmlns='y'/><z xmlns='y'/></iq>",
                   "<iq type='set' id='' from='%s'><x xmlns='y'/></iq>" % EVIL,
                   "<iq type='get' id='a' from='@@//'><x xmlns='y'/></iq>",
                   "<iq type='get' id='a' from=''><x xmlns='y'/></iq>",
                   "<iq type='get' id='a' from='%s'><x xmlns='y'/></iq>" % ('a' * 5000 + '@b'),
                   "<iq type='get' id='%s' from='%s'><x xmlns='y'/></iq>" % ('i' * 50000, EVIL),
                   "<iq type='get' id='&lt;&quot;&apos;&amp;&#10;\u202e' from='%s'><x xmlns='y'/></iq>" % EVIL,
                   "<iq type='error' id='a' from='%s'><open%s sid='s7' block-size='9'/></iq>" % (s.peer, ns(IBB)),
                   "<presence type='subscribe' from='%s'/>" % EVIL, "<presence type='probe' from='%s'/>" % EVIL,
                   "<presence type='odd'/>", "<message type='odd'/>", "<message type='error' from='%s'/>" % s.peer,
                   "<x xmlns='urn:unknown'/>", "<iq xmlns='jabber:server' type='get' id='a'><x xmlns='y'/></iq>",
                   "<r xmlns='urn:xmpp:sm:3'/>"):
        s.send(stanza)
    ping(s)
    quiet(s, lambda e: e.tag == CLIENT + 'presence' and e.get('type') in ('subscribed', 'unsubscribed'))
    check(not [e for e in s.seen if e.get('type') == 'error' and e.get('id') == 'a' and e.get('to') == s.peer],
          'answers an error')
    s.data(b'pong')
    s.close()


@case(out=b'pong', roles=BOTH)
def _22_flood_of_requests(s):
    s.stream()
    for n in range(10):
        ids = ['q%d' % i for i in range(n * 100, n * 100 + 100)]
        s.send(''.join(s.iq('get', "<x xmlns='urn:unknown'/>", DOMAIN, id) for id in ids))
        for id in ids:
            check(condition(s.reply(id, DOMAIN)) == 'service-unavailable', 'answers otherwise')
    s.data(b'pong')
    s.close()


@case(roles=BOTH)
def _g_disco_info(s):
    s.stream()
    id = s.id()
    s.send(s.iq('get', "<query xmlns='http://jabber.org/protocol/disco#info'/>", s.peer, id))
    query = s.reply(id)[0]
    disco = '{http://jabber.org/protocol/disco#info}'
    check(query.find(disco + 'identity') is not None, 'has no identity')
    features = [e.get('var') for e in query.iter(disco + 'feature')]
    wanted = [disco, PING] + [IBB] * s.listen       # a caller takes no streams
    check({x.strip('{}') for x in wanted} <= set(features), 'features: %s' % features)
    s.close()


@case(out=b'pong', roles=BOTH)
def _g_smuggled_stanzas(s):
    """Only the stream's children are stanzas, and only those of the right name space."""
    s.stream()
    evil = s.iq('set', s.block_of(b'evil', 0), id='evil')
    for outer in ('<message>%s</message>', '<presence>%s</presence>', "<iq type='result' id='x'>%s</iq>",
                  "<message><body>%s</body></message>", "<x xmlns='urn:evil' xmlns:c='jabber:client'>%s</x>",
                  "<stream:features>%s</stream:features>", HEADER % 7 + '%s</stream:stream>'):
        for inner in evil, prefixed(evil):
            s.send(outer % inner)
    for stanza in (evil.replace('<iq ', "<iq xmlns='urn:evil' "), evil.replace('<iq ', "<iq xmlns='jabber:server' "),
                   evil.replace('<iq ', "<iq xmlns='' "), evil.replace('iq', 'Iq'), evil.replace('iq', 'stream:iq'),
                   "<message>&lt;/message&gt;%s</message>" % evil.replace('<', '&lt;')):
        s.send(stanza)
    quiet(s, lambda e: e.get('id') == 'evil')
    s.data(b'pong')
    s.close()


for sep in ' ', '|', '^', '#', '}', '{', '!', '&#9;', '&#10;', '&#13;', '\u00ff':
    @case({0, BROKEN}, of='U+%04X' % ord(html.unescape(sep)), out=None)
    def _g_name_space_separator(s, sep=sep):
        """CVE-2022-25236: a separator within a name space is an error or means nothing."""
        s.stream()
        with contextlib.suppress(Gone):
            for name, space in (('x', 'jabber:client%siq'), ('iq', '%sjabber:client'), ('iq', 'jabber:client%s')):
                s.send("<%s xmlns='%s' type='get' id='evil' from='%s'><ping%s/></%s>" % (
                    name, space % sep, s.peer, ns(PING), name))
            ping(s)
            s.close()
        check(not any(e.get('id') == 'evil' for e in s.seen), 'takes it for a stanza')


@case(out=b'pong', roles=BOTH)
def _g_child_of_other_name_space(s):
    s.stream()
    for body in s.block_of(b'evil', 0), s.closing(), s.open('s2'):
        said = s.ask(body.replace('protocol/ibb', 'protocol/ibbx'))
        check(said == 'service-unavailable', 'answers %s' % said)
    s.data(b'pong')
    s.close()


sys.exit(main())

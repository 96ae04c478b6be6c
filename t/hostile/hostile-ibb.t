#!/usr/bin/python3 -B
"""Peers that break the bytestream, and whatever else breaks it."""

import contextlib
import os
import signal
import socket
import sys
import time
import xml.etree.ElementTree as ET

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import *
from fakerun import *

# --- 23 to 29: the bytestream ------------------------------------------------

THIRD = (EVIL, 'alice@example.test/third', 'peer@example.test/third', 'peer@example.test', ACCOUNT, DOMAIN)


@case(stdin=b'ping', out=b'onetwo', roles=BOTH)
def _23_data_from_a_third(s):
    s.stream()
    s.data(b'one')
    for frm in THIRD:
        # a listener admits its own account, a caller its peer's account, too; to others they look absent
        stranger = frm == EVIL or (s.listen and frm.startswith('peer@'))
        for body in s.block_of(b'evil', 1), s.block_of(b'evil', 0), s.closing():
            said = s.ask(body, frm)
            check(said == ('service-unavailable' if stranger else 'item-not-found'), 'answers %s' % said)
    s.take(4)
    s.data(b'two')
    s.close()


@case(out=b'onetwo', roles=BOTH, notes=None)
def _23_open_by_a_third_with_the_same_sid(s):
    s.stream()
    s.data(b'one')
    for frm in EVIL, ACCOUNT + '/third':
        said = s.ask(s.open(s.sid), frm)
        check(said != 'result', 'accepts a second stream')
        s.ask(s.block_of(b'evil', 0), frm)
        s.ask(s.block_of(b'evil', 1), frm)
        s.ask(s.closing(), frm)
    s.data(b'two')
    s.close()


@case(out=b'onetwo', roles=BOTH)
def _23_unknown_sid(s):
    s.stream()
    s.data(b'one')
    for sid in 'nonesuch', s.sid + 'x', s.sid[:-1] or 'y', s.sid.swapcase() + '_':
        for body in s.block_of(b'evil', 1, sid), s.closing(sid):
            check(s.ask(body) == 'item-not-found', 'accepts another sid')
    for body in ("<data%s seq='1'>ZXZpbA==</data>" % ns(IBB), "<close%s/>" % ns(IBB), "<close%s sid=''/>" % ns(IBB)):
        check(s.ask(body) in ('item-not-found', 'bad-request'), 'accepts no sid')
    check(s.ask("<data%s sid='%s' seq='1'>ZXZpbA==</data>" % (ns(IBB), s.sid), kind='get') != 'result', 'accepts a get')
    s.data(b'two')
    s.close()


def breaks(name, body, expected, roles=BOTH, block=4096, first=b'one', **how):
    """The peer sends data that breaks the stream."""
    def script(s):
        if s.listen:
            s.block = block
        s.stream()
        s.data(first)
        said = s.ask(body(s))
        check(said in expected, 'answers %s' % said)
        s.closed()
    add(name, script, BROKEN, roles, out=first, **how)


for name, seq in (('skipped', 2), ('repeated', 0), ('far', 32768), ('last', 65535)):
    breaks('24_seq_' + name, lambda s, seq=seq: s.block_of(b'evil', seq), ['unexpected-request'])
for name, seq in (('65536', '65536'), ('65537', '65537'), ('beyond_32_bits', '4294967297'),
                  ('beyond_64_bits', '18446744073709551617'), ('negative', '-1'), ('empty', ''), ('word', 'one'),
                  ('sign', '+1'), ('hexadecimal', '0x1'), ('fraction', '1.0')):
    breaks('24_seq_' + name, lambda s, seq=seq: s.block_of(b'evil', seq), ['unexpected-request', 'bad-request'])
breaks('24_seq_missing', lambda s: s.block_of(b'evil', 1).replace(" seq='1'", ''),
       ['unexpected-request', 'bad-request'])


@case(out=b'.' * 65540, roles='listen', seconds=300)
def _24_seq_wraps(s):
    s.stream()
    for n in range(0, 65540, 635):
        ids = ['d%d' % i for i in range(n, min(65540, n + 635))]
        s.send(''.join(s.iq('set', s.block_of(b'.'), id=id) for id in ids))
        s.results(ids)
        s.seen.clear()
    s.close()


@case(BROKEN, out=b'.' * 65538, roles='listen', seconds=300)
def _24_seq_that_does_not_wrap(s):      # as that of TCP-over-XMPP; only with the right number
    s.stream()
    for n in range(0, 65536, 1024):
        ids = ['d%d' % i for i in range(n, n + 1024)]
        s.send(''.join(s.iq('set', s.block_of(b'.'), id=id) for id in ids))
        s.results(ids)
        s.seen.clear()
    s.data(b'.')
    check(s.ask(s.block_of(b'.', 65537)) == 'result', 'refuses 65537 for 1')
    check(s.ask(s.block_of(b'.', 131074)) in ('unexpected-request', 'bad-request'), 'takes 131074 for 2')
    s.closed()


@case(stdin=os.urandom(16 * 65540), args='-b 16 -s', eof=True, seconds=300)
def _24_own_seq_wraps(s):
    s.stream()
    check(s.block == 16, 'block-size %d' % s.block)
    s.take_many(16 * 65540)
    s.closed()


for name, text in (
        ('alphabet', 'b25l!A=='), ('url', 'b25-_A=='), ('inner_padding', 'bw==bw=='), ('padding_first', '=b25'),
        ('too_much_padding', 'bw===='), ('three_padding', 'b==='), ('no_padding', 'bw'), ('one_letter', 'b'),
        ('short_padding', 'bw='), ('trailing_bits', 'bx=='), ('trailing_bits_of_two', 'b2/='),
        ('only_padding', '===='), ('not_ascii', 'b25\u00e9'), ('wide', '\uff22\uff22\uff22\uff22'),
        ('no_break_space', 'b25l\u00a0'), ('reference', 'b25l&amp;')):
    breaks('25_base64_' + name, lambda s, text=text: s.block_of(text, 1), ['bad-request'])


@case(out=b'one, two, three', roles=BOTH)
def _25_white_space_is_none(s):
    s.stream()
    for text in 'b25l\nLCA=', '\n  dHdv\r\n\tLCA=&#13;&#10;', ' d Ghy\nZWU &#9;=\n':
        check(s.ask(s.block_of(text)) == 'result', 'refuses base64 with white space')
    s.close()


for block, size, roles in ((4096, 4097, BOTH), (4096, 60000, BOTH), (4096, 700000, BOTH), (1, 2, 'listen'),
                           (100, 101, 'listen'), (65535, 65537, 'listen')):
    breaks('26_block_%d_data_%d' % (block, size), lambda s, size=size: s.block_of(b'x' * size, 1), ['bad-request'],
           roles, block, b'1', args='-b %d' % max(block, 4096))


@case(out=b'x' * 4096, roles=BOTH)
def _26_block_exactly_full(s):
    s.stream()
    s.data(b'x' * s.block)
    s.close()


def opens(name, bodies, expected, notes=0, args=''):
    """The peer opens in ways that are refused; then properly."""
    def script(s):
        s.login()
        for body in bodies:
            said = s.ask(body)
            check(said in expected, '%s is answered %s' % (body, said))
        check(s.ask(s.open()) == 'result', 'refuses a proper stream')
        s.data(b'pong')
        s.close()
    add(name, script, roles='listen', out=b'pong', notes=notes, args=args)


opens('26_open_block_size', [Fake.open(block=b) for b in ('', '0', '65536', '-1', 'x', '+16', '4294967312')] +
      ["<open%s sid='s1'/>" % ns(IBB)], ['bad-request'], None)
opens('26_open_too_large', [Fake.open(block=b) for b in (4097, 65535)], ['resource-constraint'], None, '-b 4096')
opens('26_open_sid', [Fake.open(''), "<open%s block-size='4096'/>" % ns(IBB)], ['bad-request'], None)
opens('26_open_stanza', [Fake.open(more=" stanza='presence'")],
      ['bad-request', 'not-acceptable', 'feature-not-implemented'], None)


@case(roles=BOTH, out=b'onetwo', notes=None)
def _27_second_open(s):
    s.stream()
    s.data(b'one')
    for sid in s.sid, 'another':
        said = s.ask(s.open(sid))
        check(said not in ('result', None), 'accepts a second stream')
    s.data(b'two')
    s.close()


def fill(s):
    """Send until the pipe behind xcat is full: the answers to the rest are withheld, pings are answered."""
    ids = ['d%d' % i for i in range(40)]
    for id in ids:
        s.send(s.iq('set', s.block_of(b'x' * 4096), id=id))
    s.waiting.append(s.next(lambda e: e.get('id') == ids[0]))
    ping(s)
    done = len([e for e in s.seen if e.get('id') in ids])
    check(done < len(ids), 'answers data that it has not written')
    check(done, 'answers no data')
    return ids


@case(roles=BOTH, stdout='pipe', out=b'x' * 163840)
def _28_close_while_output_pends(s):
    s.stream()
    ids = fill(s)
    s.send(s.iq('set', s.closing(), id='last'))
    ping(s)
    check(not any(e.get('id') == 'last' for e in s.seen), 'confirms the close before its output is written')
    s.drain()
    for id in ids + ['last']:
        check(condition(s.reply(id)) == 'result', 'refuses ' + id)
    order = [e.get('id') for e in s.seen if e.get('id') in ids + ['last']]
    check(order[-1] == 'last', 'confirms the close before the data')


@case(LOCAL, roles=BOTH, stdout='pipe')
def _28_close_while_output_pends_and_fails(s):
    s.stream()
    ids = fill(s)
    s.send(s.iq('set', s.closing(), id='last'))
    ping(s)
    os.close(s.pipe)
    s.end()
    check(len([e for e in s.seen if e.get('id') in ids and e.get('type') == 'result']) < len(ids),
          'confirms data that it has lost')


@case(BROKEN, roles=BOTH, stdin=b'pingping', args='-b 4')
def _28_close_while_own_data_is_unanswered(s):
    """A peer that has closed takes no more, which it says when it comes to the next block."""
    s.block = 4
    s.stream()
    s.answer(s.arrive())
    s.confirmed = 4
    e = s.arrive()
    s.send(s.iq('set', s.closing()))
    s.answer(e, 'item-not-found')


@case({TIMEOUT, BROKEN}, roles=BOTH, stdin=b'pingping', args='-b 4 -w 1')
def _28_close_while_own_data_is_never_answered(s):
    """No progress in the time of -w, and blocks that a close has swallowed: both are found after a second."""
    s.block = 4
    s.stream()
    s.answer(s.arrive())
    s.confirmed = 4
    s.arrive()
    s.send(s.iq('set', s.closing()))


@case(BROKEN, roles=BOTH, stdout='pipe', out=b'x' * 163840)
def _30_server_vanishes_while_output_pends(s):
    """What has come is written all the same, however slowly."""
    s.stream()
    fill(s)
    s.drop()
    time.sleep(0.3)
    s.drain()


@case(roles=BOTH, stdin=b'ping', out=b'one')
def _28_answered_at_last_and_closed(s):
    s.stream()
    e = s.arrive()
    s.data(b'one')
    s.answer(e)
    s.close()


@case(args='-N', stdin=b'ping', eof=True)
def _28_both_close_at_once(s):
    s.stream()
    s.take(4)
    e = s.wanted('close')
    s.send(s.iq('set', s.closing(), id='mine'))
    s.answer(e)
    s.end()
    said = [condition(e) for e in s.seen if e.get('id') == 'mine']
    check(said in (['result'], ['item-not-found']), 'answers the peer\'s close with %s' % said)


@case(args='-N', stdin=b'ping', eof=True)
def _28_close_refused(s):
    """The peer has closed already and forgotten: all data is confirmed, so all is well."""
    s.stream()
    s.take(4)
    s.answer(s.wanted('close'), 'item-not-found')


def flood(s, block):
    end, s.until = s.until, time.monotonic() + 3
    with contextlib.suppress(Gone, Fault):
        for _ in range(25000):
            s.send(block())
    s.until = time.monotonic() + 1
    with contextlib.suppress(Gone, Fault):
        s.end()
    s.peak()
    s.until = end
    s.signal(signal.SIGKILL)


@case({BROKEN, -signal.SIGKILL}, roles=BOTH, stdout='pipe', out=None)
def _28_flood_without_credit(s):
    """Bounded memory when a peer waits for no answer: the stream is broken off, or nothing is read any more."""
    s.stream()
    flood(s, lambda: s.iq('set', s.block_of(b'x' * 4096)))


@case({BROKEN, -signal.SIGKILL}, roles='listen', stdout='pipe', out=None)
def _28_flood_of_messages(s):
    s.login()
    check(s.ask(s.open(more=" stanza='message'")) == 'result', 'refuses messages')
    flood(s, lambda: message(s, None, b'x' * 4096))


@case(roles=BOTH, out=b'one')
def _29_data_after_close(s):
    s.stream()
    s.data(b'one')
    s.send(s.iq('set', s.closing(), id='last') + s.iq('set', s.block_of(b'evil', 1), id='late') +
           s.iq('set', s.closing(), id='again'))
    check(condition(s.reply('last')) == 'result', 'refuses a close')
    check(condition(s.reply('late')) == 'item-not-found', 'accepts data after the close')
    check(condition(s.reply('again')) == 'item-not-found', 'accepts a second close')


@case(-signal.SIGTERM, roles='listen', args='-k', out=b'onetwo', notes=None)
def _29_data_after_close_and_another_stream(s):
    s.stream()
    s.data(b'one')
    s.close()
    check(s.ask(s.block_of(b'evil', 1)) == 'item-not-found', 'accepts data after the close')
    check(s.ask(s.closing()) == 'item-not-found', 'accepts a second close')
    s.sid, s.out = 's2', 0
    check(s.ask(s.open('s2')) == 'result', 'refuses the next stream')
    s.data(b'two')
    check(s.ask(s.block_of(b'evil', 1, 's1')) == 'item-not-found', 'accepts data for the old stream')
    s.close()
    check(s.ask(s.open('s1')) == 'result', 'refuses a sid that is free again')
    check(s.ask(s.closing('s1')) == 'result', 'refuses a close')
    s.signal(signal.SIGTERM)


@case(-signal.SIGTERM, roles='listen', args='-k', out=b'onetwo', notes=None)
def _24_listener_survives_a_broken_stream(s):
    s.stream()
    s.data(b'one')
    check(s.ask(s.block_of(b'evil', 7)) == 'unexpected-request', 'accepts a skipped block')
    s.closed()
    s.sid, s.out = 's2', 0
    check(s.ask(s.open('s2')) == 'result', 'refuses the next stream')
    s.data(b'two')
    s.close()
    s.signal(signal.SIGTERM)


# --- 30, 31, 33: the stream, the peer or the server fails --------------------

for name in ('service-unavailable', 'recipient-unavailable', 'item-not-found', 'remote-server-timeout',
             'remote-server-not-found', 'not-acceptable', 'unexpected-request', 'bad-request', 'internal-server-error',
             None):
    @case(BROKEN, of=name, roles=BOTH, stdin=b'pingping', args='-b 4', out=b'one')
    def _30_data_refused(s, name=name):
        s.block = 4
        s.stream()
        s.data(b'one')
        s.answer(s.arrive())
        s.confirmed = 4
        e = s.arrive()
        if name:
            s.answer(e, name)
        else:
            s.send(s.iq('error', '', id=e.get('id')))


@case(BROKEN, roles=BOTH, stdin=b'pingping')
def _30_stanza_comes_back_with_its_error(s):
    s.stream()
    e = s.arrive()
    s.confirmed = 0
    s.answer(e, 'service-unavailable', more=s.block_of(b'pingping', 0))


@case(BROKEN, roles=BOTH, stdin=b'pingpi', args='-b 4')
def _30_answers_out_of_order(s):
    """Two bytes are confirmed, or none in sequence, but never the first four."""
    s.block = 4
    s.stream()
    first, second = s.arrive(), s.arrive()
    s.confirmed = '0|2'
    s.answer(second)
    s.answer(first, 'item-not-found')


@case(TIMEOUT, roles=BOTH, stdin=b'ping', args='-w 3', out=b'one')
def _30_data_never_answered(s):
    s.stream()
    s.data(b'one')
    s.arrive()
    s.confirmed = 0


@case(TIMEOUT, args='-w 3')
def _30_open_never_answered(s):
    s.login()
    s.opening()


@case(TIMEOUT, args='-N -w 3', stdin=b'ping', eof=True)
def _30_close_never_answered(s):
    s.stream()
    s.take(4)
    s.wanted('close')


for step in range(8):
    @case(TIMEOUT, of=step, args='-w 3')
    def _30_server_stalls(s, step=step):
        steps = [s.accept, lambda: s.named(STREAM + 'stream'), lambda: s.send(PROLOG + HEADER % 1),
                 lambda: s.send('<stream:features>' + STARTTLS + '</stream:features>'), s.proceed, s.tls,
                 lambda: s.hello(s.mechanisms(MECHANISMS)), lambda: s.named(SASL + 'auth')]
        for do in steps[:step + 1]:
            do()
        s.stall()


@case(TIMEOUT, args='-w 3', direct=True)
def _30_server_stalls_in_tls(s):
    s.accept()
    s.stall()


REFUSALS = ('service-unavailable', 'not-acceptable', 'feature-not-implemented', 'item-not-found', 'forbidden',
            'not-allowed', 'not-authorized', 'bad-request', 'recipient-unavailable', 'remote-server-not-found',
            'remote-server-timeout', 'resource-constraint', 'subscription-required', 'gone', 'internal-server-error')

for name in REFUSALS:
    @case(REFUSED, of=name)
    def _g_open_refused(s, name=name):
        s.login()
        with s.refused():
            for _ in range(40):             # resource-constraint: it may try smaller blocks, a few times
                s.answer(s.opening(), name)

for name, body in (('nothing', ''), ('no_condition', "<error type='cancel'/>"),
                   ('unknown_condition', "<error type='cancel'><x%s/></error>" % ns(STANZAS)),
                   ('text', "<error type='cancel'><forbidden%s/><text%s>go\u202e away&#10;xcat: no\u009b31m</text>"
                    '</error>' % (ns(STANZAS), ns(STANZAS)))):
    @case(REFUSED, of=name)
    def _g_open_refused_with(s, body=body):
        s.login()
        s.send(s.iq('error', body, id=s.opening().get('id')))


def evil_name(account):
    """What would recolour a terminal, turn the line around, and begin another one."""
    return account + '/\u009b31m\u202e\u2066&#10;xcat: all is well'


@case(out=b'one', roles='listen', notes=1)
def _g_name_of_a_stranger(s):
    s.login()
    check(s.ask(s.open('evil'), evil_name('mallory@example.test')) == 'service-unavailable', 'admits a stranger')
    s.begin()
    s.data(b'one')
    s.close()


@case(out=b'one', roles='listen', args='-v', notes=None)
def _g_name_of_a_caller(s):
    s.login()
    s.peer = evil_name(ACCOUNT)
    s.begin()
    s.data(b'one')
    s.close()


@case(REFUSED)
def _g_open_comes_back_with_its_error(s):
    """ejabberd returns the <open/>, which is not a peer's."""
    s.login()
    e = s.opening()
    s.answer(e, 'service-unavailable', more=s.open(s.sid))


@case(stdin=b'x' * 5000, out=b'pong')
def _g_open_again_with_smaller_blocks(s):
    s.login()
    e = s.opening()
    size = s.block
    s.answer(e, 'resource-constraint', kind='modify')
    e = s.opening()
    check(s.block < size, 'tries again with %d' % s.block)
    s.answer(e)
    s.take(5000)
    s.data(b'pong')
    s.close()


@case({0, BROKEN}, roles=BOTH, stdin=b'ping', out=None)
def _31_acknowledged_too_much(s):
    """Comes alive once xcat manages streams (XEP-0198)."""
    s.secure()
    s.hello(s.mechanisms(MECHANISMS))
    s.sasl()
    s.hello(BINDING + '<sm%s/>' % ns(SM))
    s.bind()
    if s.listen:
        s.until_available()
        check(s.ask(s.open()) == 'result', 'refuses a proper stream')
    else:
        s.answer(s.opening())
    s.arrive()
    if not s.got(SM + 'enable'):
        s.skip = 'no stream management'
        s.signal(signal.SIGKILL)
        return
    s.send('<enabled%s/><a%s h="9999"/>' % (ns(SM), ns(SM)))
    with s.refused():
        ping(s)
    s.status = BROKEN
    check(any('handled-count-too-high' in ET.tostring(e).decode() for e in s.got(STREAM + 'error')), 'does not say why')


def stream_error(name, more=''):
    return "<stream:error><%s xmlns='urn:ietf:params:xml:ns:xmpp-streams'>%s</%s></stream:error></stream:stream>" % (
        name, more, name)


def nobody_calls_again(s):
    s.listener.settimeout(0.3)
    with contextlib.suppress(TimeoutError):
        s.listener.accept()
        raise Fault('connects again')


for name in 'policy-violation', 'conflict', 'system-shutdown', 'not-authorized', 'strange':
    def script(s, name=name):
        s.stream()
        s.take(4)
        s.confirmed = 4
        s.data(b'one')
        s.send(stream_error(name))
        s.end()
        nobody_calls_again(s)
    add('33_' + name, script, BROKEN, roles=BOTH, stdin=b'ping', out=b'one')

    def script(s, name=name):
        s.secure()
        s.send(s.header() + stream_error(name))
        s.end()
        nobody_calls_again(s)
    add('33_%s_before_login' % name, script, AUTH if name == 'conflict' else NETWORK)


@case(BROKEN, roles=BOTH, out=b'onetwo')
def _33_data_before_the_error(s):
    s.stream()
    s.data(b'one')
    s.send(s.iq('set', s.block_of(b'two')) + stream_error('policy-violation'))
    s.drop()


@case(BROKEN, roles=BOTH)
def _33_error_with_text(s):
    s.stream()
    s.send("<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
           "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>too\u202e much\u009b31m&#10;xcat: all is well</text>"
           "</stream:error></stream:stream>")


@case(NETWORK)
def _33_see_other_host_in_the_clear(s):
    """Not followed, as anybody on the way may have said it."""
    with socket.create_server(('127.0.0.1', 0)) as other:
        s.accept()
        s.send(s.header() + stream_error('see-other-host', '127.0.0.1:%d' % other.getsockname()[1]))
        s.end()
        other.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            other.accept()
            raise Fault('is redirected before TLS')


# --- 40: standard output -----------------------------------------------------

def lost(s):
    """A block cannot be written, which xcat may also notice before it comes."""
    with contextlib.suppress(Gone):
        s.send(s.iq('set', s.block_of(b'evil'), id='lost'))
    s.end()
    check(not [e for e in s.seen if e.get('id') == 'lost' and e.get('type') == 'result'], 'confirms what is lost')
    check([e for e in s.seen if e.get('type') == 'set' and e[0].tag == IBB + 'close'], 'does not close the stream')


@case(LOCAL, roles=BOTH, stdout='/dev/full', says='space')
def _40_no_space(s):
    s.stream()
    lost(s)


@case(LOCAL, roles=BOTH, stdout='pipe')
def _40_no_reader(s):
    s.stream()
    os.close(s.pipe)
    lost(s)


@case(LOCAL, roles=BOTH, stdout='pipe')
def _40_reader_leaves(s):
    s.stream()
    s.data(b'one')
    check(os.read(s.pipe, 10) == b'one', 'does not write what it confirms')
    os.close(s.pipe)
    lost(s)


@case(LOCAL, roles=BOTH, stdout='closed')
def _40_no_standard_output(s):
    """Closed from the start; the payload must not end up in whatever has its descriptor now."""
    if not s.starts():                  # which is as good
        return
    s.stream()
    lost(s)


for sig in signal.SIGTERM, signal.SIGINT:
    @case(-sig, of=sig.name, roles=BOTH, stdin=b'ping', out=b'one', notes=None)
    def _g_signal(s, sig=sig):
        s.stream()
        s.take(4)
        s.data(b'one')
        s.signal(sig)
        s.closed()


# --- who may open ------------------------------------------------------------

STRANGERS = (EVIL, PEER, 'alice@evil.test/other', 'alice@example.test.evil.test/x', 'xalice@example.test/x',
             'bob@evil.test/b', 'bob@example.test.evil.test/b', 'evil.test/bob@example.test', DOMAIN)


@case(roles='listen', args='-a bob@example.test', out=b'pong', notes=None)
def _g_stranger(s):
    """Answered as if nothing listened."""
    s.login()

    def raw(body, frm):
        s.send(s.iq('set', body, frm, 'same'))
        return ET.tostring(s.reply('same', frm))
    for frm in STRANGERS:
        answer = raw(s.open(), frm)
        check(b'service-unavailable' in answer, 'answers %s' % answer)
        check(answer == raw("<open xmlns='urn:unknown'/>", frm), 'shows that it listens')
    s.peer = 'bob@example.test/anything'
    check(s.ask(s.open()) == 'result', 'refuses who is allowed')
    s.data(b'pong')
    s.close()


@case(REFUSED, roles='call')
def _g_own_account_refused(s):
    """A listener's answer to a stranger, seen from the other side."""
    s.login()
    s.answer(s.opening(), 'service-unavailable')


# --- messages ----------------------------------------------------------------

def message(s, seq, payload=b'evil', frm=None):
    return "<message from='%s' to='%s'>%s</message>" % (frm or s.peer, s.me, s.block_of(payload, seq))


@case(args='-m', stdin=b'ping', out=b'pong')
def _ok_messages(s):
    s.login()
    e = s.opening()
    check(e[0].get('stanza') == 'message', 'asks for %s' % e[0].get('stanza'))
    s.answer(e)
    data = s.next(lambda e: e.tag == MESSAGE)
    check(data.get('to') == PEER and data.find(IBB + 'data').text == b64(b'ping'), 'sends something else')
    s.send(message(s, 0, b'pong'))
    s.close()


@case(roles='listen', out=b'pong')
def _ok_messages_accepted(s):
    s.login()
    check(s.ask(s.open(more=" stanza='message'")) == 'result', 'refuses messages')
    s.send(message(s, 0, b'po') + message(s, 1, b'ng'))
    s.close()


@case(BROKEN, roles='listen', out=b'one')
def _24_message_out_of_order(s):
    s.login()
    check(s.ask(s.open(more=" stanza='message'")) == 'result', 'refuses messages')
    s.send(message(s, 0, b'one') + message(s, 2))
    s.closed()


@case(BROKEN, args='-m', stdin=b'ping')
def _30_message_comes_back(s):
    s.login()
    s.answer(s.opening())
    e = s.next(lambda e: e.tag == MESSAGE)
    s.send("<message type='error' id='%s' from='%s' to='%s'>%s</message>" % (
        e.get('id') or '', PEER, s.me, s.error('service-unavailable', more=s.block_of(b'ping', 0))))


@case(args='-m', out=b'pong')
def _23_messages_from_a_third(s):
    s.login()
    s.answer(s.opening())
    for frm in THIRD:
        s.send(message(s, 0, frm=frm))
        s.send("<message type='error' from='%s' to='%s'>%s</message>" % (
            frm, s.me, s.error('gone', more=s.block_of(b'x', 0))))
    ping(s)
    s.send(message(s, 0, b'pong'))
    s.close()


sys.exit(main())

#!/usr/bin/python3 -B
"""Hostile XML, in every state of the session; and odd XML that is none of that."""

import base64
import contextlib
import re
import signal
import sys
import time

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import *
from fakerun import *

# --- 13 to 17: XML -----------------------------------------------------------

LAUGHS = "<!DOCTYPE x [<!ENTITY a '%s'>" % ('ha' * 50) + ''.join(
    "<!ENTITY %s '%s'>" % (chr(b), ('&%s;' % chr(b - 1)) * 20) for b in range(98, 106)) + ']>'

# What may stand before a stream header, and must not.
PROLOGS = (
    ('13_doctype', '<!DOCTYPE stream>'),
    ('13_entity', "<!DOCTYPE stream [<!ENTITY version '1.0'>]>"),
    ('13_external', "<!DOCTYPE stream SYSTEM 'file:///etc/passwd'>"),
    ('13_parameter', "<!DOCTYPE stream [<!ENTITY % x SYSTEM 'file:///etc/passwd'> %x;]>"),
    ('13_laughs', LAUGHS),
    ('14_instruction', "<?evil do?>"),
    ('14_comment', '<!-- evil -->'))

# What may not come in a stream.
FORBIDDEN = (
    ('13_doctype', b'<!DOCTYPE x>'),
    ('13_entity', b'<message><body>&lol;</body></message>'),
    ('13_entity_in_attribute', b"<message id='&lol;'/>"),
    ('14_instruction', b'<?evil do?>'),
    ('14_instruction_within', b'<message><?evil do?></message>'),
    ('14_declaration', b"<?xml version='1.0'?>"),
    ('14_comment', b'<!-- evil -->'),
    ('14_comment_within', b'<message><!-- evil --></message>'),
    ('15_invalid', b'<message><body>\xff</body></message>'),
    ('15_latin1', b'<message><body>\xe9</body></message>'),
    ('15_overlong', b'<message><body>\xc0\x80</body></message>'),
    ('15_overlong_slash', b"<message id='\xe0\x80\xaf'/>"),
    ('15_surrogate', b'<message><body>\xed\xa0\x80\xed\xb0\x80</body></message>'),
    ('15_beyond_unicode', b'<message><body>\xf4\x90\x80\x80</body></message>'),
    ('15_truncated', b"<message id='\xc3'/>"),
    ('15_truncated_name', b'<a\xc3/>'),
    ('15_truncated_name_space', b'<message xmlns="urn:\xc3"/>'),
    ('15_noncharacter', b'<message><body>\xef\xbf\xbf</body></message>'),
    ('15_control', b'<message><body>\x01</body></message>'),
    ('15_nul', b'<message><body>\x00</body></message>'),
    ('16_nul', b'<message><body>&#0;</body></message>'),
    ('16_surrogate', b'<message><body>&#xD800;</body></message>'),
    ('16_surrogate_in_attribute', b"<message id='&#xDFFF;'/>"),
    ('16_control', b'<message><body>&#x1;</body></message>'),
    ('16_noncharacter', b'<message><body>&#xFFFE;</body></message>'),
    ('16_beyond_unicode', b'<message><body>&#x110000;</body></message>'),
    ('16_overflow', b'<message><body>&#4294967361;</body></message>'),
    ('g_xml_mismatched', b'<message></iq>'),
    ('g_xml_unquoted', b'<message id=x/>'),
    ('g_xml_attribute_twice', b"<message id='1' id='2'/>"),
    ('g_xml_attribute_twice_by_name_space', b"<message xmlns:a='urn:u' xmlns:b='urn:u' a:x='' b:x=''/>"),
    ('g_xml_unbound_prefix', b'<foo:message/>'),
    ('g_xml_unbound_attribute', b"<message foo:x=''/>"),
    ('g_xml_rebound_xml', b"<message xmlns:xml='urn:evil'/>"),
    ('g_xml_tag_in_attribute', b"<message id='<'/>"),
    ('g_xml_section_end', b'<message><body>]]></body></message>'),
    ('g_xml_end_tag', b'</message>'),
    ('g_xml_nonsense', b'<<>>'))


def restricted(s):
    """RFC 6120, 11.1."""
    said = [e[0].tag.rpartition('}')[2] for e in s.got(STREAM + 'error')]
    check(said == ['restricted-xml'], 'says %s, not restricted-xml' % said)


def comes_back(s):
    """Nothing is lost yet, and the server may do better next time."""
    check(s.starts(), 'does not come back')
    s.signal(signal.SIGTERM)


for name, raw in PROLOGS:
    raw = PROLOG + raw + HEADER % 1

    def before_tls(s, raw=raw):
        s.accept()
        s.named(STREAM + 'stream')
        s.send(raw + '<stream:features>' + STARTTLS + '</stream:features>')
        with s.refused():
            s.named(TLS + 'starttls')

    def before_sasl(s, raw=raw):
        s.secure()
        s.named(STREAM + 'stream')
        s.send(raw + '<stream:features>' + s.mechanisms(MECHANISMS) + '</stream:features>')
        with s.refused():
            s.named(SASL + 'auth')

    def before_bind(s, raw=raw):
        s.secure()
        s.hello(s.mechanisms(MECHANISMS))
        s.sasl()
        s.named(STREAM + 'stream')
        s.send(raw + '<stream:features>' + BINDING + '</stream:features>')
        with s.refused():
            s.bind()
    for where in before_tls, before_sasl, before_bind:
        add(name + '_' + where.__name__, where, NETWORK)

for name, raw in FORBIDDEN:
    def before_tls(s, raw=raw):
        s.accept()
        s.send(s.header().encode() + raw + b'<stream:features>' + STARTTLS.encode() + b'</stream:features>')
        with s.refused():
            s.named(TLS + 'starttls')

    def before_sasl(s, raw=raw):
        s.secure()
        s.send(s.header().encode() + b'<stream:features>' + raw + s.mechanisms(MECHANISMS).encode() +
               b'</stream:features>')
        with s.refused():
            s.named(SASL + 'auth')

    def before_stream(s, raw=raw):
        s.login()
        if not s.listen:
            s.opening()
        s.send(raw)
        with s.refused():
            ping(s)
        comes_back(s)

    def in_stream(s, raw=raw, name=name):
        s.stream()
        s.data(b'one')
        s.send(s.iq('set', s.block_of(b'two')).encode() + raw + s.iq('set', s.block_of(b'three')).encode())
        with s.refused():
            ping(s)
        if re.match('14_[ic]', name):       # no parser can tell the rest from a plain mistake
            restricted(s)
    add(name + '_before_tls', before_tls, NETWORK)
    add(name + '_before_sasl', before_sasl, NETWORK)
    add(name + '_before_stream', before_stream, -signal.SIGTERM, roles=BOTH, notes=None)
    add(name + '_in_stream', in_stream, BROKEN, roles=BOTH, out=b'onetwo')


@case(NETWORK)
def _15_encoding_declared(s):
    """UTF-8 whatever the declaration says (RFC 6120, 11.6)."""
    s.accept()
    s.send(s.header().replace('?>', " encoding='ISO-8859-1'?>", 1).encode() + b"<x xmlns='urn:\xe9'/>"
           b'<stream:features>' + STARTTLS.encode() + b'</stream:features>')
    with s.refused():
        s.named(TLS + 'starttls')


@case(NETWORK)
def _15_utf16(s):
    s.accept()
    s.send((s.header() + '<stream:features>' + STARTTLS + '</stream:features>').encode('utf-16'))
    with s.refused():
        s.named(TLS + 'starttls')


for name, header in (
        ('html', '<html><body>'),
        ('http', 'HTTP/1.1 400 Bad Request\r\n\r\n'),
        ('other_name_space', (PROLOG + HEADER % 1).replace('etherx.jabber.org', 'evil.test')),
        ('other_element', (PROLOG + HEADER % 1).replace('<stream:stream', '<stream:steam')),
        ('end', PROLOG + HEADER % 1 + '</stream:stream>'),
        ('host_unknown', PROLOG + HEADER % 1 + '<stream:error><host-unknown '
         "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>")):
    def script(s, header=header):
        s.accept()
        s.named(STREAM + 'stream')
        s.send(header)
        with s.refused():
            s.send('<stream:features>' + STARTTLS + '</stream:features>')
            s.named(TLS + 'starttls')
    add('g_stream_header_' + name, script, NETWORK)


def chunks(text, size=1 << 16):
    return [text[i:i + size] for i in range(0, len(text), size)]


HUGE = (
    ('text', ["<message><body>"] + ['x' * 65536] * 64 + ['</body></message>']),
    ('attribute', ["<message id='"] + ['x' * 65536] * 64 + ["'/>"]),
    ('name', ["<m"] + ['x' * 65536] * 64 + ["/>"]),
    ('spaces_in_tag', ["<message "] + [' ' * 65536] * 64 + ["/>"]),
    ('children', ['<message>'] + ['<a/>' * 16384] * 64 + ['</message>']),
    ('siblings_named', ['<message>'] + ["<a xmlns='urn:b' c='d'/>" * 3000] * 60 + ['</message>']),
    ('references', ['<message>'] + ['&lt;' * 16384] * 64 + ['</message>']),
    ('depth', chunks('<a>' * 10000 + '</a>' * 10000)),
    ('depth_in_stanza', chunks('<message>' + '<a>' * 10000 + '</a>' * 10000 + '</message>')),
    ('attributes_200', ['<message ' + ' '.join("a%d=''" % i for i in range(200)) + '/>']),
    ('attributes_20000', chunks('<message ' + ' '.join("a%d=''" % i for i in range(20000)) + '/>')))

# Of these no end can be found without keeping all: they are single tags.
ENDLESS = ('attribute', 'name', 'spaces_in_tag')

for name, parts in HUGE:
    def before_tls(s, parts=parts):
        s.accept()
        with s.refused():
            s.send(s.header() + '<stream:features>')
            for part in parts:
                s.send(part)
            s.send(STARTTLS + '</stream:features>')
            s.named(TLS + 'starttls')

    def in_stream(s, parts=parts):
        s.stream()
        s.data(b'one')
        with s.refused():
            for part in parts:
                s.send(part)
            ping(s)
    def skipped(s, parts=parts):
        s.stream()
        s.data(b'one')
        for part in parts:
            s.send(part)
        ping(s)
        s.data(b'two')
        s.close()
    add('17_%s_before_tls' % name, before_tls, NETWORK)
    if name in ENDLESS:
        add('17_%s_in_stream' % name, in_stream, BROKEN, roles=BOTH, out=b'one')
    else:
        add('17_%s_in_stream' % name, skipped, roles=BOTH, out=b'onetwo')


def deep(s, frm, kind, what='x', id='big'):
    """A stanza over a limit, in the middle of which others would be."""
    s.send("<iq type='%s' id='%s' to='%s' from='%s'><%s xmlns='urn:x'>%s%s</%s></iq>" % (
        kind, id, s.me, frm, what, '<a>' * 100, '</a>' * 100, what))


@case(roles=BOTH, out=b'pong')
def _17_request_that_is_skipped(s):
    """It is refused: with the answer that its sender gets to everything, if it may not call."""
    s.stream()
    for kind in 'get', 'set':
        for frm, want in (s.peer, 'policy-violation' if s.listen else 'service-unavailable'), (EVIL, 'service-unavailable'):
            id = s.id()
            deep(s, frm, kind, id=id)
            said = condition(s.reply(id, frm))
            check(said == want, 'answers %s with %s' % (frm, said))
    for kind in 'result', 'error':
        deep(s, s.peer, kind, id='none')
    quiet(s, lambda e: e.get('id') == 'none')
    s.data(b'pong')
    s.close()


@case(-signal.SIGTERM, roles='listen', args='-k -o carrier=ibb', services='cat=!cat', notes=None)
def _17_block_that_is_skipped(s):
    """Its stream fails alone."""
    s.login()
    for sid in 'one', 'two':
        check(s.ask(s.open(sid)) == 'result', 'refuses a stream')
    s.send("<iq type='set' id='big' to='%s' from='%s'><data%s sid='one' seq='0'>" % (s.me, s.peer, ns(IBB)))
    for _ in range(20):
        s.send('QUJD' * 16384)
    s.send('</data></iq>')
    check(condition(s.reply('big')) == 'policy-violation', 'takes a block that is too large')
    s.answer(s.wanted('close'))
    check(s.ask(s.block_of(b'one', 0, 'one')) == 'item-not-found', 'takes a block after it has failed')
    check(s.ask(s.block_of(b'two', 0, 'two')) == 'result', 'refuses a block of another stream')
    e = s.wanted('data')
    check(e[0].get('sid') == 'two' and base64.b64decode(e[0].text) == b'two', 'sends something else back')
    s.answer(e)
    s.signal(signal.SIGTERM)

for name, parts in (
        ('900_kB', ['<message><body>'] + ['x' * 45000] * 20 + ['</body></message>']),
        ('attributes_20', ['<message ' + ' '.join("a%d=''" % i for i in range(20)) + '/>']),
        ('depth_20', ['<message>' + '<a>' * 20 + '</a>' * 20 + '</message>']),
        ('spaces_between', [' ' * 65536] * 48),
        ('stanzas_20000', ['<message><body>x</body></message>' * 2000] * 10)):
    def script(s, parts=parts):
        s.stream()
        s.data(b'one')
        for part in parts:
            s.send(part)
        ping(s)
        s.data(b'two')
        s.close()
    add('ok_size_' + name, script, roles=BOTH, out=b'onetwo')


@case({0, BROKEN}, roles=BOTH, out=None)
def _17_namespaces_20000(s):
    """Not over any limit that must be; yet memory and time are bounded."""
    s.stream()
    with contextlib.suppress(Gone):
        for _ in range(20):
            for part in chunks('<message ' + ' '.join("xmlns:a%d='u:%d'" % (i, i) for i in range(20000)) + '/>'):
                s.send(part)
        ping(s)
        s.close()


@case(roles=BOTH, out=b'onetwo')
def _17_namespace_that_multiplies(s):
    """A parser would copy it for each attribute: the stanza is skipped, whoever sent it."""
    many = " xmlns:p='%s' %s" % ('x' * 120000, ' '.join("p:a%d=''" % i for i in range(2000)))
    s.stream()
    s.data(b'one')
    for text in '<message%s/>' % many, '<message%s><a>/></a></message>' % many, "<message><a%s/><b c='>'/></message>" % many:
        for part in chunks(text):
            s.send(part)
    id = s.id()
    for part in chunks(s.iq('get', '<a%s/>' % many, EVIL, id)):
        s.send(part)
    check(condition(s.reply(id, EVIL)) == 'service-unavailable', 'does not answer a request that is skipped')
    ping(s)
    s.data(b'two')
    s.close()


# --- 18: any split -----------------------------------------------------------

for direct in False, True:
    @case(of='direct' * direct, roles=BOTH, direct=direct, stdin=b'ping', out=b'hello world')
    def _18_byte_by_byte(s):
        s.bytewise = True
        s.stream()
        s.data(b'hello ')
        s.take(4)
        s.data(b'world')
        s.close()


@case(roles=BOTH, out=b'.' * 200)
def _18_split_anywhere(s):
    """In two at every place, and nothing follows that would push a lazy parser."""
    s.stream()
    for at in range(200):
        id = s.id()
        stanza = s.iq('set', s.block_of(b'.'), id=id)
        at = at * len(stanza) // 200
        s.send(stanza[:at])
        time.sleep(0.001)
        s.send(stanza[at:])
        check(condition(s.reply(id)) == 'result', 'refuses data')
    s.close()


@case(roles=BOTH, out=b'.' * 300)
def _18_all_at_once(s):
    s.stream()
    ids = ['d%d' % i for i in range(300)]
    s.send(''.join(s.iq('set', s.block_of(b'.'), id=id) for id in ids))
    for id in ids:
        check(condition(s.reply(id)) == 'result', 'refuses data')
    s.close()


@case(out=b'one')
def _18_everything_after_open_at_once(s):
    s.login()
    e = s.opening()
    s.send(s.iq('result', '', id=e.get('id')) + s.iq('set', s.block_of(b'one')) + s.iq('set', s.closing(), id='last'))
    check(condition(s.reply('last')) == 'result', 'refuses a close')


sys.exit(main())

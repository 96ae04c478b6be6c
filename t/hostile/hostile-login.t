#!/usr/bin/python3 -B
"""Hostile servers, from the first byte to the end of login."""

import base64
import os
import re
import ssl
import sys
import time
import xml.etree.ElementTree as ET

sys.path.insert(0, sys.path[0] + '/../lib')
from fake import *
from fakerun import *

# --- the twins: all is well, and every variation a server may choose ---------

@case(roles=BOTH, stdin=b'ping', out=b'hello world')
def _ok_both_ways(s):
    s.stream()
    s.data(b'hello ')
    s.take(4)
    s.data(b'world')
    check(s.received == b'ping', 'sends something else')
    s.close()
    s.end()
    check(s.ended, 'leaves without </stream:stream>')
    check(s.notified, 'leaves without close_notify')
    check(s.sni == DOMAIN, 'names another server in TLS: %s' % s.sni)


@case(roles=BOTH, out=b'pong')
def _ok_presence(s):
    """There once it has a resource, for those who name that, not for what people send to the account; gone at the end.  A caller
    tells that to its peer, a listener to its contacts."""
    s.stream()
    s.data(b'pong')
    s.close()
    s.end()
    said = s.got(CLIENT + 'presence')
    to = None if s.listen else PEER
    check([(e.get('to'), e.get('type'), e.findtext(CLIENT + 'priority')) for e in said] ==
          [(to, None, '-1'), (to, 'unavailable', None)], 'is present as %s' % [ET.tostring(e) for e in said])
    here, asked = (next(i for i, e in enumerate(s.seen) if want(e)) for want in (
        lambda e: e is said[0], lambda e: len(e) and e[0].tag == BIND + 'bind'))
    check(here > asked, 'is present before it has a resource')


@case(direct=True, stdin=b'ping', out=b'pong')
def _ok_direct_tls(s):
    s.stream()
    s.take(4)
    s.data(b'pong')
    s.close()
    check(s.sni == DOMAIN, 'names another server in TLS: %s' % s.sni)


@case(direct=True)
def _ok_direct_tls_alpn(s):
    s.stream()
    s.close()
    check(s.alpn == 'xmpp-client', 'offers no protocol in TLS (XEP-0368)')


@case(args='-s', stdin=os.urandom(20000), eof=True)
def _ok_send(s):
    s.stream()
    s.take(20000)
    s.closed()


@case(args='-N', stdin=os.urandom(20000), eof=True)
def _ok_close_after_input(s):
    s.stream()
    s.take(20000)
    s.closed()


@case(roles=BOTH, stdin=b'ping', out=b'pong', args='-vv', loud=True)
def _ok_very_verbose(s):
    s.stream()
    s.take(4)
    s.data(b'pong')
    s.close()


for name, peer in ('prepared', 'PEER@Example.TEST/xcat'), ('without_resource', 'peer@example.test'):
    @case(of=name, peer=peer)
    def _ok_peer(s):
        s.stream()
        s.close()


for mechs in (['SCRAM-SHA-1'], ['SCRAM-SHA-256'], ['SCRAM-SHA-512'], ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'],
              ['PLAIN', 'X-OAUTH2', 'DIGEST-MD5', 'SCRAM-SHA-1']):
    def script(s, mechs=mechs):
        s.login(mechs=mechs)
        check(s.mechanism == [m for m in mechs if 'SCRAM' in m][-1], 'chooses %s' % s.mechanism)
        s.answer(s.opening())
        s.data(b'pong')
        s.close()
    add('ok_mechanisms_' + '_'.join(mechs), script, out=b'pong', args='-vv', loud=True)


for cert in 'good', 'rsa':
    @case(of=cert, out=b'pong', args='-vv', loud=True)
    def _ok_channel_binding(s, cert=cert):
        types = "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'>" \
            "<channel-binding type='tls-server-end-point'/></sasl-channel-binding>"
        s.login(cert, mechs=MECHANISMS + ('SCRAM-SHA-256-PLUS',), features=types)
        check(s.gs2 == 'p=tls-server-end-point', 'does not bind the channel: ' + s.gs2)
        s.answer(s.opening())
        s.data(b'pong')
        s.close()


@case(out=b'pong')
def _ok_channel_binding_not_offered(s):
    """The flag y lets a server detect that somebody has removed its offer."""
    s.login()
    check(s.gs2 == 'y', 'gs2 flag ' + s.gs2)
    s.answer(s.opening())
    s.data(b'pong')
    s.close()


@case(out=b'pong')
def _ok_tls12(s):
    s.secure(version=ssl.TLSVersion.TLSv1_2)
    s.hello(s.mechanisms(MECHANISMS))
    s.sasl()
    s.hello(BINDING)
    s.bind()
    s.answer(s.opening())
    s.data(b'pong')
    s.close()


@case(out=b'pong')
def _ok_features_unknown_and_repeated(s):
    """Features nobody knows, STARTTLS offered again under TLS, a session required."""
    more = "<x xmlns='urn:unknown'><y/></x>" + STARTTLS
    s.accept()
    s.hello(more)
    s.proceed()
    s.tls()
    s.hello(more + s.mechanisms(MECHANISMS) + "<register xmlns='http://jabber.org/features/iq-register'/>")
    s.sasl()
    s.hello(more + BINDING + "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>")
    s.bind()
    s.answer(s.opening())
    check(any(len(e) and 'xmpp-session' in e[0].tag for e in s.seen), 'opens no session where one is required')
    s.data(b'pong')
    s.close()


@case(out=b'pong')
def _ok_other_prefixes(s):
    """The same XML, spelled otherwise: prefixes swapped, quotes, white space, CDATA, references."""
    def header():
        s.named(STREAM + 'stream')
        s.send('<s:stream xmlns:s="http://etherx.jabber.org/streams"\n\txmlns="jabber:client" xml:lang="de"\r\n '
               'from="example.test" id="x&amp;y" version="1.0" >\n  ')
    s.accept()
    header()
    s.send("<s:features><t:starttls xmlns:t='urn:ietf:params:xml:ns:xmpp-tls'></t:starttls></s:features>")
    s.proceed()
    s.tls()
    header()
    s.send("<f:features xmlns:f='http://etherx.jabber.org/streams'>" + s.mechanisms(MECHANISMS) + "</f:features>")
    s.sasl()
    header()
    s.send("<s:features>" + BINDING + "</s:features>")
    s.bind()
    s.answer(s.opening())
    s.send(' \n \t' + prefixed(s.iq('set', s.block_of('<![CDATA[cG]]>&#57;&#x75;'), id='data')) + '\n')
    check(condition(s.reply('data')) == 'result', 'refuses data')
    s.data(b'g')
    s.close()


for frm in DOMAIN, ACCOUNT, None:
    def script(s, frm=frm):
        s.login(bind=lambda id, jid: s.bind_result(id, jid, frm))
        s.answer(s.opening())
        s.close()
    add('ok_bind_result_from_%s' % frm, script)


@case(roles='listen', out=b'pong', listening=ACCOUNT + '/assigned')
def _ok_server_assigns_resource(s):
    def assign(id, jid):
        s.me = ACCOUNT + '/assigned'
        return s.bind_result(id, s.me)
    s.login(bind=assign)
    check(s.ask(s.open()) == 'result', 'refuses a stream to the JID it was given')
    s.data(b'pong')
    s.close()


# --- 1 to 5: the connection --------------------------------------------------

for name, features in (
        ('no_starttls', ''),
        ('only_mechanisms', Fake.mechanisms(MECHANISMS + ('PLAIN',))),
        ('other_namespace', "<starttls xmlns='urn:evil'/>"),
        ('nested', "<x xmlns='urn:evil'>" + STARTTLS + '</x>')):
    def script(s, features=features):
        s.accept()
        with s.refused():
            s.hello(features)
            s.next(lambda e: e.tag.startswith((SASL, TLS)))
        check([e.tag for e in s.seen if not e.tag.startswith(STREAM)] == [], 'sends something in the clear')
    add('01_' + name, script, TRUST, says='TLS|encrypt')

for name, answer in (
        ('failure', '<failure%s/>' % ns(TLS)),
        ('success', '<success%s/>' % ns(SASL)),
        ('stream_error', '<stream:error><host-unknown xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>'),
        ('end', '</stream:stream>')):
    def script(s, answer=answer):
        s.accept()
        s.hello(STARTTLS)
        s.named(TLS + 'starttls')
        s.send(answer)
        with s.refused():
            s.next(lambda e: e.tag.startswith(SASL))
    add('01_starttls_answered_with_' + name, script, TRUST)

for name, glued in (
        ('features', PROLOG + HEADER % 9 + '<stream:features>' + Fake.mechanisms(['PLAIN']) + '</stream:features>'),
        ('stanza', "<iq type='set' id='x'><query xmlns='jabber:iq:roster'/></iq>"),
        ('space', ' '),
        ('byte', b'\x16')):
    def script(s, glued=glued):
        s.accept()
        s.hello(STARTTLS)
        with s.refused():
            s.proceed(glued if isinstance(glued, bytes) else glued.encode())
            s.tls()
            s.hello(s.mechanisms(MECHANISMS))
            s.sasl()
    add('02_after_proceed_' + name, script, TRUST)


@case(TRUST)
def _02_after_proceed_late(s):
    """In a segment of its own it is garbage to TLS, whenever it comes."""
    s.accept()
    s.hello(STARTTLS)
    with s.refused():
        s.proceed()
        time.sleep(0.05)
        s.send('<stream:features>' + s.mechanisms(['PLAIN']) + '</stream:features>')
        s.named(SASL + 'auth')


for direct in False, True:
    for number, cert in ((3, 'wrong'), (3, 'address'), (3, 'subdomain'), (3, 'longer'), (3, 'commonname'),
                         (4, 'expired'), (4, 'selfsigned'), (4, 'otherca')):
        def script(s, cert=cert):
            with s.refused():
                s.login(cert)
            check(not s.got(SASL + 'auth'), 'logs in to a server it does not trust')
        add('%02d_certificate_%s%s' % (number, cert, '_direct' * direct), script, TRUST, direct=direct,
            says='certificate')


@case(TRUST, ca=None, says='certificate')
def _04_certificate_not_by_the_systems_authorities(s):
    with s.refused():
        s.login()


for direct in False, True:
    @case(TRUST, of='direct' * direct, direct=direct)
    def _04_tls_too_old(s):
        with s.refused():
            s.login(version=ssl.TLSVersion.TLSv1_1)


@case(TRUST, direct=True)
def _04_not_tls(s):
    s.accept()
    s.send('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')
    with s.refused():
        s.read()


for how in 'fin', 'rst', 'tls':
    @case(BROKEN, of=how, roles=BOTH, stdin=b'ping', out=b'onetwo')
    def _05_connection_ends(s, how=how):
        s.stream()
        s.take(4)
        s.confirmed = 4
        s.data(b'one')
        s.data(b'two')
        s.drop(how)


@case(BROKEN, roles=BOTH, out=b'one')
def _05_connection_ends_within_a_stanza(s):
    s.stream()
    s.data(b'one')
    s.send(s.iq('set', s.block_of(b'two'))[:-3])
    s.drop()


@case(BROKEN, roles=BOTH, out=b'one')
def _05_server_ends_the_session(s):
    s.stream()
    s.data(b'one')
    s.send('</stream:stream>')


@case(out=b'one', roles=BOTH)
def _05_truncated_after_all_is_done(s):
    s.stream()
    s.data(b'one')
    s.close()
    s.drop()


@case(NETWORK, args='-w 2')
def _05_connection_ends_before_the_stream_opens(s):
    """It may come back, but not within the time it is given."""
    s.login()
    s.opening()
    s.drop()


for step in range(6):
    @case(NETWORK, of=step)
    def _05_connection_ends_in_login(s, step=step):
        s.accept()
        steps = [lambda: s.named(STREAM + 'stream'), lambda: s.send(PROLOG + HEADER % 1),
                 lambda: s.send('<stream:features>' + STARTTLS + '</stream:features>'), s.proceed, s.tls,
                 lambda: s.hello(s.mechanisms(MECHANISMS))]
        for do in steps[:step + 1]:
            do()
        s.drop()


# --- 6 to 12: authentication -------------------------------------------------

for number, name, mechs in ((6, 'no_mechanisms', []), (7, 'only_plain', ['PLAIN']),
                            (7, 'only_unknown', ['X-FOO', 'GSSAPI', 'DIGEST-MD5', 'SCRAM-SHA-256-FOO', 'EXTERNAL']),
                            (7, 'only_anonymous', ['ANONYMOUS'])):
    def script(s, mechs=mechs):
        with s.refused():
            s.login(mechs=mechs)
        check(not s.got(SASL + 'auth'), 'tries ' + str(s.mechanism))
    add('%02d_%s' % (number, name), script, AUTH)

for name, features in (('no_features', ''), ('other_namespace', Fake.mechanisms(MECHANISMS).replace('sasl', 'lass')),
                       ('nested', "<x xmlns='urn:evil'>" + Fake.mechanisms(MECHANISMS) + '</x>')):
    def script(s, features=features):
        s.secure()
        s.hello(features)
        with s.refused():
            s.named(SASL + 'auth')
    add('06_' + name, script, AUTH)


@case(out=b'pong', args='-o plain=yes -vv', loud=True)
def _07_only_plain_opted_in(s):
    s.login(mechs=['PLAIN'])
    s.answer(s.opening())
    s.data(b'pong')
    s.close()


def refuse_login(name, status=AUTH, **how):
    def script(s):
        with s.refused():
            s.login(**how)
        check(not s.bound, 'is logged in')
    add(name, script, status)


for name, final in (
        ('missing', lambda v: None),
        ('empty', lambda v: b''),
        ('empty_value', lambda v: b'v='),
        ('wrong', lambda v: b'v=' + base64.b64encode(b'x' * 32)),
        ('truncated', lambda v: b'v=' + base64.b64encode(base64.b64decode(v[2:])[:16])),
        ('longer', lambda v: b'v=' + base64.b64encode(base64.b64decode(v[2:]) + b'x')),
        ('other_case', lambda v: b'v=' + v[2:].swapcase()),
        ('not_base64', lambda v: b'v=!!!!'),
        ('not_first', lambda v: b'x=1,' + v),
        ('error', lambda v: b'e=other-error')):
    refuse_login('08_signature_' + name, final=final)
    if name != 'missing':
        refuse_login('08_challenge_signature_' + name, final=final, challenge=True)

for name, first in (
        ('shortened', lambda m: b'r=' + m[3:]),
        ('changed', lambda m: b'r=' + (b'B' if m[2:3] == b'A' else b'A') + m[3:]),
        ('replaced', lambda m: re.sub(b'^r=[^,]*', b'r=ServersOwnChoice', m)),
        ('empty', lambda m: re.sub(b'^r=[^,]*', b'r=', m)),
        ('missing', lambda m: re.sub(b'^r=[^,]*,', b'', m)),
        ('behind', lambda m: b'r=x' + m[2:]),
        ('without_server_part', lambda m: m.replace(b'ServersPart', b''))):
    refuse_login('09_nonce_' + name, first=first)

for i in '1', '0', '-1', '', '2147483648', '4294971392', '99999999999999999999', '4096x', '0x1000', ' 4096':
    refuse_login('10_iterations_%s' % i.strip(), first=lambda m, i=i: m.replace(b'i=4096', b'i=' + i.encode()))
refuse_login('10_iterations_missing', first=lambda m: m.replace(b',i=4096', b''))
refuse_login('10_salt_missing', first=lambda m: re.sub(b's=[^,]*,', b'', m))
refuse_login('10_salt_not_base64', first=lambda m: re.sub(b's=[^,]*', b's=!!!', m))
refuse_login('11_mandatory_extension', first=lambda m: b'm=x,' + m)

for name, how in (
        ('in_first', {'first': lambda m: m + b',d=dGVzdA==,x=y'}),
        ('in_final', {'final': lambda v: v + b',x=y'}),
        ('iterations_10000', {'first': lambda m: m.replace(b'4096', b'10000')}),
        ('in_challenge', {'challenge': True})):
    def script(s, how=how):
        s.login(**how)
        s.answer(s.opening())
        s.data(b'pong')
        s.close()
    add('11_unknown_attribute_' + name if 'in_f' in name else 'ok_scram_' + name, script, out=b'pong')

for name, answer in (
        ('success', '<success%s/>'),
        ('success_with_data', '<success%s>dj1BQUFB</success>'),
        ('empty_challenge', '<challenge%s/>'),
        ('broken_base64', '<challenge%s>!!!</challenge>'),
        ('error_challenge', '<challenge%s>' + b64(b'e=other-error') + '</challenge>'),
        ('huge_challenge', '<challenge%s>' + 'QUFB' * 100000 + '</challenge>'),
        ('nul_challenge', '<challenge%s>' + b64(b'r=\0,s=\0,i=4096') + '</challenge>'),
        ('failure', '<failure%s><not-authorized/></failure>'),
        ('failure_text', '<failure%s><not-authorized/><text>\u202eevil\u0085\nxcat: two&#10;lines</text></failure>'),
        ('failure_unknown', '<failure%s><strange/></failure>'),
        ('failure_empty', '<failure%s/>'),
        ('failure_disabled', '<failure%s><account-disabled/></failure>'),
        ('success_elsewhere', "<success xmlns='urn:evil'/><x xmlns='urn:evil'><success%s/></x><failure%s/>")):
    def script(s, answer=answer):
        s.secure()
        s.hello(s.mechanisms(MECHANISMS))
        s.named(SASL + 'auth')
        s.send(answer.replace('%s', ns(SASL)))
        with s.refused():
            while True:
                e = s.read()
                check(e.tag != STREAM + 'stream', 'believes it')
                check(e.tag != SASL + 'response' or not e.text, 'answers it')
    add('12_' + name, script, AUTH)


@case(AUTH)
def _12_challenges_without_end(s):
    s.secure()
    s.hello(s.mechanisms(MECHANISMS))
    s.named(SASL + 'auth')
    with s.refused():
        for _ in range(1000):
            s.send('<challenge%s>%s</challenge>' % (ns(SASL), b64(b'')))
            s.named(SASL + 'response')


sys.exit(main())

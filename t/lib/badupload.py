#!/usr/bin/python3
"""badupload.py: a service for uploads (XEP-0363) that is up to no good: a component (component.py), and the web server
that its slots lead to.

    badupload.py PORT DOMAIN SECRET CERTIFICATE KEY

What it does is said by the name of the file, of which a number behind a dash is taken out; it prints a line for each
slot and each PUT.
"""

import http.server
import socket
import ssl
import sys
import threading
import time
from xml.sax.saxutils import quoteattr

import component

UPLOAD = 'urn:xmpp:http:upload:0'
INFO = 'http://jabber.org/protocol/disco#info'
ALLOWED = ('Authorization', 'Cookie', 'Expires')
cuts = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def status(self, n, *fields):
        self.send_response(n)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def do_PUT(self):
        self.close_connection = True
        what, _, number = self.path[1:].partition('-')
        size = int(self.headers['Content-Length'])
        if what == 'early':
            print('PUT early', flush=True)
            self.status(413)
            return
        if what == 'thanks':
            # Meanwhile all of it is given to the connection, which does not
            # take all that.
            time.sleep(0.5)
            print('PUT thanks', flush=True)
            self.status(201)
            return
        if what == 'cut':
            cuts[self.path] = cuts.get(self.path, 0) + 1
            if cuts[self.path] <= int(number):
                print('PUT cut', flush=True)
                self.rfile.read(size // 2)
                return
        got = self.rfile.read(size)
        more = sorted(n for n in self.headers if n.lower() not in (
            'host', 'content-type', 'content-length', 'user-agent', 'connection'))
        print('PUT', what, len(got), self.headers['Content-Type'], *['%s=%s' % (n, '+'.join(self.headers.get_all(n)))
                                                                     for n in dict.fromkeys(more)], flush=True)
        if what == 'status':
            self.status(int(number))
        elif what == 'redirect':
            self.status(307, ('Location', '/plain'))
        elif what == 'silent':
            threading.Event().wait()
        else:
            self.status(201)

    def log_message(self, *_):
        pass


class Service(component.Component):
    def __init__(self, port, *args):
        self.web = port
        super().__init__(*args)

    def slot(self, name):
        """The inside of a slot for a file of this name."""
        what = name.partition('-')[0]
        put = get = 'https://localhost:%d/%s' % (self.web, name)
        headers = ''
        if what == 'http':
            put = put.replace('https', 'http')
        if what == 'gethttp':
            get = get.replace('https', 'http')
        if what == 'user':
            put = put.replace('localhost', 'user@localhost')
        if what == 'other':
            put = put.replace('localhost', '127.0.0.2')
        if what == 'gone':
            put = 'https://localhost:1/x'
        if what == 'nourl':
            put = 'nonsense'
        if what == 'newline':
            headers = "<header name='Cookie'>a&#13;&#10;X-Evil: b</header>"
        if what == 'headers':
            headers = ''.join("<header name='%s'>%s</header>" % h for h in (
                ('auThorization', 'Bearer x'), ('Cookie', 'a'), ('X-Evil', 'b'), ('Host', 'evil'), ('Cookie', 'c'),
                ('Content-Length', '5'), ('Expires', 'never')))
        return '<put url=%s>%s</put><get url=%s/>' % (quoteattr(put), headers, quoteattr(get))

    def stanza(self, e):
        request = e.find('{%s}request' % UPLOAD)
        if e.find('{%s}query' % INFO) is not None:
            self.reply(e, 'result', "<query xmlns='%s'><feature var='%s'/></query>" % (INFO, UPLOAD))
        elif request is not None:
            name = request.get('filename')
            print('slot', name.partition('-')[0], flush=True)
            error = {
                'large': "<error type='modify'><not-acceptable xmlns='%s'/><file-too-large xmlns='%s'><max-file-size>7"
                         "</max-file-size></file-too-large></error>",
                'quota': "<error type='wait'><resource-constraint xmlns='%s'/><retry xmlns='%s' "
                         "stamp='2027-01-02T03:04:05Z'/></error>",
                'forbidden': "<error type='auth'><forbidden xmlns='%s'/><x xmlns='%s'/></error>",
            }.get(name)
            if name == 'mute':
                return
            if error:
                self.reply(e, 'error', error % (component.STANZAS, UPLOAD))
            else:
                self.reply(e, 'result', "<slot xmlns='%s'>%s</slot>" % (UPLOAD, self.slot(name)))


port, domain, secret, cert, key = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
also = http.server.ThreadingHTTPServer(('127.0.0.2', server.server_port), Handler)
for s in server, also:
    s.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.daemon_threads = True
    s.socket = context.wrap_socket(s.socket, server_side=True)
    threading.Thread(target=s.serve_forever, daemon=True).start()
Service(server.server_port, int(port), domain, secret).run()

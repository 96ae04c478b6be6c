#!/usr/bin/python3
"""badweb.py: a web server that is up to no good.  Prints its port, at
the address that is its argument, or on loopback.

/loop redirects to itself, /chain/N to /chain/N-1 and at 0 has a document;
/to?URL redirects there; /endless has no end, /endless-chunks neither;
/short ends before its length; /long says that it is a terabyte;
/two has two lengths; /name/ANYTHING is a document."""
import http.server
import sys
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def go(self, where):
        self.send_response(302)
        self.send_header('Location', where)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def begin(self, *fields):
        self.send_response(200)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header('Connection', 'close')
        self.end_headers()

    def do_GET(self):
        self.close_connection = True
        path, _, query = self.path.partition('?')
        if path == '/loop':
            self.go('/loop')
        elif path == '/to':
            self.go(urllib.parse.unquote(query))
        elif path.startswith('/chain/'):
            n = int(path.rpartition('/')[2])
            if n:
                self.go('/chain/%d' % (n - 1))
            else:
                self.begin(('Content-Length', '5'))
                self.wfile.write(b'chain')
        elif path == '/endless':
            self.begin()
            while True:
                self.wfile.write(b'x' * 65536)
        elif path == '/endless-chunks':
            self.begin(('Transfer-Encoding', 'chunked'))
            while True:
                self.wfile.write(b'1000\r\n' + b'x' * 4096 + b'\r\n')
        elif path == '/short':
            self.begin(('Content-Length', '100'))
            self.wfile.write(b'x' * 50)
        elif path == '/long':
            self.begin(('Content-Length', '1099511627776'))
            self.wfile.write(b'x' * 50)
        elif path == '/two':
            self.begin(('Content-Length', '5'), ('Content-Length', '6'))
            self.wfile.write(b'x' * 6)
        elif path.startswith('/name/'):
            self.begin(('Content-Length', '4'))
            self.wfile.write(b'name')
        else:
            self.send_error(404)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(
    ((sys.argv + ['127.0.0.1'])[1], 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()

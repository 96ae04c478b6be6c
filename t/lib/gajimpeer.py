#!/usr/bin/python3
"""gajimpeer.py: Gajim itself (Debian's 1.7.3), with its windows on a display
that nobody sees, as the other end of a file by Jingle.

    gajimpeer.py [options] send JID FILE
    gajimpeer.py [options] receive DIR

This file has no Jingle: it starts Gajim with an account of its own, and does
what the buttons of Gajim do.  -M is the transport of a file that is sent: s5b or
ibb, -P the port that Gajim listens on.  A receiver takes any number of files, a
sender ends with its file.  Run it by t/lib/gajim.sh.
"""
import argparse
import os
import sys
import time

import gi
gi.require_version('Gtk', '3.0')
gi.require_version('GtkSource', '4')
from gi.repository import Gio, GLib                         # noqa: E402

from gajim.common import app, configpaths, ged              # noqa: E402
from gajim.common import settings                           # noqa: E402

ACCOUNT = 'test'


def say(*words):
    print(*words, flush=True)


def options():
    p = argparse.ArgumentParser()
    for letter, dest in (('j', 'jid'), ('p', 'password'), ('c', 'server'),
                         ('C', 'ca')):
        p.add_argument('-' + letter, dest=dest, required=True)
    p.add_argument('-M', dest='methods', default='s5b')
    p.add_argument('-P', dest='port', type=int, required=True)
    p.add_argument('--no-addresses', action='store_true')
    p.add_argument('-w', dest='seconds', type=int, default=60)
    p.add_argument('role', choices=('send', 'receive'))
    p.add_argument('args', nargs='+')
    return p.parse_args()


OPT = options()


def configure(s):
    """An account, as its assistant would make it, before it is looked for."""
    user, _, rest = OPT.jid.partition('@')
    domain, _, resource = rest.partition('/')
    host, _, port = OPT.server.rpartition(':')
    s.set('use_keyring', False)
    s.set('file_transfers_port', OPT.port)
    s.set('check_for_update', False)
    s.add_account(ACCOUNT)
    for key, value in {
            'name': user, 'hostname': domain, 'resource': resource,
            'password': OPT.password, 'savepass': True, 'active': True,
            'autoconnect': True, 'use_custom_host': True, 'custom_host': host,
            'custom_port': int(port), 'custom_type': 'START TLS',
            'ft_send_local_ips': not OPT.no_addresses}.items():
        s.set_account_setting(ACCOUNT, key, value)


def client():
    return app.get_client(ACCOUNT)


def on_request(event):
    """What its dialog does when a file is wanted."""
    f = event.file_props
    say('offer:', f.name, f.size, f.algo)
    f.file_name = os.path.join(OPT.args[-1], os.path.basename(f.name))
    f.type_ = 'r'
    f.elapsed_time = 0
    f.tt_account = ACCOUNT
    client().get_module('Bytestream').send_file_approval(f)


def on_event(name):
    def told(event):
        f = getattr(event, 'file_props', None)
        say(name + ':', f.name if f else '', getattr(event, 'reason', '') or '')
        if OPT.role == 'send' and name in ('jingle-disconnected-received',
                                           'file-completed'):
            # Its windows take seconds to close.
            GLib.timeout_add(500, lambda: os._exit(0))
    return told


def send_file():
    from gajim.common.file_props import FilesProp
    from gajim.common.jingle_ft import JingleFileTransfer
    from gajim.common.jingle_session import JingleSession
    from gajim.common import jingle_transport as jt
    jid, path = OPT.args
    module = client().get_module('Jingle')
    session = JingleSession(client(), weinitiate=True, jid=jid)
    session.session_type_ft = True
    module._sessions[session.sid] = session
    f = FilesProp.getNewFileProp(ACCOUNT, sid=session.sid)
    f.file_name, f.name = path, os.path.basename(path)
    f.date = time.strftime('%Y-%m-%dT%H:%M:%SZ',
                           time.gmtime(os.path.getmtime(path)))
    f.type_, f.desc, f.elapsed_time = 's', '', 0
    f.size = os.path.getsize(path)
    f.sender, f.receiver, f.tt_account = ACCOUNT, jid, ACCOUNT
    f.algo = 'sha-256'
    transport = jt.JingleTransportSocks5() if OPT.methods == 's5b' else \
        jt.JingleTransportIBB()
    transfer = JingleFileTransfer(session, transport=transport, file_props=f,
                                  senders='initiator')
    f.transport_sid = transport.sid
    session.add_content('file' + session.sid[:8], transfer)
    session.start_session()


def on_signed_in(_event):
    say('listening')
    if OPT.role == 'send':
        GLib.timeout_add(200, lambda: send_file() and False)


def mend():
    """Gajim 1.7.3 cannot take files: a session that comes is made without what
    it says of its file, which is asked for all the same.  Nor can nbxmpp 4.2.2
    read what opens and closes an in-band stream, for want of its other
    fields."""
    from nbxmpp.structs import IBBData
    IBBData.__new__.__defaults__ = (None,) * len(IBBData._fields)
    from gajim.common.file_props import FilesProp
    from gajim.common.jingle_ft import JingleFileTransfer
    init = JingleFileTransfer.__init__
    new = FilesProp.getNewFileProp.__func__

    def init_with(self, session, file_props=None, transport=None,
                  senders=None):
        if file_props is None:
            file_props = FilesProp.getNewFileProp(ACCOUNT, session.sid)
        init(self, session, file_props, transport, senders)

    JingleFileTransfer.__init__ = init_with
    FilesProp.getNewFileProp = classmethod(
        lambda cls, account, sid: cls.getFileProp(account, sid) or
        new(cls, account, sid))


def main():
    configpaths.init()
    mend()
    from gajim import gajim as program
    program._set_env_vars()
    program._init_gui('GTK')
    from gajim.gtk.application import GajimApplication
    from gajim.common.client import Client
    connect = Client.connect
    # The CA of a test is none of the system's.
    Client.connect = lambda self, ignored=None: connect(
        self, {Gio.TlsCertificateFlags.UNKNOWN_CA})
    init_core = GajimApplication._init_core
    init_settings = settings.Settings.init

    def begin_settings(self):
        init_settings(self)
        configure(self)

    def begin(self):
        init_core(self)
        if os.environ.get('GAJIM_LOG'):
            from gajim.common import logging_helpers
            logging_helpers.set_loglevels('gajim=DEBUG,nbxmpp=DEBUG')
        app.ged.register_event_handler('signed-in', ged.GUI2, on_signed_in)
        app.ged.register_event_handler('file-request-received', ged.GUI2,
                                       on_request)
        for name in ('file-completed', 'file-error', 'file-hash-error',
                     'file-send-error', 'file-request-error',
                     'jingle-disconnected-received', 'jingle-error-received',
                     'jingle-ft-cancelled-received'):
            app.ged.register_event_handler(name, ged.GUI2, on_event(name))
        GLib.timeout_add_seconds(OPT.seconds, lambda: app.app.quit())

    settings.Settings.init = begin_settings
    GajimApplication._init_core = begin
    GajimApplication().run(sys.argv[:1])


if __name__ == '__main__':
    main()

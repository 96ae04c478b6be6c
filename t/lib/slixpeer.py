"""slixpeer.py: what the peers made of slixmpp share: an account, logged in."""
import argparse
import asyncio
import hashlib
import os
import sys

# Half of what it takes to begin: colours for a log, the system's certificates,
# and a loop in Python over what its library does at once.
sys.modules['pygments'] = None
os.environ['SSL_CERT_FILE'] = os.devnull

import slixmpp
from slixmpp.util.sasl.mechanisms import SCRAM
from slixmpp.exceptions import IqError, IqTimeout

SCRAM.Hi = lambda self, text, salt, iterations: hashlib.pbkdf2_hmac(
    self.hash().name, bytes(text), salt, iterations)


class Peer(slixmpp.ClientXMPP):
    """opt has jid, password, server (HOST:PORT), ca; those with a converse()
    and main() of this class, seconds, too."""
    def __init__(self, opt, plugins=()):
        super().__init__(opt.jid, opt.password)
        self.opt = opt
        self.ca_certs = opt.ca
        for plugin in plugins:
            self.register_plugin(plugin)
        self.ready = self.loop.create_future()
        self.add_event_handler('session_start', self.on_start)

    def on_start(self, _):
        self.send_presence(ppriority=-1)
        self.ready.set_result(None)

    async def log_in(self):
        host, _, port = self.opt.server.rpartition(':')
        self.connect((host.strip('[]'), int(port)))
        await self.ready

    def say_listening(self):
        print(f'listening as {self.boundjid}', file=sys.stderr, flush=True)

    async def main(self):
        try:
            await asyncio.wait_for(self.converse(), self.opt.seconds)
        finally:
            await self.disconnect(wait=1)

    def refused(self, error):
        return f'refused: {error.condition}: {error.text}'


def parser():
    """For the options that all of them have."""
    p = argparse.ArgumentParser()
    p.add_argument('-j', dest='jid', required=True)
    p.add_argument('-p', dest='password', required=True)
    p.add_argument('-c', dest='server', required=True, metavar='HOST:PORT')
    p.add_argument('-C', dest='ca', required=True, metavar='FILE')
    return p


def arguments():
    """JID PASSWORD HOST:PORT CA, as options; and what follows."""
    jid, password, server, ca = sys.argv[1:5]
    return argparse.Namespace(jid=jid, password=password, server=server,
                              ca=ca), sys.argv[5:]


def run(peer):
    """Its main(); what goes wrong is said in a line, and the status is 1."""
    name = os.path.basename(sys.argv[0])
    try:
        peer.loop.run_until_complete(peer.main())
    except IqError as e:
        sys.exit(f'{name}: {peer.refused(e)}')
    except (IqTimeout, asyncio.TimeoutError):
        sys.exit(f'{name}: timed out')
    except Exception as e:
        sys.exit(f'{name}: {type(e).__name__}: {e}')

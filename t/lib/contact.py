#!/usr/bin/python3
"""contact.py: a contact that sees an account's presence.

    contact.py JID PASSWORD HOST:PORT CA ACCOUNT ACCOUNTS-PASSWORD

Subscribes JID to ACCOUNT, which it logs in to as well until that is done.  Then
it prints a line for each presence of the account that JID gets, "available" or
"unavailable" and the resource, after "ready"; and ends with its input.
"""
import argparse
import asyncio
import sys

import slixpeer


class Contact(slixpeer.Peer):
    def __init__(self, opt, account):
        super().__init__(opt, ['xep_0030'])
        self.account = account
        self.roster.auto_authorize = None       # by authorize()
        self.roster.auto_subscribe = False
        self.add_event_handler('presence_subscribe', self.authorize)
        self.subscribed = self.loop.create_future()
        self.add_event_handler('presence_subscribed',
                               lambda _: self.done(self.subscribed))
        for kind in ('presence_available', 'presence_unavailable'):
            self.add_event_handler(kind, self.seen)
        self.telling = False

    def on_start(self, _):
        # A contact is told of presence only if it is available itself.
        self.send_presence(ppriority=1)
        self.get_roster()
        self.ready.set_result(None)

    def authorize(self, presence):
        self.send_presence(pto=presence['from'].bare, ptype='subscribed')

    @staticmethod
    def done(future):
        future.done() or future.set_result(None)

    def seen(self, presence):
        who = presence['from']
        if self.telling and who.bare == self.account:
            print(presence['type'], who.resource, flush=True)

    async def converse(self):
        await self.log_in()
        opt = self.opt
        other = Contact(argparse.Namespace(
            jid=self.account + '/approval', password=opt.other,
            server=opt.server, ca=opt.ca), self.boundjid.bare)
        gone = self.loop.create_future()
        self.add_event_handler('presence_unavailable',
                               lambda _: self.done(gone))
        await other.log_in()
        print('logged in', file=sys.stderr, flush=True)
        self.send_presence_subscription(self.account)
        await self.subscribed
        print('subscribed', file=sys.stderr, flush=True)
        await other.disconnect(wait=1)
        await gone
        self.telling = True
        print('ready', flush=True)
        await self.loop.run_in_executor(None, sys.stdin.read)


def main():
    opt, (account, password) = slixpeer.arguments()
    opt.seconds = 120
    opt.other = password
    slixpeer.run(Contact(opt, account))


if __name__ == '__main__':
    main()

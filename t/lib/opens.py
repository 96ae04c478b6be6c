#!/usr/bin/python3
"""opens.py: thousands of streams opened and closed at once, nothing in them.

    opens.py [options of slix.py] open|hurry JID COUNT
    opens.py accept PORT

open: COUNT streams, some at a time: what is accepted is closed.  Prints how often
which answer came, such as "10000 open result", one a line; those to <close/>,
too.  hurry: <close/> comes with the <open/>, and only what answers the open is
counted.  accept: where their connections may end; each is closed with its input.
"""
import asyncio
import collections
import sys

import slix

AT_ONCE = 40


class Opener(slix.Peer):
    def __init__(self, opt, count):
        super().__init__(opt)
        self.count = count
        self.waiting = {}           # id -> future
        self.tally = collections.Counter()
        self.add_filter('in', self.answer)

    def answer(self, stanza):
        """The answer to one of ours; slixmpp need not look at it."""
        future = self.waiting.pop(stanza['id'], None)
        if future is None or stanza['type'] not in ('result', 'error'):
            return stanza
        future.set_result(stanza['error']['condition'] if stanza['type'] == 'error' else 'result')
        return None

    async def ask(self, what, numbers, more=''):
        """Those of them to which the answer is yes."""
        futures = [self.loop.create_future() for _ in numbers]
        self.waiting.update((f'{what}{n}', f) for n, f in zip(numbers, futures))
        self.send_raw(''.join(
            f"<iq type='set' to='{self.opt.peer}' id='{what}{n}'>"
            f"<{what} xmlns='{slix.IBB}' sid='s{n}'{more}/></iq>" for n in numbers))
        answers = await asyncio.gather(*futures)
        self.tally.update(f'{what} {answer}' for answer in answers)
        return [n for n, answer in zip(numbers, answers) if answer == 'result']

    async def hurry(self, numbers):
        """Open them and close them in one breath."""
        futures = [self.loop.create_future() for _ in numbers]
        self.waiting.update((f'open{n}', f) for n, f in zip(numbers, futures))
        self.send_raw(''.join(
            f"<iq type='set' to='{self.opt.peer}' id='open{n}'>"
            f"<open xmlns='{slix.IBB}' sid='s{n}' block-size='4096' stanza='iq'/></iq>"
            f"<iq type='set' to='{self.opt.peer}' id='close{n}'>"
            f"<close xmlns='{slix.IBB}' sid='s{n}'/></iq>" for n in numbers))
        self.tally['opens'] += len(await asyncio.gather(*futures))

    async def converse(self):
        await self.log_in()
        for n in range(0, self.count, AT_ONCE):
            numbers = range(n, min(n + AT_ONCE, self.count))
            if self.opt.role == 'hurry':
                await self.hurry(numbers)
                continue
            opened = await self.ask('open', numbers, " block-size='4096' stanza='iq'")
            if opened:
                await self.ask('close', opened)
        for answer, times in sorted(self.tally.items()):
            print(times, answer)


async def hear_out(reader, writer):
    await reader.read()
    writer.close()


async def accept(port):
    server = await asyncio.start_server(hear_out, '127.0.0.1', port)
    await server.serve_forever()


def main():
    if sys.argv[1] == 'accept':
        asyncio.run(accept(int(sys.argv[2])))
    count = int(sys.argv.pop())
    opener = Opener(slix.options(('open', 'hurry')), count)
    opener.loop.run_until_complete(opener.main())


main()

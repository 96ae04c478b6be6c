/*
 * forward.mjs: forwards TCP connections through in-band bytestreams, with
 * xmpp.js, to try xcat against.
 *
 *	node forward.mjs client PEER PORT	from 127.0.0.1:PORT to PEER
 *	node forward.mjs server PEER PORT	from PEER to 127.0.0.1:PORT
 *
 * The account is in the environment: JID_USER, JID_DOMAIN, PASSWORD, SERVICE
 * (xmpp://host:port); the resource is "tmpp".  It says "ready" on stdout.
 *
 * On the wire it does what TCP-over-XMPP does, odd as that may be: it asks for
 * blocks of 65535 bytes and for nothing else, sends whatever one read of a
 * socket gave, which may be 65536, does not wait for answers, never starts seq
 * over, takes the id of the request that opens for the sid, and answers a
 * close with one of its own.  Unlike it, it ends a socket whose stream ends.
 */
import net from 'node:net';
import { randomBytes, webcrypto } from 'node:crypto';
import { Duplex } from 'node:stream';
import { client, xml } from '@xmpp/client';

const IBB = 'http://jabber.org/protocol/ibb';
const STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas';

const [role, peer, port] = process.argv.slice(2);
const { JID_USER, JID_DOMAIN, PASSWORD, SERVICE } = process.env;

globalThis.crypto ??= webcrypto;        // Debian 12's node 18 has none

const xmpp = client({
  service: SERVICE,
  domain: JID_DOMAIN,
  resource: 'tmpp',
  username: JID_USER,
  password: PASSWORD,
});
xmpp.timeout = 60000;                   // ms, not 2000: machines are busy
const streams = new Map();

function refusal(condition) {
  return xml('error', { type: 'cancel' }, xml(condition, { xmlns: STANZAS }));
}

/* Answers to data are of no interest, but for those that tell of its end. */
class Bytestream extends Duplex {
  seqOut = 0;
  seqIn = 0;
  closed_ = false;

  constructor(id, to) {
    super();
    this.id = id;
    this.to = to;
    streams.set(id, this);
  }

  ask(name, attrs, ...children) {
    return xmpp.iqCaller.request(
      xml('iq', { type: 'set', to: this.to, id: name === 'open' ? this.id : undefined },
        xml(name, { xmlns: IBB, sid: this.id, ...attrs }, ...children)), 60000);
  }

  open() {
    return this.ask('open', { 'block-size': '65535', stanza: 'iq' });
  }

  /* A stream that is over answers "no such stream" to what crossed its end. */
  _write(chunk, _encoding, callback) {
    this.ask('data', { seq: String(this.seqOut++) }, chunk.toString('base64'))
      .catch((error) => this.closed_ || this.destroy(error));
    callback();
  }

  _final(callback) {
    this.ask('close').then(() => callback(), () => callback());
  }

  receive(seq, text) {
    if (Number(seq) !== this.seqIn++)
      this.destroy(new Error(`seq ${seq}, expected ${this.seqIn - 1}`));
    this.push(Buffer.from(text, 'base64'));
  }

  closing() {
    this.closed_ = true;
    this.push(null);
    this.end();
  }

  _read() {}

  _destroy(error, callback) {
    streams.delete(this.id);
    callback(error);
  }
}

function join(stream, socket) {
  const fail = (what) => (error) => {
    console.error(`${what}: ${error.message}`);
    stream.destroy();
    socket.resetAndDestroy();
  };
  stream.on('error', fail('stream'));
  socket.on('error', fail('socket'));
  stream.pipe(socket);
  socket.pipe(stream);
}

const only = (ctx, name, answer) => {
  const stream = streams.get(ctx.element.attrs.sid);
  if (stream === undefined || stream.to !== ctx.from.toString())
    return refusal('item-not-found');
  answer(stream);
  return true;
};

xmpp.iqCallee.set(IBB, 'open', (ctx) => {
  const id = ctx.stanza.attrs.id;
  if (role !== 'server' || streams.has(id))
    return refusal('not-acceptable');
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), '127.0.0.1');
    socket.once('connect', () => {
      join(new Bytestream(id, ctx.from.toString()), socket);
      resolve(true);
    });
    socket.once('error', () => resolve(refusal('not-acceptable')));
  });
});
xmpp.iqCallee.set(IBB, 'data', (ctx) => only(ctx, 'data', (stream) =>
  stream.receive(ctx.element.attrs.seq, ctx.element.text())));
xmpp.iqCallee.set(IBB, 'close', (ctx) => only(ctx, 'close', (stream) =>
  stream.closing()));

async function accept(socket) {
  const stream = new Bytestream(randomBytes(16).toString('hex'), peer);
  try {
    await stream.open();
    join(stream, socket);
  } catch (error) {
    console.error(`open: ${error.message}`);
    stream.destroy();
    socket.resetAndDestroy();
  }
}

function listen() {
  return new Promise((resolve) => {
    net.createServer({ pauseOnConnect: true }, accept)
      .listen(Number(port), '127.0.0.1', resolve);
  });
}

/*
 * request() of @xmpp/iq waits until its stanza is written before it looks at
 * the answer.  An error that is there sooner, as it may be with much to be
 * written on a busy machine, is a rejection that nothing handles yet, of which
 * Node.js would die; request() handles it in a moment.
 */
process.on('unhandledRejection', (error) => {
  if (error?.name !== 'StanzaError')
    throw error;
});
xmpp.on('error', (error) => {
  console.error(`${error.name}: ${error.message}`);
  process.exit(1);
});
xmpp.on('online', () => xmpp.send(xml('presence')));
xmpp.once('online', async () => {       // not again when it has reconnected
  if (role === 'client')
    await listen();
  console.log('ready');
});
xmpp.start().catch(() => process.exit(1));

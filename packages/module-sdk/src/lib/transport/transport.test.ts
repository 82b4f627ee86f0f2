import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { echoLines } from '../fixtures/echo-lines.ts';
import { memoryTransports } from './memory-transport.ts';
import { connectTransport, listenTransport, type SocketAddress } from './socket-transport.ts';
import { StreamTransport } from './stream-transport.ts';
import { testTransport } from './transport.suite.ts';

const LIMIT_BYTES = 64 * 1024;

testTransport('memory', async () => {
  const [near, far] = memoryTransports({ limitBytes: LIMIT_BYTES });
  echoLines(far);
  return { transport: near, release: async () => near.abort() };
});

testTransport('standard streams', async () => {
  const child = spawn(
    process.execPath,
    ['--conditions=loopwright-source', join(import.meta.dirname, '../fixtures/echo-process.ts')],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const exited = once(child, 'exit');
  const transport = new StreamTransport({ input: child.stdout, output: child.stdin, limitBytes: LIMIT_BYTES });
  return {
    transport,
    release: async () => {
      void transport.close();
      transport.resume();
      child.kill();
      await exited;
    },
  };
});

/** Connects as `connectTransport` does, with the limit of the suite. */
async function openSocket(address: SocketAddress): Promise<{ transport: StreamTransport; release: () => Promise<void> }> {
  const listener = await listenTransport(address, echoLines);
  const socket = connect(listener.address);
  await once(socket, 'connect');
  const transport = new StreamTransport({ input: socket, output: socket, limitBytes: LIMIT_BYTES });
  return {
    transport,
    release: async () => {
      transport.abort();
      await listener.close();
    },
  };
}

testTransport('Unix socket', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'loopwright-'));
  const { transport, release } = await openSocket({ path: join(dir, 's') });
  return {
    transport,
    release: async () => {
      await release();
      await rm(dir, { recursive: true });
    },
  };
});

testTransport('TCP', () => openSocket({ host: '127.0.0.1', port: 0 }));

describe('listenTransport()', () => {
  it('makes a Unix socket for its owner only, and leaves no file', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-'));
    const listener = await listenTransport({ path: join(dir, 's') }, echoLines);
    assert.equal((await stat(join(dir, 's'))).mode & 0o777, 0o600);
    const transport = await connectTransport(listener.address);
    transport.send('hello');
    const line = await new Promise((resolve) =>
      transport.start({ line: resolve, tooLong: () => undefined, end: () => undefined }),
    );
    assert.equal(line, 'hello');
    transport.abort();
    await listener.close();
    assert.deepEqual(await readdir(dir), []);
    await rm(dir, { recursive: true });
  });

  it('says why it cannot listen or connect', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address() as { port: number };
    await assert.rejects(listenTransport({ host: '127.0.0.1', port: address.port }, echoLines), { code: 'EADDRINUSE' });
    taken.close();
    await once(taken, 'close');
    await assert.rejects(connectTransport({ host: '127.0.0.1', port: address.port }), { code: 'ECONNREFUSED' });
  });
});

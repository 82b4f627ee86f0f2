import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { systemClock } from '@loopwright/protocol';
import { HttpTcpClient } from './http-tcp-client.ts';

/** Answers the first request of its first connection and closes that a moment later; tells of it, and of the requests that came, in shared memory. */
const SERVER = `
const { parentPort, workerData: { path, shared } } = require('node:worker_threads');
const [CLOSED, REQUESTS] = [0, 1];
let connections = 0;
require('node:net').createServer((socket) => {
  const isFirst = (connections += 1) === 1;
  socket.on('error', () => undefined);
  socket.on('data', () => {
    Atomics.add(shared, REQUESTS, 1);
    socket.write('HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\nok');
  });
  socket.on('close', () => {
    if (!isFirst) return;
    Atomics.store(shared, CLOSED, 1);
    Atomics.notify(shared, CLOSED);
  });
  if (isFirst) parentPort.once('message', () => socket.destroy());
}).listen(path, () => parentPort.postMessage('listening'));
`;

describe('HttpTcpClient on a connection that was closed while nobody looked', () => {
  it('sends again what the system refused to send, be it done twice or not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'loopwright-kept-'));
    const path = join(folder, 's');
    const shared = new Int32Array(new SharedArrayBuffer(8));
    const server = new Worker(SERVER, { eval: true, workerData: { path, shared } });
    try {
      await once(server, 'message');
      using client = new HttpTcpClient({ address: { path }, clock: systemClock });
      assert.equal((await client.request({ method: 'POST', uri: '/', body: Buffer.from('one') })).status, 200);
      // The connection goes back to those that are kept.
      await new Promise((resolve) => setImmediate(resolve));
      // oxlint-disable-next-line require-post-message-target-origin -- a worker has no origin
      server.postMessage('close');
      // Without a turn of the loop: the client cannot have seen it.
      Atomics.wait(shared, 0, 0);
      assert.equal((await client.request({ method: 'POST', uri: '/', body: Buffer.from('two') })).status, 200);
      assert.equal(Atomics.load(shared, 1), 2);
    } finally {
      await server.terminate();
      rmSync(folder, { recursive: true });
    }
  });
});

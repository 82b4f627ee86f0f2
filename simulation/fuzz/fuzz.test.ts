import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openServer } from '../../apps/server/src/http/app-fixture.ts';
import { fuzz } from './fuzz.ts';

const attack = (url: string, count: number): ReturnType<typeof fuzz> =>
  fuzz({ url, pid: process.pid, seed: 7, count, report: () => undefined });

describe('fuzz', () => {
  it('finds nothing at the HTTP interface, although it comes to a good part of it', async (context) => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-fuzz-'));
    context.after(() => rm(dir, { recursive: true, force: true }));
    await using server = await openServer({ dir });
    server.release();
    const { problems, reached } = await attack(server.url, 1500);
    assert.deepEqual(problems, []);
    assert.ok(reached[0] > reached[1] / 4, `it reached ${reached.join(' of ')} operations`);
  });

  it('finds a server that answers 500, shows a stack, or says something else than its status', async (context) => {
    const answers = [
      [500, '{"error_code":"X","message":"m","status":500,"request_id":"r"}'],
      [400, '{"error_code":"X","message":"m\\n    at run (/a.ts:1:1)","status":400,"request_id":"r"}'],
      [400, '{"error_code":"X","message":"m","status":404,"request_id":"r"}'],
      [400, '{"oops":true}'],
    ] as const;
    let turn = 0;
    const broken = createServer(({ url }, response) => {
      if (url === '/openapi.json')
        return void response.end('{"paths":{"/a":{"get":{"responses":{}}}},"components":{"schemas":{}}}');
      const [status, body] = answers[turn % answers.length] ?? [200, ''];
      turn += 1;
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    }).listen(0, '127.0.0.1');
    context.after(() => broken.close());
    await once(broken, 'listening');
    const address = broken.address();
    assert.ok(typeof address === 'object' && address !== null);
    const { problems } = await attack(`http://127.0.0.1:${address.port}`, 40);
    for (const pattern of [
      /answered 500/,
      /shows its inside/,
      /answered 400 and says 404/,
      /an error that is none/,
      /not well in the end/,
    ])
      assert.ok(
        problems.some((problem) => pattern.test(problem)),
        `${pattern} is not among ${JSON.stringify(problems.slice(0, 5))}`,
      );
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { countingFunctions, journalDir, openEngine, startOne, until, untilStatus } from '../embedded/engine-fixture.ts';

describe('arguments of expressions', () => {
  it('has the start of each task in $task, the same after a restart', async () => {
    const { functions } = countingFunctions();
    const dir = journalDir();
    const body = `
do:
  - one: { set: { at: '\${ $task.startedAt.epoch.milliseconds }', task: '\${ $task.name }' } }
  - ask: { call: accept, with: { title: Go on?, doc_type: plan, subject: {} }, output: { as: '\${ { at: $input.at, iso: $task.startedAt.iso8601 } }' } }`;
    const engine = await openEngine(dir, functions, { w: body });
    const before = Date.now();
    const { execution } = await startOne(engine, 'w');
    await untilStatus(engine, execution.id, 'waiting_acceptance');
    const asked = Date.now();
    await engine.close(0);
    await using again = await openEngine(dir, functions, { w: body });
    await until(again, execution.id, () => Date.now() > asked + 20);
    await again.answer(
      { executionId: execution.id },
      { kind: 'acceptance', accepted: true },
      { answerId: 'a', answeredBy: 'ann' },
    );
    const { output } = await untilStatus(again, execution.id, 'completed');
    const { at, iso } = output as { at: number; iso: string };
    assert.ok(at >= before && at <= asked, `${at}`);
    assert.ok(Date.parse(iso) >= at && Date.parse(iso) <= asked, iso);
  });

  it('has the scheme and the parameter of the task that calls in $authorization', async () => {
    const server = createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ sent: request.headers['x-copy'] ?? null }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const call = (policy: string): string =>
      `{ call: http, with: { method: get, endpoint: { uri: '${uri}', authentication: ${policy} }, headers: { x-copy: '\${ $authorization.parameter }' } }, output: { as: '\${ [$authorization.scheme, .sent] }' }, export: { as: '\${ ($context // []) + [$authorization] }' } }`;
    const body = `
use: { authentications: { shared: { basic: { username: ann, password: pass } } } }
do:
  - bearer: ${call('{ bearer: { token: abc } }')}
  - basic: ${call('{ use: shared }')}
  - none: { set: { none: '\${ $authorization }', seen: '\${ $context }' } }`;
    await using engine = await openEngine(journalDir(), {}, { w: body });
    const { execution } = await startOne(engine, 'w');
    const { output } = await until(engine, execution.id, ({ status }) => status === 'completed' || status === 'failed');
    const parameter = Buffer.from('ann:pass').toString('base64');
    assert.deepEqual(output, {
      none: null,
      seen: [
        { scheme: 'Bearer', parameter: 'abc' },
        { scheme: 'Basic', parameter },
      ],
    });
    server.close();
  });
});

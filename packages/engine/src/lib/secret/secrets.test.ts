import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Json } from '@loopwright/protocol';
import type { Engine } from '../embedded/engine.ts';
import { countingFunctions, journalDir, openEngine, startOne, until, untilStatus } from '../embedded/engine-fixture.ts';
import { isFinal } from '../execution/execution.ts';
import { errorTypeOf, sendJson, startServer } from '../http-call/http-fixture.ts';

const KEEP: Record<string, Json> = { token: 's3cret-token', office: { username: 'ann', password: 's3cret-word' } };

/** Everything that the engine has recorded about an execution, as text. */
function recordOf(engine: Engine, id: string): string {
  const { read } = engine;
  return JSON.stringify([read.execution(id), read.journal(id), read.events(id, 0, 1000), read.humanTasks({ limit: 100 })]);
}

describe('secrets', () => {
  it('shows who calls by policies and secrets of the definition, and records none of them', async () => {
    await using server = await startServer((_request, response) => sendJson(response, 'in'));
    const ask = (name: string, policy: string): string =>
      `  - ${name}: { call: http, with: { method: get, endpoint: { uri: '${server.origin}', authentication: ${policy} } } }`;
    const body = `
use:
  secrets: [token, office]
  authentications: { whole: { basic: { use: office } }, part: { bearer: { token: '\${ $secrets.token }' } } }
do:
${ask('a', '{ use: whole }')}
${ask('b', '{ use: part }')}
${ask('c', '{ basic: { use: office } }')}`;
    const secrets = (name: string): Json | undefined => KEEP[name];
    await using engine = await openEngine(journalDir(), {}, { calls: body }, { secrets });
    const { execution } = await startOne(engine, 'calls');
    assert.equal((await untilStatus(engine, execution.id, 'completed')).output, 'in');
    const basic = `Basic ${Buffer.from('ann:s3cret-word').toString('base64')}`;
    assert.deepEqual(
      server.seen.map(({ headers }) => headers.authorization),
      [basic, 'Bearer s3cret-token', basic],
    );
    assert.ok(!recordOf(engine, execution.id).includes('s3cret'));
  });

  it('takes them out of errors, of steps too', async () => {
    const { functions } = countingFunctions();
    const body = `
use: { secrets: [token] }
do:
  - a: { try: [{ x: { call: note, with: { id: '\${ $secrets }' } } }], catch: { as: e, do: [{ kept: { set: '\${ $e.detail }' } }] } }
  - b: { call: boom, with: { id: '\${ $secrets.token }', times: 9 } }`;
    const boom = { ...functions['fail'], run: failing } as NonNullable<(typeof functions)['fail']>;
    await using engine = await openEngine(
      journalDir(),
      { ...functions, boom },
      { leak: body },
      { secrets: (name) => KEEP[name] },
    );
    const { execution } = await startOne(engine, 'leak');
    const failed = await untilStatus(engine, execution.id, 'failed');
    assert.match(JSON.stringify(failed.error), /refused \*\*\* now/);
    assert.ok(!recordOf(engine, execution.id).includes('s3cret'), recordOf(engine, execution.id));
  });

  it('ends with the authorization error when there is none', async () => {
    const body = `use: { secrets: [missing] }\ndo: [{ a: { set: { n: 1 } } }]`;
    await using engine = await openEngine(journalDir(), {}, { none: body }, { secrets: () => undefined });
    const { execution } = await startOne(engine, 'none');
    const ended = await until(engine, execution.id, ({ status }) => isFinal(status));
    assert.equal(ended.status, 'failed');
    assert.equal(errorTypeOf(ended), 'authorization');
    assert.match(JSON.stringify(ended.error), /the secret \\"missing\\"/);
  });

  it('asks for them again when an execution is taken up', async () => {
    const body = `
use: { secrets: [token] }
do:
  - wait: { call: accept, with: { title: Go on?, doc_type: t, subject: 1 } }
  - tell: { set: { is: '\${ $secrets.token == "new-token" }' } }`;
    const dir = journalDir();
    let token = 'old-token';
    const secrets = (): Json => token;
    const first = await openEngine(dir, {}, { again: body }, { secrets });
    const { execution } = await startOne(first, 'again');
    await until(first, execution.id, () => first.read.humanTasks({ state: 'open', limit: 1 }).length === 1);
    await first.close(1000);
    token = 'new-token';
    await using second = await openEngine(dir, {}, { again: body }, { secrets });
    await second.answer(
      { executionId: execution.id },
      { kind: 'acceptance', accepted: true },
      { answerId: 'a', answeredBy: 'bob' },
    );
    assert.deepEqual((await untilStatus(second, execution.id, 'completed')).output, { is: true });
  });
});

const failing = (invocation: { args: unknown; step: (run: () => Promise<Json>) => Promise<Json> }): Promise<Json> =>
  invocation.step(() => {
    const { id } = invocation.args as { id: string };
    return Promise.reject(new Error(`refused ${id} now`));
  });

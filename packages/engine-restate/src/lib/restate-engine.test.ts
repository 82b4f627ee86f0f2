import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type FunctionCatalogue, type WorkflowEngine, defineFunction, loadDefinition } from '@loopwright/engine';
import { systemClock, systemRandom } from '@loopwright/protocol';
import { z } from 'zod';
import { RestateServer, restateBinary } from './fixtures/restate-server.ts';
import { newPlace, openRestateEngine } from './fixtures/restate-world.ts';
import { pageSchema } from './record/messages.ts';
import { RestateClient } from './restate-client.ts';
import { RestateEngine } from './restate-engine.ts';

const skip = restateBinary() === undefined ? `npm has no Restate server for ${process.platform}-${process.arch}` : false;

const BODIES = {
  six: `do: [${[0, 1, 2, 3, 4, 5].map((step) => `s${step}: { call: note, with: { id: s${step} } }`).join(', ')}]`,
  hangs: `do: [first: { call: note, with: { id: first } }, second: { call: hang }]`,
};

/** What steps did: the order in which they began, how each was told to stop. */
function recordingFunctions(): { functions: FunctionCatalogue; begun: string[]; aborted: () => number } {
  const begun: string[] = [];
  let aborted = 0;
  const functions = {
    note: defineFunction({
      description: 'Takes a while',
      arguments: z.strictObject({ id: z.string() }),
      run: ({ args, step, execution }) =>
        step(async ({ idempotencyKey }) => {
          assert.equal(idempotencyKey, `${execution.executionId}:${args.id}`);
          begun.push(`${execution.executionId} ${args.id}`);
          await delay(20);
          return args.id;
        }),
    }),
    hang: defineFunction({
      description: 'Goes on until it is aborted',
      arguments: z.strictObject({}),
      run: ({ step }) =>
        step(async ({ signal }) => {
          begun.push('hang');
          await delay(600_000, undefined, { signal }).finally(() => (aborted += 1));
          return null;
        }),
    }),
  };
  return { functions, begun, aborted: () => aborted };
}

async function recoverBodies(engine: WorkflowEngine): Promise<void> {
  for (const [name, body] of Object.entries(BODIES)) {
    const text = `document: { dsl: '1.0.0', namespace: test, name: ${name}, version: '1.0.0' }\n${body}`;
    await engine.register(loadDefinition(text, engine.functions));
  }
  await engine.recover();
}

async function start(engine: WorkflowEngine, workflow: string): Promise<string> {
  const executionId = crypto.randomUUID();
  await engine.start({ executionId, workflow, projectId: 'p', input: {}, startedBy: 'ann' });
  return executionId;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`Cannot wait any longer: ${what}`);
    await delay(5);
  }
}

describe('RestateEngine', { skip }, () => {
  let server: RestateServer;
  before(async () => {
    server = await RestateServer.open();
  });
  after(() => server?.[Symbol.asyncDispose]());

  it('loses nothing when Restate is killed, and repeats no recorded step', async () => {
    const { functions, begun } = recordingFunctions();
    await using engine = openRestateEngine(await newPlace(server), functions);
    await recoverBodies(engine);
    const ids = await Promise.all(Array.from({ length: 10 }, () => start(engine, 'six')));
    await until('some steps', () => begun.length >= 20);
    await server.kill();
    await server.start();
    for (const id of ids) await until(`${id} completes`, () => engine.read.status(id) === 'completed');
    for (const id of ids) {
      const steps = begun.flatMap((line) => (line.startsWith(id) ? [Number(line.slice(-1))] : []));
      assert.deepEqual(
        steps,
        steps.toSorted((one, other) => one - other),
      );
      assert.deepEqual([...new Set(steps)], [0, 1, 2, 3, 4, 5]);
      const events = engine.read.events(id, 0, 100);
      assert.deepEqual(
        events.filter(({ type }) => type === 'step_completed').map(({ step }) => step),
        ['s0', 's1', 's2', 's3', 's4', 's5'],
      );
      assert.deepEqual(
        events.map(({ seq }) => seq),
        events.map((_, index) => index + 1),
      );
    }
  });

  it('makes the views of another node from Restate, and wakes a step that goes on elsewhere', async () => {
    const here = recordingFunctions();
    const place = await newPlace(server);
    await using first = openRestateEngine(place, here.functions);
    await recoverBodies(first);
    const id = await start(first, 'hangs');
    await until('the step', () => first.read.execution(id)?.currentStep === 'second');
    const events = first.read.events(id, 0, 100);
    // The newest node gets the calls; what is under way stays where it is.
    await using second = openRestateEngine(await newPlace(server, place.namespace), recordingFunctions().functions);
    await second.recover();
    assert.equal((await second.cancel(id, { who: 'bob', reason: null })).status, 'cancelled');
    await until('the signal', () => here.aborted() === 1);
    assert.deepEqual(second.read.events(id, 0, 100).slice(0, -1), events);
    assert.equal(second.read.events(id, 0, 100).at(-1)?.type, 'cancelled');
    assert.equal(second.read.entry(id, 'first')?.value, 'first');
    assert.deepEqual(second.read.execution(id)?.input, {});
  });

  it('lets an attempt that another one has replaced record nothing more, and begin nothing', async () => {
    const { functions, begun } = recordingFunctions();
    const place = await newPlace(server);
    await using engine = openRestateEngine(place, functions);
    await recoverBodies(engine);
    const id = await start(engine, 'six');
    await until('the second step', () => begun.length === 2);
    const client = new RestateClient(place);
    const address = { service: `${place.namespace}_execution_v1`, key: id, handler: 'begin' };
    const taken = await client.call(address, { driver: 'another', wake: null }, pageSchema, { patienceMs: 1000 });
    await delay(150);
    const done = engine.read.events(id, 0, 100).length;
    assert.equal(done, taken.lastSeq);
    assert.ok(begun.length <= 3 && engine.read.status(id) === 'running');
  });

  it('carries the largest results that steps may have, and more of them than a message takes; ends what is too large at once', async () => {
    const functions = {
      text: defineFunction({
        description: 'Gives the largest text, of characters of three bytes',
        arguments: z.strictObject({}),
        run: ({ step }) => step(async () => '語'.repeat(4 * 1024 * 1024 - 2)),
      }),
    };
    await using engine = openRestateEngine(await newPlace(server), functions);
    const all = `fork: { branches: [a: { call: text }, b: { call: text }, c: { call: text }] }`;
    const ask = `{ call: accept, with: { title: Go on?, doc_type: text, subject: it } }`;
    for (const [name, rest] of Object.entries({
      large: `ask: ${ask}, last: { set: { done: true } }`,
      larger: 'last: { set: { size: 1 }, if: "${ false }" }',
    })) {
      const text = `document: { dsl: '1.0.0', namespace: test, name: ${name}, version: '1.0.0' }\ndo: [all: { ${all} }, ${rest}]`;
      await engine.register(loadDefinition(text, engine.functions));
    }
    await engine.recover();
    const id = await start(engine, 'large');
    await until('the question', () => engine.read.status(id) === 'waiting_acceptance');
    await engine.answer({ executionId: id }, { kind: 'acceptance', accepted: true }, { answerId: 'a', answeredBy: 'ann' });
    await until('the end', () => engine.read.status(id) === 'completed');
    const entry = engine.read.entry(id, 'all@branch-2/c')?.value;
    assert.equal(typeof entry === 'string' ? entry.length : 0, 4 * 1024 * 1024 - 2);
    const larger = await start(engine, 'larger');
    await until('the end', () => engine.read.status(larger) === 'failed');
    assert.match(JSON.stringify(engine.read.execution(larger)?.error), /LIMIT_EXCEEDED/);
  });
});

describe('RestateEngine without Restate', () => {
  it('refuses definitions that it cannot run, and says why', async () => {
    const { dir, port } = await newPlace(options);
    await using engine = new RestateEngine({ ...options, dir, service: { host: '127.0.0.1', port, identityKeys: [] } });
    const text = `
document: { dsl: '1.0.0', namespace: test, name: daily, version: '1.0.0' }
schedule: { every: { hours: 24 } }
do: [one: { set: { n: 1 } }]`;
    const definition = loadDefinition(text, engine.functions);
    await assert.rejects(engine.register(definition), { code: 'INVALID_DEFINITION', message: /\/schedule/ });
  });

  const options = {
    ingressUrl: 'http://127.0.0.1:1',
    adminUrl: 'http://127.0.0.1:1',
    durability: 'process',
    clock: systemClock,
    random: systemRandom,
    functions: {},
    patienceMs: 100,
  } as const;

  it('says that Restate cannot be reached', async () => {
    const { dir, port } = await newPlace(options);
    await using engine = new RestateEngine({ ...options, dir, service: { host: '127.0.0.1', port, identityKeys: [] } });
    await assert.rejects(engine.recover(), { code: 'SERVICE_UNAVAILABLE' });
  });

  it('listens for others only with the keys of Restate', async () => {
    const { dir, port } = await newPlace(options);
    const service = { host: '0.0.0.0', port, identityKeys: [] };
    assert.throws(() => new RestateEngine({ ...options, dir, service }), { code: 'INVALID_CONFIGURATION' });
  });
});

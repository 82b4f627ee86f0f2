import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { type ScriptedProvider, startProvider } from '@loopwright/models/scripted';
import { DEFAULT_WATCHING, type Edge, createEdge, noJail } from '@loopwright/edge';
import {
  type Json,
  type Repair,
  type Sample,
  driftVerdictSchema,
  repairListSchema,
  sampleListSchema,
  sampleSchema,
  systemClock,
  systemRandom,
  validationSummarySchema,
} from '@loopwright/protocol';
import { ExampleStore } from '../examples/example-store.ts';
import { type TestServer, errorIn, openServer } from '../http/app-fixture.ts';
import { openTestWatching } from './watching-fixture.ts';
import { EdgeClient } from '../programs/edge-client.ts';

/** As the bundled one, a workflow that ends with a person's decision. */
const MAKER = `
document: { dsl: '1.0.0', namespace: test, name: program-from-examples, version: '1.0.0' }
do:
  - review:
      call: accept
      with: { title: Serve it, doc_type: program_version, subject: { version: 2 } }
  - decide: { switch: [{ accepted: { when: '\${ .accepted }', then: end } }, { rejected: { then: reject } }] }
  - reject: { raise: { error: { type: 'urn:test:rejected', status: 409, title: Rejected, detail: Not good enough } } }
`;
const SOURCE = `export function run({ text }: { text: string }): string { return text.includes('prize') ? 'spam' : 'ham'; }`;
const PATH = '/api/v1/programs/mail';
const drift = {
  ...(DEFAULT_WATCHING.drift ?? assert.fail()),
  referenceRecords: 60,
  windowRecords: 30,
  windowMinutes: 0,
  windowsIn: 1,
};

describe('samples, drift and repairs', () => {
  let dir = '';
  let server: TestServer;
  let edge: Edge;
  let provider: ScriptedProvider;
  let edgeUrl = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'loopwright-repairs-'));
    provider = await startProvider();
    const definitions = { maker: MAKER };
    server = await openServer({ dir, definitions, edgeUrl: () => edgeUrl, modelUrl: provider.url });
    await server.programs.store('mail', { id: 'v1', source: SOURCE });
    const watching = { ...DEFAULT_WATCHING, sampling: { strategy: 'random', rate: 1 }, drift } as const;
    const parts = { clock: systemClock, random: systemRandom };
    edge = await createEdge({
      dataDir: join(dir, 'edge'),
      ...parts,
      sandbox: { jail: noJail, workers: 1 },
      watching,
      authToken: 'secret',
    });
    edgeUrl = await edge.app.listen({ host: '127.0.0.1', port: 0 });
  });
  after(async () => {
    await edge.close();
    await server.close();
    await provider[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  const batch = async (count: number, text: (index: number) => string): Promise<void> => {
    const items = Array.from({ length: count }, (_, index) => ({ id: String(index), input: { text: text(index) } }));
    const payload = { task_id: 'mail', items };
    assert.equal((await edge.app.inject({ method: 'POST', url: '/batch/execute', payload })).statusCode, 200);
  };
  const open = async (state = 'open'): Promise<Sample[]> =>
    sampleListSchema.parse((await server.get(`${PATH}/samples?state=${state}&limit=200`)).body).samples;
  const repairs = async (): Promise<{ repairs: Repair[]; waiting_for: string | null }> =>
    repairListSchema.parse((await server.get(`${PATH}/repairs`)).body);
  const executions = (): number =>
    server.engine.read.executions({ limit: 100 }).executions.filter(({ startedBy }) => startedBy === 'system:drift').length;
  const audited = (): Promise<{ kind: string; status: number | null }[]> =>
    server.database.selectFrom('audit').select(['kind', 'status']).where('operation', '=', 'repair').orderBy('seq').execute();

  it('lets people label samples, once each, with the same key the same answer', async () => {
    await server.programs.setActive('mail', 1, { record: { id: 'p0' } });
    await batch(4, (index) => `hello number ${index}`);
    const [first, second] = await open();
    const claim = await server.post(`${PATH}/samples/claim`, {}, { 'idempotency-key': 'k1' });
    assert.deepEqual((await server.post(`${PATH}/samples/claim`, {}, { 'idempotency-key': 'k1' })).body, claim.body);
    assert.equal((claim.body as { sample: Sample }).sample.sample_id, first?.sample_id);
    const url = `${PATH}/samples/${first?.sample_id}/answer`;
    const answered = await server.post(url, { output: 'spam' }, { 'idempotency-key': 'k2' });
    assert.equal(sampleSchema.parse(answered.body).validation?.match, false);
    assert.deepEqual((await server.post(url, { output: 'spam' }, { 'idempotency-key': 'k2' })).body, answered.body);
    const other = errorIn(await server.post(url, { output: 'ham' }), 'SAMPLE_TAKEN');
    assert.equal(other.details?.['state'], 'answered');
    assert.equal((await server.post(`${PATH}/samples/${second?.sample_id}/skip`)).status, 200);
    const { versions, samples } = validationSummarySchema.parse((await server.get(`${PATH}/validation`)).body);
    assert.deepEqual([versions[0]?.all.total, samples.answered, samples.skipped, samples.open], [1, 1, 1, 2]);
    errorIn(await server.get(`${PATH}/samples/nothing`), 'SAMPLE_NOT_FOUND');
    const page = sampleListSchema.parse((await server.get(`${PATH}/samples?limit=2`)).body);
    const rest = sampleListSchema.parse((await server.get(`${PATH}/samples?limit=2&cursor=${page.next_cursor}`)).body);
    assert.deepEqual([page.samples.length, rest.samples.length, rest.next_cursor], [2, 2, null]);
    errorIn(await server.get(`${PATH}/samples?cursor=x`), 'VALIDATION_ERROR');
  });

  it('asks the model that is set, counts what it cost, and skips what it cannot make out', async () => {
    const [third, fourth] = await open();
    provider.script({ text: '{"output": "ham"}', usage: { prompt_tokens: 1000, completion_tokens: 10, total_tokens: 1010 } });
    const asked = sampleSchema.parse((await server.post(`${PATH}/samples/${third?.sample_id}/ask`)).body);
    assert.deepEqual([asked.validation?.match, asked.validation?.oracle_provider], [true, 'openai']);
    assert.match(provider.seen[0]?.raw ?? '', /hello number 2/);
    const cost = asked.validation?.oracle_cost ?? 0;
    assert.ok(cost > 0);
    provider.script({ text: 'I cannot say', usage: { prompt_tokens: 1000, completion_tokens: 10, total_tokens: 1010 } });
    errorIn(await server.post(`${PATH}/samples/${fourth?.sample_id}/ask`), 'AGENT_FAILED');
    const { budget, samples } = validationSummarySchema.parse((await server.get(`${PATH}/validation`)).body);
    assert.deepEqual([budget.spent_usd.toFixed(6), samples.skipped], [(cost * 2).toFixed(6), 2]);
    await using bare = await openServer({ edgeUrl: () => edgeUrl });
    await bare.programs.store('mail', { id: 'v1', source: SOURCE });
    await batch(1, () => 'one more');
    const [last] = await open();
    assert.equal(errorIn(await bare.post(`${PATH}/samples/${last?.sample_id}/ask`), 'PROVIDER_NOT_CONFIGURED').status, 503);
  });

  it('says what a repair waits for, then opens one, and only one, whatever a crash cut off', async () => {
    const examples = await ExampleStore.open({ dir: join(dir, 'examples'), limits: {}, random: systemRandom });
    const lines = [
      { input: { text: 'a prize' }, output: 'spam' },
      { input: { text: 'NEW KIND 1 !!' }, output: 'ham' },
    ];
    const { digest } = await examples.put(Readable.from(lines.map((line) => Buffer.from(`${JSON.stringify(line)}\n`))), 'jsonl');
    const input: Json = { program: 'mail', task_description: 'Sort mail', examples: digest, seed: 7 };
    const made = { executionId: 'made-it', workflow: 'program-from-examples', projectId: 'default', input, startedBy: 'ann' };
    await server.engine.start(made);

    await batch(60, (index) => `dear friend number ${index % 5}, how are you today`);
    assert.deepEqual(await repairs(), { repairs: [], waiting_for: null, next_cursor: null });
    await batch(30, (index) => `NEW KIND ${index} !!`);
    const verdict = driftVerdictSchema.parse((await server.get(`${PATH}/drift`)).body);
    assert.deepEqual([verdict.state, verdict.examples.length, verdict.version], ['drifting', 10, 1]);
    assert.match((await repairs()).waiting_for ?? '', /not known from which examples/);
    await server.programs.setActive('mail', 1, { record: { id: 'p1', execution_id: 'made-it' } });
    assert.match((await repairs()).waiting_for ?? '', /^1 of 3 counter-examples are labelled/);
    await server.watching.watcher.round();
    assert.equal(executions(), 0);
    const waiting = (await open()).filter(({ input_data }) => JSON.stringify(input_data).includes('NEW KIND'));
    for (const { sample_id: id } of waiting.slice(0, 4))
      assert.equal((await server.post(`${PATH}/samples/${id}/answer`, { output: 'alert' })).status, 200);

    // Three at once, as two servers after each other or a slow round would.
    await Promise.all([1, 2, 3].map(() => server.watching.watcher.round()));
    assert.equal(executions(), 1);
    const [repair] = (await repairs()).repairs;
    assert.deepEqual([repair?.state, repair?.counterexamples, repair?.verdict.drift_id], ['open', 5, verdict.drift_id]);
    const execution = server.engine.read.execution(repair?.execution_id ?? '');
    assert.deepEqual(execution?.input, { ...(input as object), examples: repair?.examples });
    const joined = await examples.read(repair?.examples ?? '');
    assert.ok(
      joined.some(({ output }) => output === 'spam'),
      'the examples of before',
    );
    assert.equal(joined.filter(({ output }) => output === 'alert').length, 4);
    // What was labelled later is right, also where the examples of before said something else.
    assert.equal(joined.find((example) => JSON.stringify(example.input).includes('NEW KIND 1 !!'))?.output, 'alert');
    assert.deepEqual(
      (await audited()).map(({ kind, status }) => [kind, status]),
      [
        ['intent', null],
        ['outcome', 201],
      ],
    );
  });

  it('completes what a crash cut off before the start, after it, and before it was written down', async () => {
    const { database, engine, programs, audit, authorization, watching } = server;
    const { repair_id: id } = (await watching.store.open())[0] ?? assert.fail();
    const edgeClient = new EdgeClient({ url: () => edgeUrl, ready: async () => undefined, authToken: 'secret' });
    const examples = await ExampleStore.open({ dir: join(dir, 'examples'), limits: {}, random: systemRandom });
    const again = (): ReturnType<typeof openTestWatching> =>
      openTestWatching({
        database,
        engine,
        programs,
        audit,
        examples,
        edge: edgeClient,
        authorization,
        log: server.app.log,
      });
    // Started and audited, and the row does not know it.
    await database.updateTable('repairs').set({ begun: 0 }).where('repair_id', '=', id).execute();
    await again().watcher.round();
    assert.deepEqual([executions(), (await audited()).length, (await repairs()).repairs[0]?.execution_id], [1, 2, id]);
    // Inserted, and nothing else: the next process starts it, once.
    await database.updateTable('repairs').set({ state: 'cancelled' }).where('repair_id', '=', id).execute();
    const row = await database.selectFrom('repairs').selectAll().where('repair_id', '=', id).executeTakeFirstOrThrow();
    const { no: _no, ...rest } = row;
    await watching.store.insert({ ...rest, repair_id: 'cut-off', state: 'open', begun: 0 });
    assert.equal(await watching.store.insert({ ...rest, repair_id: 'second', state: 'open', begun: 0 }), false);
    for (let restart = 0; restart < 2; restart += 1) await again().watcher.round();
    assert.deepEqual([executions(), (await audited()).length], [2, 4]);
    assert.equal((await watching.store.open()).length, 1, JSON.stringify(engine.read.execution('cut-off')));
  });

  it('ends with the decision of a person, and leaves time before the next one', async () => {
    const reject = { accepted: false, comment: 'Not yet' };
    assert.equal((await server.post('/api/v1/executions/cut-off/acceptance', reject)).status, 200);
    for (let round = 0; round < 6000 && (await server.watching.store.open()).length > 0; round += 1) {
      await new Promise((resolve) => void setTimeout(resolve, 10));
      await server.watching.watcher.round();
    }
    const { repairs: all, waiting_for: waiting } = await repairs();
    assert.deepEqual([all[0]?.repair_id, all[0]?.state, all[0]?.reason], ['cut-off', 'rejected', 'Not good enough']);
    assert.match(waiting ?? '', /another 24 hour/);
    await server.watching.watcher.round();
    assert.equal(executions(), 2);
  });

  it('ends a repair that can never begin', async () => {
    const { database, watching } = server;
    const row = await database.selectFrom('repairs').selectAll().where('repair_id', '=', 'cut-off').executeTakeFirstOrThrow();
    const { no: _no, ...rest } = row;
    // The id is that of an execution of something else.
    await watching.store.insert({ ...rest, repair_id: 'made-it', state: 'open', begun: 0, closed_at: null });
    await watching.watcher.round();
    const [newest] = (await repairs()).repairs;
    assert.deepEqual([newest?.repair_id, newest?.state], ['made-it', 'failed']);
    assert.match(newest?.reason ?? '', /made-it/);
  });
});

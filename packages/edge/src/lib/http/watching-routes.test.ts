import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type SampleList,
  type Sample,
  driftVerdictSchema,
  errorResponseSchema,
  sampleListSchema,
  sampleSchema,
  systemClock,
  systemRandom,
  validationSummarySchema,
} from '@loopwright/protocol';
import { DEFAULT_DRIFT } from '../drift/drift-options.ts';
import { noJail } from '../sandbox/jail/jail.ts';
import { ProgramStore } from '../store/program-store.ts';
import { DEFAULT_VALIDATION } from '../validation/validation-options.ts';
import { type Edge, createEdge } from './create-edge.ts';

const SOURCE = `export function run({ text }: { text: string }): string { return text.includes('prize') ? 'spam' : 'ham'; }`;
const REFERENCE = `export function run({ text }: { text: string }): string {
  if (text.includes('hopeless')) throw new Error('no idea');
  return text.includes('prize') || text.includes('win') ? 'SPAM' : 'ham';
}`;
const parts = { clock: systemClock, random: systemRandom };
const OPTIONS = {
  ...parts,
  sandbox: { jail: noJail, workers: 1, timeoutMs: 5000 },
  watching: {
    sampling: { strategy: 'random', rate: 1 },
    validation: { ...DEFAULT_VALIDATION, referencePrograms: { judged: 'reference' } },
    drift: { ...DEFAULT_DRIFT, referenceRecords: 50, windowRecords: 30, windowMinutes: 0, windowsIn: 1 },
  },
  authToken: 'token',
} as const;

describe('the watching routes of the edge', () => {
  let dir = '';
  let edge: Edge;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'loopwright-watching-'));
    const store = new ProgramStore({ dir, clock: systemClock });
    for (const [name, source] of Object.entries({ asked: SOURCE, judged: SOURCE, reference: REFERENCE })) {
      await store.store(name, { id: 'a', source });
      await store.setActive(name, 1, { record: { id: 'p' } });
    }
    edge = await createEdge({ dataDir: dir, ...OPTIONS });
  });
  after(async () => {
    await edge.close();
    await rm(dir, { recursive: true });
  });

  async function call(
    method: 'GET' | 'POST',
    url: string,
    body?: object,
    token = 'token',
  ): Promise<{ status: number; body: unknown }> {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await edge.app.inject({ method, url, headers, ...(body === undefined ? {} : { payload: body }) });
    return { status: answer.statusCode, body: answer.json() };
  }
  const execute = (task: string, text: string): Promise<unknown> => call('POST', `/tasks/${task}/execute`, { input: { text } });
  const list = async (task: string, query = ''): Promise<SampleList> =>
    sampleListSchema.parse((await call('GET', `/tasks/${task}/samples${query}`)).body);
  const codeOf = ({ body }: { body: unknown }): string => errorResponseSchema.parse(body).error_code;

  it('gives samples to people: listed, claimed, answered, skipped, and kept over a restart', async () => {
    for (const text of ['a prize', 'hello', 'win it']) await execute('asked', text);
    const { samples, oracle, next_cursor } = await list('asked');
    assert.deepEqual(
      samples.map(({ input_data, output_data, reason, state }) => [input_data, output_data, reason, state]),
      [
        [{ text: 'a prize' }, 'spam', 'random', 'open'],
        [{ text: 'hello' }, 'ham', 'random', 'open'],
        [{ text: 'win it' }, 'ham', 'random', 'open'],
      ],
    );
    assert.deepEqual([oracle, next_cursor], ['people', null]);
    const claimed = (await call('POST', '/tasks/asked/samples/claim', { by: 'ann' })).body as { sample: Sample };
    const [first, second, third] = samples.map(({ sample_id: id }) => `/tasks/asked/samples/${id}`) as [string, string, string];
    assert.deepEqual([claimed.sample.sample_id, claimed.sample.claimed_by], [samples[0]?.sample_id, 'ann']);
    assert.equal(codeOf(await call('POST', `${first}/answer`, { by: 'bob', answer: { correct: true } })), 'SAMPLE_TAKEN');
    assert.equal((await call('POST', `${first}/answer`, { by: 'ann', answer: { correct: true } })).status, 200);
    assert.equal((await call('POST', `${second}/skip`, { by: 'bob' })).status, 200);
    await edge.close();
    edge = await createEdge({ dataDir: dir, ...OPTIONS });
    const answered = sampleSchema.parse((await call('POST', `${third}/answer`, { by: 'bob', answer: { output: 'spam' } })).body);
    assert.deepEqual([answered.state, answered.validation?.match, answered.validation?.oracle_model], ['answered', false, 'bob']);
    const summary = validationSummarySchema.parse((await call('GET', '/tasks/asked/validation')).body);
    assert.deepEqual(summary.samples, { open: 0, claimed: 0, answered: 2, skipped: 1, expired: 0 });
    assert.deepEqual([summary.versions[0]?.estimate.total, summary.versions[0]?.estimate.share], [2, 0.5]);
    assert.equal((await list('asked', '?state=skipped')).samples[0]?.answered_by, 'bob');
  });

  it('asks a reference program by itself, and skips what it cannot judge', async () => {
    for (const text of ['a prize', 'win it', 'hopeless']) await execute('judged', text);
    let summary = validationSummarySchema.parse((await call('GET', '/tasks/judged/validation')).body);
    for (let round = 0; round < 1200 && summary.samples.open > 0; round += 1) {
      await delay(25);
      summary = validationSummarySchema.parse((await call('GET', '/tasks/judged/validation')).body);
    }
    assert.equal(summary.oracle, 'program');
    assert.deepEqual([summary.samples.answered, summary.samples.skipped, summary.versions[0]?.all.matched], [2, 1, 1]);
    const { samples } = await list('judged', '?state=answered');
    assert.deepEqual(
      samples.map(({ validation }) => [validation?.oracle_provider, validation?.oracle_model, validation?.match]),
      [
        ['program', 'reference v1', true],
        ['program', 'reference v1', false],
      ],
    );
  });

  it('finds that the inputs have changed, and still knows it after a restart', async () => {
    const items = (count: number, text: (index: number) => string): object[] =>
      Array.from({ length: count }, (_, index) => ({ id: String(index), input: { text: text(index) } }));
    const batch = (count: number, text: (index: number) => string): Promise<unknown> =>
      call('POST', '/batch/execute', { task_id: 'reference', items: items(count, text) });
    await batch(60, (index) => `order ${index % 9} came late, please help me soon`);
    const learned = driftVerdictSchema.parse((await call('GET', '/tasks/reference/drift')).body);
    assert.equal(learned.state, 'stable', learned.why);
    await batch(30, (index) => `ZAHLUNG ${index} FEHLT`);
    for (const restart of [false, true]) {
      if (restart) {
        await edge.close();
        edge = await createEdge({ dataDir: dir, ...OPTIONS });
      }
      const { state, findings, examples, since } = driftVerdictSchema.parse((await call('GET', '/tasks/reference/drift')).body);
      assert.deepEqual([state, findings.some(({ field }) => field === 'input.text'), examples.length], ['drifting', true, 10]);
      assert.ok(since !== null);
    }
  });

  it('goes on with other options when it is told so: oracle, budget, and what is sampled', async () => {
    const watching = {
      ...OPTIONS.watching,
      sampling: { strategy: 'random', rate: 1 },
      validation: { ...DEFAULT_VALIDATION, referencePrograms: { asked: 'reference' }, budgetUsdPerDay: 0 },
    } as const;
    edge.watch(watching);
    const off = validationSummarySchema.parse((await call('GET', '/tasks/asked/validation')).body);
    assert.deepEqual([off.oracle, off.budget.exhausted, off.samples.answered], ['program', true, 2]);
    const waiting = off.samples.open;
    await execute('asked', 'beyond the budget');
    edge.watch({ ...watching, validation: { ...watching.validation, budgetUsdPerDay: null } });
    await execute('asked', 'win it again');
    let summary = validationSummarySchema.parse((await call('GET', '/tasks/asked/validation')).body);
    for (let round = 0; round < 1200 && summary.samples.answered < 3 + waiting; round += 1) {
      await delay(25);
      summary = validationSummarySchema.parse((await call('GET', '/tasks/asked/validation')).body);
    }
    assert.equal(summary.samples.answered, 3 + waiting);
    edge.watch({ ...watching, sampling: { strategy: 'random', rate: 0 }, drift: null });
    await execute('asked', 'not looked at');
    const { samples } = validationSummarySchema.parse((await call('GET', '/tasks/asked/validation')).body);
    assert.deepEqual(samples, summary.samples);
    const drift = driftVerdictSchema.parse((await call('GET', '/tasks/asked/drift')).body);
    assert.match(drift.why, /not watched/u);
    edge.watch(OPTIONS.watching);
    const known = driftVerdictSchema.parse((await call('GET', '/tasks/reference/drift')).body);
    assert.equal(known.state, 'drifting', 'what was found out stays');
  });

  it('lets only the orchestrator in, and refuses what is no answer', async () => {
    const routes = ['/tasks/asked/samples', '/tasks/asked/validation', '/tasks/asked/drift', '/tasks/asked/samples/x'] as const;
    for (const url of routes) assert.equal(codeOf(await call('GET', url, undefined, 'other')), 'UNAUTHORIZED');
    for (const rest of ['claim', 'x/answer', 'x/skip'])
      assert.equal(codeOf(await call('POST', `/tasks/asked/samples/${rest}`, { by: 'x' }, 'other')), 'UNAUTHORIZED');
    assert.equal(codeOf(await call('GET', '/tasks/nobody/samples')), 'PROGRAM_NOT_FOUND');
    assert.equal(codeOf(await call('GET', '/tasks/asked/samples/x')), 'SAMPLE_NOT_FOUND');
    for (const answer of [{}, { output: 1, correct: true }, { correct: false }, { output: 1, more: 1 }])
      assert.equal(codeOf(await call('POST', '/tasks/asked/samples/x/answer', { by: 'ann', answer })), 'VALIDATION_ERROR');
    for (const query of ['?state=odd', '?limit=0', '?cursor=x', '?limit=1000', '?more=1'])
      assert.equal(codeOf(await call('GET', `/tasks/asked/samples${query}`)), 'VALIDATION_ERROR', query);
  });
});

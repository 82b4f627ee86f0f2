import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_WATCHING, type ProgramStore } from '@loopwright/edge';
import {
  type JsonObject,
  type Rollout,
  executeResponseSchema,
  isoTime,
  programAliasSchema,
  programTimelineSchema,
  rolloutListSchema,
  rolloutSchema,
  systemClock,
  taskExecuteResponseSchema,
} from '@loopwright/protocol';
import { type Answer, type TestServer, errorIn } from '../http/app-fixture.ts';
import { type Served, openServed } from '../http/served-fixture.ts';

const SOURCES = {
  good: `export const run = (input: number): string => 'one ' + input;`,
  better: `export const run = (input: number): string => 'two ' + input;`,
  failing: `export const run = (input: number): string => { if (input % 2 === 0) throw new Error('even'); return 'three ' + input; };`,
  hanging: `export const run = (input: number): string => { for (;;) {} };`,
  broken: `export const run = (input: number): string => { throw new Error('never'); };`,
  slow: `export const run = (input: number): string => { for (const end = Date.now() + 4; Date.now() < end; ); return 'six ' + input; };`,
};
const PATH = '/api/v1/programs/step';
const ALIAS = `${PATH}/aliases/active`;

let served: Served;
let server: TestServer;
before(async () => {
  const fill = async (programs: ProgramStore): Promise<void> => {
    for (const [id, source] of Object.entries(SOURCES)) {
      const metadata = id === 'broken' ? { metadata: { warmup_inputs: [1] } } : {};
      await programs.store('step', { id, source, metadata });
    }
  };
  const watching = { ...DEFAULT_WATCHING, sampling: { strategy: 'random', rate: 0 }, drift: null } as const;
  served = await openServed(fill, { timeoutMs: 1000, edge: { watching } });
  ({ server } = served);
});
after(() => served[Symbol.asyncDispose]());

let moves = 0;
beforeEach(async () => {
  moves += 1;
  await server.programs.setActive('step', 1, { record: { id: `reset-${moves}` } });
  await fetch(`${served.edgeUrl}/tasks/step/refresh`, { method: 'POST', headers: { authorization: 'Bearer secret' } });
});
afterEach(async () => {
  const { rollouts } = rolloutListSchema.parse((await server.get(`${PATH}/rollouts`)).body);
  for (const { rollout_id: id, completed_at: at } of rollouts)
    if (at === null) await server.post(`${PATH}/rollouts/${id}/rollback`, {}, { 'if-match': '*' });
});

const etagOf = async (path: string): Promise<string> => (await server.get(path)).headers.get('etag') ?? '';
const begin = async (body: JsonObject): Promise<Answer> =>
  server.post(`${PATH}/rollouts`, body, { 'if-match': await etagOf(ALIAS) });
async function started(body: JsonObject): Promise<Rollout> {
  const answer = await begin(body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return rolloutSchema.parse(answer.body);
}
const read = async (id: string): Promise<Rollout> => rolloutSchema.parse((await server.get(`${PATH}/rollouts/${id}`)).body);
const act = (id: string, action: string, body: JsonObject = {}, match = '*'): Promise<Answer> =>
  server.post(`${PATH}/rollouts/${id}/${action}`, body, { 'if-match': match });
async function until(id: string, condition: (rollout: Rollout) => boolean): Promise<Rollout> {
  for (const end = performance.now() + 60_000; ; await delay(50)) {
    const rollout = await read(id);
    if (condition(rollout)) return rollout;
    assert.ok(performance.now() < end, JSON.stringify(rollout));
  }
}
async function ask(input: number, key?: string): Promise<Answer> {
  return server.post(`${PATH}/execute`, { input }, key === undefined ? {} : { 'x-rollout-key': key });
}
const versionIn = ({ headers }: Answer): string | null => headers.get('x-program-version');

describe('a canary', () => {
  it('gives the same keys to the candidate, more of them with each stage, and ends active with its evidence', async () => {
    const { rollout_id: id, stages, current_percentage: first } = await started({ candidate: 2, stage_seconds: 600 });
    assert.deepEqual([stages, first], [[5, 25, 50, 100], 5]);
    const keys = Array.from({ length: 60 }, (_, n) => `user-${n}`);
    const chosen = async (): Promise<Set<string>> => {
      const versions = await Promise.all(keys.map(async (key) => [key, versionIn(await ask(1, key))] as const));
      return new Set(versions.filter(([, version]) => version === '2').map(([key]) => key));
    };
    const first5 = await chosen();
    assert.deepEqual(await chosen(), first5, 'a key changed its version');
    const alias = programAliasSchema.parse((await server.get(ALIAS)).body);
    assert.deepEqual(alias.weights, [
      { version: 1, percentage: 95 },
      { version: 2, percentage: 5 },
    ]);
    assert.equal((await act(id, 'advance')).status, 200);
    assert.equal((await act(id, 'advance')).status, 200);
    const half = await chosen();
    assert.ok(
      [...first5].every((key) => half.has(key)) && half.size > 15 && half.size < 45,
      `${first5.size} then ${half.size} of 60`,
    );
    assert.equal((await act(id, 'promote', { reason: 'convinced' })).status, 200);
    const done = await read(id);
    assert.deepEqual([done.status, done.current_percentage], ['completed', 100]);
    assert.deepEqual(
      done.history.map(({ action, percentage }) => [action, percentage]),
      [
        ['start', 5],
        ['advance', 25],
        ['advance', 50],
        ['promote', 50],
        ['complete', 100],
      ],
    );
    assert.equal(versionIn(await ask(1)), '2');
    assert.equal(await server.programs.rollout('step'), null);
    const { active } = programTimelineSchema.parse((await server.get(`${PATH}/timeline`)).body);
    assert.deepEqual([active?.version, active?.rollout_id, active?.why, active?.moved_by], [2, id, 'convinced', 'developer']);
  });

  it('goes on by itself while nothing speaks against the candidate', async () => {
    const { rollout_id: id } = await started({ candidate: 2, stages: [50, 100], stage_seconds: 0, minimum_samples: 5 });
    assert.match((await read(id)).waits_for ?? '', /./u);
    const done = await until(id, ({ status }) => {
      void ask(1).catch(() => undefined);
      return status === 'completed';
    });
    assert.ok(done.figures.candidate.requests >= 10);
    assert.ok(done.history.every(({ action, by }) => action === 'start' || by === null));
    assert.equal(versionIn(await ask(1)), '2');
  });

  it('is rolled back when the candidate fails more often than chance allows, and says with which numbers', async () => {
    const { rollout_id: id } = await started({ candidate: 3, stages: [50, 100], stage_seconds: 600 });
    for (let round = 0; round < 4; round += 1) await Promise.all(Array.from({ length: 30 }, (_, n) => ask(n)));
    const ended = await until(id, ({ status }) => status === 'rolled_back');
    assert.match(ended.status_reason ?? '', /^Failures: .*% of the candidate's requests, 0\.0 % of the incumbent's/u);
    const test = ended.tests.find(({ metric }) => metric === 'errors');
    assert.ok(test !== undefined && test.e_value >= test.threshold);
    assert.deepEqual([ended.current_percentage, ended.history.at(-1)?.by], [0, null]);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => ask(n)));
    assert.ok(answers.every((answer) => answer.status === 200 && versionIn(answer) === '1'));
  });

  it('is rolled back when its answers are slower than chance allows', async () => {
    const { rollout_id: id } = await started({ candidate: 6, stages: [50, 100], stage_seconds: 600 });
    // What is slow is set by the incumbent's first answers.
    for (let round = 0; round < 60 && (await read(id)).status !== 'rolled_back'; round += 1)
      await Promise.all(Array.from({ length: 10 }, (_, n) => ask(n)));
    const ended = await read(id);
    assert.equal(ended.status, 'rolled_back', JSON.stringify(ended));
    assert.match(ended.status_reason ?? '', /^Slow answers: \d/u);
    const { candidate, incumbent } = ended.figures;
    assert.ok(candidate.slow / candidate.timed > 1.5 * (incumbent.slow / incumbent.timed), JSON.stringify(ended.figures));
    assert.equal(versionIn(await ask(1)), '1');
  });

  it('is rolled back when people call its answers wrong more often than chance allows', async () => {
    const { rollout_id: id } = await started({ candidate: 2, stages: [50, 100], stage_seconds: 600 });
    const answered = await Promise.all(
      Array.from({ length: 30 }, async (_, n) => {
        const body = { input: n, force_validation: true };
        const execution = taskExecuteResponseSchema.parse((await server.post('/api/v1/tasks/step/execute', body)).body);
        assert.ok(execution.sampled_for_validation);
        // Whatever the candidate says: the incumbent is right.
        const url = `${PATH}/samples/${execution.execution_id}/answer`;
        assert.equal((await server.post(url, { output: `one ${n}` })).status, 200);
        return execution.version;
      }),
    );
    const ended = await until(id, ({ status }) => status === 'rolled_back');
    assert.match(ended.status_reason ?? '', /^Wrong answers: 100\.0 % of the candidate's requests, 0\.0 % of the incumbent's/u);
    assert.equal(ended.figures.candidate.mismatched, answered.filter((version) => version === 2).length);
  });

  it('is paused with too few requests, goes on when they come, and waits for a person that paused it', async () => {
    const { rollout_id: id } = await started({ candidate: 2, stages: [50, 100], stage_seconds: 0, minimum_samples: 60 });
    const paused = await until(id, ({ status }) => status === 'paused');
    assert.match(paused.status_reason ?? '', /Too few requests/u);
    await Promise.all(Array.from({ length: 140 }, () => ask(1)));
    await until(id, ({ status }) => status === 'in_progress');
    assert.equal((await act(id, 'pause', { reason: 'lunch' })).status, 200);
    const kept = await until(id, ({ figures }) => figures.candidate.requests >= 50);
    assert.deepEqual([kept.status, kept.waits_for], ['paused', 'lunch']);
    assert.equal(errorIn(await act(id, 'pause'), 'INVALID_STATE').status, 409);
    assert.equal((await act(id, 'resume')).status, 200);
  });

  it('fails when the candidate cannot run, and when somebody moves the pointer', async () => {
    const { rollout_id: broken } = await started({ candidate: 5 });
    assert.equal(versionIn(await ask(1)), '1');
    assert.match((await until(broken, ({ status }) => status === 'failed')).status_reason ?? '', /cannot run: .*never/u);
    const { rollout_id: moved } = await started({ candidate: 3, stages: [100] });
    await server.programs.setActive('step', 2, { record: { id: `moved-${isoTime(systemClock.now())}` } });
    const ended = await until(moved, ({ status }) => status === 'failed');
    assert.match(ended.status_reason ?? '', /Version 2 was made active/u);
    assert.equal(versionIn(await ask(2)), '2');
  });

  it('is moved only by who has seen it, and one at a time', async () => {
    assert.equal(errorIn(await server.post(`${PATH}/rollouts`, { candidate: 2 }), 'PRECONDITION_REQUIRED').status, 428);
    const tag = await etagOf(ALIAS);
    const { rollout_id: id } = await started({ candidate: 2 });
    assert.notEqual(await etagOf(ALIAS), tag);
    const stale = await server.post(`${PATH}/rollouts`, { candidate: 3 }, { 'if-match': tag });
    assert.equal(errorIn(stale, 'PRECONDITION_FAILED').status, 412);
    assert.equal(errorIn(await begin({ candidate: 3 }), 'ROLLOUT_IN_PROGRESS').details?.['rollout_id'], id);
    const seen = await etagOf(`${PATH}/rollouts/${id}`);
    // Whoever keeps answers is told that the figures are others; who saw the old ones has seen the rollout all the same.
    await ask(1);
    await until(id, ({ figures: { candidate, incumbent } }) => candidate.requests + incumbent.requests > 0);
    assert.equal((await server.get(`${PATH}/rollouts/${id}`, { 'if-none-match': seen })).status, 200);
    assert.equal(errorIn(await server.post(`${PATH}/rollouts/${id}/advance`, {}), 'PRECONDITION_REQUIRED').status, 428);
    const both = await Promise.all([act(id, 'advance', {}, seen), act(id, 'advance', {}, seen)]);
    assert.deepEqual(
      both.map(({ status }) => status).sort((one, other) => one - other),
      [200, 412],
    );
    assert.equal((await act(id, 'rollback', { reason: 'enough' })).status, 200);
    errorIn(await act(id, 'promote'), 'INVALID_STATE');
    for (const body of [{ candidate: 1 }, { candidate: 9 }, { candidate: 2, stages: [50, 5] }, { candidate: 2, stages: [] }])
      assert.ok([400, 404, 409].includes((await begin(body)).status), JSON.stringify(body));
    errorIn(await server.get(`${PATH}/rollouts/nothing`), 'ROLLOUT_NOT_FOUND');
  });
});

describe('a shadow', () => {
  it('changes no answer and holds none up, even if it hangs, and shows how its answers differ', async () => {
    const { rollout_id: id } = await started({ candidate: 4, mode: 'shadow' });
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => ask(n)));
    assert.ok(answers.every((answer) => answer.status === 200 && versionIn(answer) === '1'));
    assert.deepEqual(
      answers.map(({ body }) => executeResponseSchema.parse(body).output),
      answers.map((_, n) => `one ${n}`),
    );
    const seen = await until(id, ({ shadow }) => (shadow?.inputs ?? 0) > 0);
    assert.ok((seen.shadow?.newly_failing ?? 0) > 0 && (seen.shadow?.skipped ?? 0) > 0, JSON.stringify(seen.shadow));
    assert.equal((await act(id, 'rollback')).status, 200);

    const other = await started({ candidate: 3, mode: 'shadow' });
    // No more than run at once, so that none is skipped.
    for (let n = 0; n < 8; n += 1) await ask(n);
    const { shadow } = await until(
      other.rollout_id,
      (rollout) => (rollout.shadow?.inputs ?? 0) + (rollout.shadow?.skipped ?? 0) === 8,
    );
    assert.deepEqual([shadow?.changed, shadow?.newly_failing], [4, 4]);
    assert.equal(shadow?.kinds[0]?.kind, 'Error: even');
    assert.equal((await read(other.rollout_id)).figures.candidate.requests, 0);
  });
});

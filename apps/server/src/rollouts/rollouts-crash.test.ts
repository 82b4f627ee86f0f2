import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ProgramStore } from '@loopwright/edge';
import { type Rollout, promotionListSchema, rolloutSchema, systemClock } from '@loopwright/protocol';
import { openServer } from '../http/app-fixture.ts';
import { NO_GENERATOR, type TestServer, startTestServer } from '../server-fixture.ts';

const PATH = '/api/v1/programs/step';

let dir: string;
let running: TestServer | undefined;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-rollouts-'));
});
after(async () => {
  await running?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** A data folder with two versions, the first one active. */
async function twoVersions(name: string): Promise<{ folder: string; programs: ProgramStore }> {
  const folder = join(dir, name);
  const programs = new ProgramStore({ dir: join(folder, 'edge'), clock: systemClock });
  for (const n of [1, 2]) await programs.store('step', { id: `v${n}`, source: `export const run = (): number => ${n};` });
  await programs.setActive('step', 1, { record: { id: 'first' } });
  return { folder, programs };
}

describe('a rollout', () => {
  it('goes on after kill -9 with the same share, and is promoted once', async () => {
    const { folder } = await twoVersions('killed');
    const flags = ['--data-dir', folder, '--log-level', 'error', '--sandbox-workers', '1', ...NO_GENERATOR];
    const json = { 'content-type': 'application/json', 'if-match': '*' };
    const call = async (url: string, body?: object): Promise<unknown> => {
      const init = body === undefined ? {} : { method: 'POST', headers: json, body: JSON.stringify(body) };
      const response = await fetch(url, init);
      const value: unknown = await response.json();
      assert.ok(response.ok, JSON.stringify(value));
      return value;
    };
    const first = await startTestServer(flags);
    const settings = { candidate: 2, stages: [50, 100], stage_seconds: 0, minimum_samples: 5 };
    const { rollout_id: id } = rolloutSchema.parse(await call(`${first.url}${PATH}/rollouts`, settings));
    await call(`${first.url}${PATH}/rollouts/${id}/pause`, { reason: 'before the crash' });
    await first.kill();

    const second = await startTestServer(flags);
    running = second;
    const one = `${second.url}${PATH}/rollouts/${id}`;
    const kept = rolloutSchema.parse(await call(one));
    assert.deepEqual([kept.status, kept.status_reason, kept.current_percentage], ['paused', 'before the crash', 50]);
    const ask = (): Promise<Response> =>
      fetch(`${second.url}${PATH}/execute`, { method: 'POST', headers: json, body: '{"input":1}' });
    // The edge starts behind the server.
    for (const end = performance.now() + 60_000; (await ask()).status === 503; await delay(50))
      assert.ok(performance.now() < end);
    await call(`${one}/resume`, {});
    let rollout: Rollout = kept;
    for (const end = performance.now() + 60_000; rollout.status !== 'completed';) {
      assert.ok(performance.now() < end, JSON.stringify(rollout));
      await Promise.all(Array.from({ length: 10 }, ask));
      await delay(20);
      rollout = rolloutSchema.parse(await call(one));
    }
    const { promotions } = promotionListSchema.parse(await call(`${second.url}${PATH}/promotions`));
    assert.deepEqual(
      promotions.map(({ id: promotion, to }) => [promotion, to]),
      [
        ['first', 1],
        [`rollout-${id}`, 2],
      ],
    );
  });

  it('that was cut off while it was promoted is finished by the next start, however far it had come', async () => {
    for (const hasMoved of [false, true]) {
      const { folder, programs } = await twoVersions(`promoting-${hasMoved}`);
      const seen = await openServer({ dir: folder });
      const started = await seen.post(`${PATH}/rollouts`, { candidate: 2 }, { 'if-match': '*' });
      const { rollout_id: id } = rolloutSchema.parse(started.body);
      await seen.close();
      // As it stands on the disk when the process dies behind the row, and before or behind the move.
      const again = await openServer({ dir: folder });
      await again.database.updateTable('rollouts').set({ status: 'promoting' }).where('rollout_id', '=', id).execute();
      if (hasMoved) await programs.setActive('step', 2, { expected: 1, record: { id: `rollout-${id}` } });
      await again.close();

      await using server = await openServer({ dir: folder });
      assert.equal(rolloutSchema.parse((await server.get(`${PATH}/rollouts/${id}`)).body).status, 'completed');
      assert.equal(await programs.getActive('step'), 2);
      assert.equal(await programs.rollout('step'), null);
      assert.equal((await programs.promotions('step')).length, 2);
    }
  });

  it('is written again from its row when its plan was lost, and a plan without a rollout goes', async () => {
    const { folder, programs } = await twoVersions('plan');
    await programs.setAlias('step', 'canary', 2, { record: { id: 'other' } });
    const seen = await openServer({ dir: folder });
    const { rollout_id: id } = rolloutSchema.parse(
      (await seen.post(`${PATH}/rollouts`, { candidate: 2 }, { 'if-match': '*' })).body,
    );
    const other = await seen.post(`${PATH}/rollouts`, { candidate: 1, alias: 'canary' }, { 'if-match': '*' });
    await seen.close();
    const { rollout_id: otherId } = rolloutSchema.parse(other.body);
    const otherPlan = { rollout_id: otherId, mode: 'canary' as const, incumbent: 2, candidate: 1, percentage: 5 };
    assert.deepEqual(await programs.rollout('step', 'canary'), otherPlan);
    await programs.setRollout('step', null, 'canary');
    const plan = await programs.rollout('step');
    assert.deepEqual(plan, { rollout_id: id, mode: 'canary', incumbent: 1, candidate: 2, percentage: 5 });
    await programs.setRollout('step', { ...plan, percentage: 100 });
    const again = await openServer({ dir: folder });
    assert.deepEqual([await programs.rollout('step'), await programs.rollout('step', 'canary')], [plan, otherPlan]);
    await again.post(`${PATH}/rollouts/${otherId}/rollback`, {}, { 'if-match': '*' });
    await again.post(`${PATH}/rollouts/${id}/rollback`, {}, { 'if-match': '*' });
    await again.close();
    await programs.setRollout('step', plan);
    await programs.setRollout('step', otherPlan, 'canary');
    await using _ = await openServer({ dir: folder });
    assert.deepEqual([await programs.rollout('step'), await programs.rollout('step', 'canary')], [null, null]);
  });
});

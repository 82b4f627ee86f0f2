import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  type CheckpointView,
  checkpointComparisonSchema,
  checkpointDetailSchema,
  checkpointListSchema,
  rollbackListSchema,
  rollbackSchema,
  seededRandom,
} from '@loopwright/protocol';
import { governanceOf, openGovernedServer } from '../governance/governance-fixture.ts';
import type { TestServer } from '../http/app-fixture.ts';
import { ANN, createOne, detailOf, expectStatus, nextOf, untilRun } from '../runs/runs-fixture.ts';
import { objectsOf } from './capture-checkpoint.ts';
import type { RollbackTable } from './checkpoint-tables.ts';
import { manifestOf } from './checkpoints.ts';
import { captureFiles } from './manifest.ts';
import { ObjectStore } from './object-store.ts';
import { stageWorkspace, swapWorkspace, takeBack } from './restore-workspace.ts';

const INPUTS = {
  planning: { 'PRD.md': 'one\ntwo\n', 'deep/a.txt': 'a' },
  development: { 'program.ts': 'export const run = 1;\n' },
};
const SKIP = { skip_validation: true };

async function checkpointsOf(server: TestServer, runId: string): Promise<CheckpointView[]> {
  return checkpointListSchema.parse(expectStatus(await server.get(`/api/v1/runs/${runId}/checkpoints`), 200)).checkpoints;
}

/** A run whose first two phases are done, and which waits for the third. */
async function twoPhases(server: TestServer): Promise<string> {
  const { run_id } = await createOne(server, { profile: 'checked', inputs: INPUTS });
  await nextOf(server, run_id, SKIP);
  await nextOf(server, run_id, SKIP);
  return run_id;
}

function rollBack(server: TestServer, runId: string, id: string, body?: object): ReturnType<TestServer['post']> {
  return server.post(`/api/v1/runs/${runId}/checkpoints/${id}/rollback`, body, ANN);
}

/** Every file below the artifacts of a run, with its text. */
async function artifactsOf(server: TestServer, runId: string): Promise<Record<string, string>> {
  const root = join(server.workspaces.of(runId).dir, 'artifacts');
  const files = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  const texts = files
    .filter((file) => file.isFile())
    .map(async (file) => {
      const path = join(file.parentPath, file.name);
      return [path.slice(root.length + 1), await readFile(path, 'utf8')] as const;
    });
  return Object.fromEntries((await Promise.all(texts)).sort(([one], [other]) => (one < other ? -1 : 1)));
}

describe('checkpoints', () => {
  let server: TestServer;
  before(async () => {
    server = await openGovernedServer();
  });
  after(() => server[Symbol.asyncDispose]());

  it('are made before and after each phase, with files, state and parent', async () => {
    const runId = await twoPhases(server);
    const list = await checkpointsOf(server, runId);
    assert.deepEqual(
      list.map(({ checkpoint_id, files, parent_checkpoint_id: parent }) => [checkpoint_id, files, parent]),
      [
        ['PRE_planning_v1', 0, null],
        ['POST_planning_v1', 2, 'PRE_planning_v1'],
        ['PRE_development_v1', 2, 'POST_planning_v1'],
        ['POST_development_v1', 3, 'PRE_development_v1'],
      ],
    );
    assert.deepEqual(list[3]?.state.completed_phases, ['planning', 'development']);
    assert.ok((list[3]?.state.journal_entries ?? 0) > (list[1]?.state.journal_entries ?? 0));
    const detail = checkpointDetailSchema.parse(
      expectStatus(await server.get(`/runs/${runId}/checkpoints/POST_development_v1`), 200),
    );
    assert.deepEqual(
      detail.manifest.map(({ path, bytes }) => [path, bytes]),
      [
        ['development/program.ts', 22],
        ['planning/PRD.md', 8],
        ['planning/deep/a.txt', 1],
      ],
    );
    // The same content is kept once: three files and one list of files for each different set of them.
    const kept = await readdir(join(server.workspaces.of(runId).dir, 'checkpoints'), { recursive: true });
    assert.equal(kept.filter((name) => /[0-9a-f]{64}$/.test(name)).length, 3 + 3);
    assert.equal(Object(await server.get(`/runs/${runId}/checkpoints/PRE_qa_v1`)).status, 404);
  });

  it('show what two of them differ in: files with their lines, state, gates', async () => {
    const { run_id: runId } = await createOne(server, { profile: 'checked', inputs: INPUTS });
    await nextOf(server, runId, SKIP);
    const workspace = server.workspaces.of(runId);
    await workspace.write('planning', 'PRD.md', 'one\n2\n');
    await workspace.write('planning', 'blob.bin', '\u0000');
    await rm(join(workspace.dir, 'artifacts/planning/deep/a.txt'));
    await nextOf(server, runId, SKIP);
    const compare = (query: string): ReturnType<TestServer['get']> =>
      server.get(`/api/v1/runs/${runId}/checkpoints/compare?${query}`);
    const { files, state } = checkpointComparisonSchema.parse(
      expectStatus(await compare('from=POST_planning_v1&to=POST_development_v1'), 200),
    );
    assert.deepEqual(
      files.added.map(({ path }) => path),
      ['development/program.ts', 'planning/blob.bin'],
    );
    assert.deepEqual(
      files.removed.map(({ path }) => path),
      ['planning/deep/a.txt'],
    );
    assert.deepEqual(
      files.changed.map(({ path }) => path),
      ['planning/PRD.md'],
    );
    assert.match(files.changed[0]?.diff ?? '', /--- a\/planning\/PRD\.md[\s\S]*-two\n\+2\n/);
    assert.deepEqual(
      state.find(({ member }) => member === 'current_phase'),
      { member: 'current_phase', from: 'planning', to: 'development' },
    );
    assert.equal((await compare('from=POST_planning_v1&to=nothing')).status, 404);
    assert.equal((await compare('from=POST_planning_v1')).status, 400);
  });

  it('are where a run can be put back to: files as they were, the rest archived, the phase waiting again under a higher version', async () => {
    const runId = await twoPhases(server);
    await server.workspaces.of(runId).write('development', 'extra.txt', 'x');
    const was = await artifactsOf(server, runId);
    const rollback = rollbackSchema.parse(
      expectStatus(await rollBack(server, runId, 'POST_planning_v1', { reason: 'try again' }), 200),
    );
    assert.deepEqual(
      [rollback.state, rollback.task, rollback.reason, rollback.requested_by],
      ['done', 'await-development', 'try again', 'ann'],
    );
    assert.deepEqual(rollback.archived_files, ['development/extra.txt', 'development/program.ts']);
    assert.deepEqual(rollback.archived_checkpoints, ['PRE_development_v1', 'POST_development_v1']);
    assert.deepEqual(await artifactsOf(server, runId), { 'planning/PRD.md': 'one\ntwo\n', 'planning/deep/a.txt': 'a' });
    const archive = join(server.workspaces.of(runId).dir, rollback.archive, 'artifacts');
    for (const [path, text] of Object.entries(was)) assert.equal(await readFile(join(archive, path), 'utf8'), text);
    const waiting = await untilRun(server, runId, ({ current_phase }) => current_phase === 'development');
    assert.deepEqual(
      [waiting.status, waiting.phases.map(({ status }) => status)],
      ['running', ['completed', 'pending', 'pending']],
    );
    assert.deepEqual(
      (await governanceOf(server, runId)).checks.map(({ phase }) => phase),
      ['planning'],
    );
    await nextOf(server, runId, SKIP);
    const list = await checkpointsOf(server, runId);
    assert.deepEqual(
      list.map(({ checkpoint_id, archived_by }) => [checkpoint_id, archived_by === rollback.rollback_id]),
      [
        ['PRE_planning_v1', false],
        ['POST_planning_v1', false],
        ['PRE_development_v1', true],
        ['POST_development_v1', true],
        ['PRE_development_v2', false],
        ['POST_development_v2', false],
      ],
    );
    assert.equal(list[4]?.parent_checkpoint_id, 'POST_planning_v1');
    const archived = await rollBack(server, runId, 'POST_development_v1');
    assert.deepEqual([archived.status, Object(archived.body).error_code], [409, 'INVALID_STATE']);
    // To the very beginning of a run that has ended, and on to its end again.
    await nextOf(server, runId, SKIP);
    assert.equal((await detailOf(server, runId)).status, 'completed');
    expectStatus(await rollBack(server, runId, 'PRE_planning_v1'), 200);
    assert.deepEqual(await artifactsOf(server, runId), {});
    for (const _phase of ['planning', 'development', 'qa']) await nextOf(server, runId, SKIP);
    assert.equal((await detailOf(server, runId)).status, 'completed');
    const all = rollbackListSchema.parse(expectStatus(await server.get(`/runs/${runId}/rollbacks`), 200));
    assert.deepEqual(
      all.rollbacks.map(({ state }) => state),
      ['done', 'done'],
    );
  });

  it('are not gone back to while a phase works, without anything behind them, or with damaged contents; the run stays as it was', async () => {
    const { run_id: runId } = await createOne(server, {
      profile: 'checked',
      inputs: { planning: { 'a.md': `ghp_${'a1B2'.repeat(9)}` } },
    });
    await nextOf(server, runId);
    const busy = await rollBack(server, runId, 'PRE_planning_v1');
    assert.deepEqual([busy.status, Object(busy.body).error_code], [409, 'PHASE_UNDER_WAY']);
    assert.equal((await detailOf(server, runId)).status, 'running');
    // That it is too early is no outcome: the same key may ask again, and when it was done it is told what was done.
    const key = { ...ANN, 'idempotency-key': 'back' };
    const again = (): ReturnType<TestServer['post']> =>
      server.post(`/api/v1/runs/${runId}/checkpoints/PRE_planning_v1/rollback`, undefined, key);
    assert.equal((await again()).status, 409);
    await server.post(`/api/v1/runs/${runId}/cancel`, {}, ANN);
    const first = rollbackSchema.parse(expectStatus(await again(), 200));
    assert.deepEqual(rollbackSchema.parse(expectStatus(await again(), 200)), first);
    expectStatus(await server.post(`/runs/${runId}/next`, SKIP, ANN), 200);
    const other = await twoPhases(server);
    await nextOf(server, other, SKIP);
    const last = await rollBack(server, other, 'POST_qa_v1');
    assert.deepEqual([last.status, Object(last.body).error_code], [409, 'INVALID_STATE']);
    const [file] = (await server.gates.checkpoints.detail(other, 'POST_planning_v1')).manifest;
    const digest = file?.digest ?? '';
    await writeFile(join(server.workspaces.of(other).dir, 'checkpoints', digest.slice(0, 2), digest), 'damaged');
    const was = await artifactsOf(server, other);
    const damaged = await rollBack(server, other, 'POST_planning_v1');
    assert.deepEqual([damaged.status, Object(damaged.body).error_code], [503, 'STORE_FAILED']);
    assert.deepEqual(await artifactsOf(server, other), was);
    assert.equal((await detailOf(server, other)).status, 'completed');
    assert.equal((await rollBack(server, other, 'nothing')).status, 404);
  });

  it('are gone back to once when two ask at the same time', async () => {
    const runId = await twoPhases(server);
    const answers = await Promise.all([1, 2, 3].map(() => rollBack(server, runId, 'POST_planning_v1')));
    const done = answers.filter(({ status }) => status === 200);
    assert.equal(done.length, 1, JSON.stringify(answers.map(({ body }) => body)));
    assert.ok(answers.every(({ status }) => status === 200 || status === 409));
    assert.deepEqual(Object.keys(await artifactsOf(server, runId)), ['planning/PRD.md', 'planning/deep/a.txt']);
  });
});

describe('a rollback that a crash cut off', () => {
  it('leaves alone what a run that advances by itself has done since', async () => {
    await using server = await openGovernedServer();
    const runId = await twoPhases(server);
    const store = server.gates.checkpointStore;
    const {
      number: _n,
      checkpoint_id: _id,
      version: _v,
      parent_id: _p,
      archived_by: _a,
      ...last
    } = await store.require(runId, 'POST_development_v1');
    const later = await store.insert({ ...last, execution_id: 'next', key: 'since' });
    const rollback: RollbackTable = {
      rollback_id: 'rb',
      run_id: runId,
      checkpoint_id: 'POST_planning_v1',
      from_execution: runId,
      to_execution: 'next',
      task: 'await-development',
      reason: null,
      requested_by: 'ann',
      state: 'begun',
      archived: '{}',
      created_at: 1,
      ended_at: null,
    };
    await store.beginRollback(rollback);
    await store.endRollback(rollback, { number: 2, at: 2 });
    assert.deepEqual(
      (await checkpointsOf(server, runId)).map(({ checkpoint_id, archived_by }) => [checkpoint_id, archived_by]),
      [
        ['PRE_planning_v1', null],
        ['POST_planning_v1', null],
        ['PRE_development_v1', 'rb'],
        ['POST_development_v1', 'rb'],
        [later.checkpoint_id, null],
      ],
    );
  });

  type Cut = (at: { server: TestServer; rollback: RollbackTable; workspace: string }) => Promise<void>;
  const stage: Cut = async ({ server, rollback, workspace }) => {
    const parts = { workspaces: server.workspaces, random: seededRandom(1) };
    const checkpoint = await server.gates.checkpointStore.require(rollback.run_id, rollback.checkpoint_id);
    const manifest = await manifestOf(parts, checkpoint);
    await stageWorkspace({ workspace, rollbackId: rollback.rollback_id }, manifest, objectsOf(parts, rollback.run_id));
  };
  const halfStage: Cut = async ({ rollback, workspace }) => {
    await mkdir(join(workspace, `.rollback-${rollback.rollback_id}`, 'artifacts', 'planning'), { recursive: true });
    await writeFile(join(workspace, `.rollback-${rollback.rollback_id}`, 'artifacts', 'planning', 'PRD.md'), 'half');
  };
  const stop: Cut = async ({ server, rollback }) =>
    void (await server.engine.cancel(rollback.from_execution, { who: 'ann', reason: null }));
  const firstRename: Cut = async ({ rollback, workspace }) => {
    await mkdir(join(workspace, 'archive', rollback.rollback_id), { recursive: true });
    await rename(join(workspace, 'artifacts'), join(workspace, 'archive', rollback.rollback_id, 'artifacts'));
  };
  const swap: Cut = ({ rollback, workspace }) => swapWorkspace({ workspace, rollbackId: rollback.rollback_id });
  const begin: Cut = async ({ server, rollback }) => {
    const { from_execution: executionId, to_execution: newId, task: from, requested_by: startedBy } = rollback;
    await server.runs.continueAs(rollback.run_id, newId, async () => {
      await server.engine.operations.restart({ executionId, newId, from, startedBy });
    });
  };
  const cuts: Record<string, Cut[]> = {
    'behind its record': [],
    'while files are written aside': [halfStage],
    'when the files are aside': [stage],
    'when the execution is stopped': [stage, stop],
    'between the two renames': [stage, stop, firstRename],
    'when the files are in their place': [stage, stop, swap],
    'when the new execution has begun': [stage, stop, swap, begin],
  };

  it('is completed by the next start, wherever it was', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-rollback-'));
    const rollbacks: RollbackTable[] = [];
    {
      await using server = await openGovernedServer({ dir });
      for (const [name, steps] of Object.entries(cuts)) {
        const runId = await twoPhases(server);
        const rollback: RollbackTable = {
          rollback_id: `rb-${rollbacks.length}`,
          run_id: runId,
          checkpoint_id: 'POST_planning_v1',
          from_execution: runId,
          to_execution: `next-${rollbacks.length}`,
          task: 'await-development',
          reason: name,
          requested_by: 'ann',
          state: 'begun',
          archived: JSON.stringify({ files: ['development/program.ts'], total: 1, checkpoints: [] }),
          created_at: 1,
          ended_at: null,
        };
        await server.gates.checkpointStore.beginRollback(rollback);
        const workspace = server.workspaces.of(runId).dir;
        for (const step of steps) await step({ server, rollback, workspace });
        rollbacks.push(rollback);
      }
    }
    await using server = await openGovernedServer({ dir });
    for (const { run_id: runId, rollback_id: id, reason } of rollbacks) {
      const [row] = await server.gates.checkpointStore.rollbacksOf(runId);
      assert.equal(row?.state, 'done', reason ?? '');
      assert.deepEqual(
        await artifactsOf(server, runId),
        { 'planning/PRD.md': 'one\ntwo\n', 'planning/deep/a.txt': 'a' },
        reason ?? '',
      );
      const workspace = server.workspaces.of(runId).dir;
      const archived = join(workspace, 'archive', id, 'artifacts', 'development', 'program.ts');
      assert.equal(await readFile(archived, 'utf8'), 'export const run = 1;\n', reason ?? '');
      assert.equal(existsSync(join(workspace, `.rollback-${id}`)), false, reason ?? '');
      await untilRun(server, runId, ({ current_phase, status }) => current_phase === 'development' && status === 'running');
      await nextOf(server, runId, SKIP);
      assert.deepEqual((await checkpointsOf(server, runId)).at(-1)?.checkpoint_id, 'POST_development_v2', reason ?? '');
    }
  });

  it('is taken back when it cannot be completed, and the files are as they were', async () => {
    const workspace = await mkdtemp(join(tmpdir(), 'loopwright-restore-'));
    await mkdir(join(workspace, 'artifacts'));
    await writeFile(join(workspace, 'artifacts', 'now.txt'), 'now');
    const objects = new ObjectStore({ dir: join(workspace, 'checkpoints'), random: seededRandom(1) });
    const kept = await objects.keepText('then');
    const restoration = { workspace, rollbackId: 'r' };
    const manifest = [{ path: 'then.txt', ...kept }];
    await takeBack(restoration);
    await stageWorkspace(restoration, manifest, objects);
    await takeBack(restoration);
    assert.deepEqual(await readdir(join(workspace, 'artifacts')), ['now.txt']);
    await stageWorkspace(restoration, manifest, objects);
    await swapWorkspace(restoration);
    assert.deepEqual(await readdir(join(workspace, 'artifacts')), ['then.txt']);
    await takeBack(restoration);
    await takeBack(restoration);
    assert.deepEqual(await readdir(join(workspace, 'artifacts')), ['now.txt']);
    assert.deepEqual((await readdir(workspace)).sort(), ['archive', 'artifacts', 'checkpoints']);
  });
});

describe('captureFiles()', () => {
  it('follows no link, leaves out what is being written, and says when it could not keep all', async () => {
    const root = await mkdtemp(join(tmpdir(), 'loopwright-capture-'));
    await writeFile(join(root, 'a.txt'), 'a');
    await writeFile(join(root, '.loopwright-1.tmp'), 'half');
    await symlink('/etc/passwd', join(root, 'link'));
    await symlink('/etc', join(root, 'folder'));
    const objects = new ObjectStore({ dir: await mkdtemp(join(tmpdir(), 'loopwright-objects-')), random: seededRandom(1) });
    const captured = await captureFiles(root, objects);
    assert.deepEqual([captured.manifest.map(({ path }) => path), captured.incomplete], [['a.txt'], null]);
    await mkdir(join(root, ...Array.from({ length: 70 }, () => 'd')), { recursive: true });
    assert.match((await captureFiles(root, objects)).incomplete ?? '', /deeper than 64/);
    assert.deepEqual(await captureFiles('/nowhere', objects), { manifest: [], incomplete: null });
  });
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { checkpointDetailSchema, runDetailSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { ADVANCED, PHASES, type Told } from './crash-scenario.ts';
import type { CrashingServer } from './crashing-server.ts';

/** When the provider was asked, by what: `Write one of RUN`. */
export interface Asked {
  readonly task: string;
  readonly at: number;
}

const CHECKPOINTS = {
  auto: PHASES.flatMap((phase) => [`PRE_${phase}_v1`, `POST_${phase}_v1`]),
  manual: [
    'PRE_one_v1',
    'POST_one_v1',
    'PRE_two_v1 archived',
    'POST_two_v1 archived',
    'PRE_two_v2',
    'POST_two_v2',
    'PRE_three_v1',
    'POST_three_v1',
  ],
};

/** What is asked of a server that has come to the end of the scenario: what it says itself, and the files of its runs against their last checkpoint. */
export async function examineAnswers(server: CrashingServer, told: Told, dir: string): Promise<void> {
  assert.deepEqual(told.advanced, ADVANCED, 'each acknowledged next ran the phase behind the one before');
  for (const runId of [told.manual, told.auto]) {
    const detail = runDetailSchema.parse(await server.ask('GET', `/runs/${runId}`));
    assert.equal(detail.status, 'completed');
    assert.deepEqual(
      detail.phases.map(({ phase, status, advanced_by }) => [phase, status, advanced_by]),
      PHASES.map((phase) => [phase, 'completed', runId === told.auto ? 'auto' : 'ann']),
    );
    const last = checkpointDetailSchema.parse(await server.ask('GET', `/api/v1/runs/${runId}/checkpoints/POST_three_v1`));
    const artifacts = join(dir, 'data/workspaces', runId, 'artifacts');
    assert.deepEqual(digestsBelow(artifacts), Object.fromEntries(last.manifest.map(({ path, digest }) => [path, digest])));
  }
}

/** Reads the store of a server that has ended: nothing that was recorded was done again, tables and files agree, nothing is left half-written. */
export function examineStore(dir: string, told: Told, asked: readonly Asked[]): void {
  const data = join(dir, 'data');
  for (const path of readdirSync(data, { recursive: true, encoding: 'utf8' }))
    assert.doesNotMatch(path, /\.tmp$|\.old$|\.removed-|\.rollback-/, 'a temporary file was left');
  using engine = new DatabaseSync(join(data, 'engine/engine.db'), { readOnly: true });
  using server = new DatabaseSync(join(data, 'server.db'), { readOnly: true });
  for (const database of [engine, server])
    assert.equal(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
  const events = storedEvents(engine);
  noStepAgain(events);
  const executions = new Map(rowsOf(server, 'SELECT execution_id, run_id FROM run_executions').map(([id, run]) => [id, run]));
  for (const { execution, type, key, at } of events) {
    const phase = /^(\w+)\/write-\w+\/attempt-1$/.exec(key)?.[1];
    if (type !== 'step_completed' || phase === undefined) continue;
    const task = `Write ${phase} of ${executions.get(execution)}`;
    // A second execution of the run asks for itself; what the first one had recorded is not asked for again by either.
    const times = asked.filter((one) => one.task === task).map((one) => one.at);
    const isFirst = execution === executions.get(execution);
    assert.ok(times.some((time) => time <= at));
    if (isFirst && !(phase === 'two' && executions.get(execution) === told.manual))
      assert.ok(
        times.every((time) => time <= at),
        `${task} was asked for after it was recorded`,
      );
  }
  const spent = events.filter(({ type }) => type === 'spent').length;
  assert.equal(spent, 7, 'each answer of the model that was recorded is counted once');
  const paid = Number(rowsOf(server, 'SELECT count(*) FROM model_usage')[0]?.[0]);
  assert.ok(paid >= spent && paid <= asked.length, `${paid} calls are booked, ${asked.length} were made`);
  for (const [name, runId] of Object.entries({ manual: told.manual, auto: told.auto })) {
    const sql = `SELECT checkpoint_id || iif(archived_by IS NULL, '', ' archived') FROM checkpoints WHERE run_id = '${runId}' ORDER BY number`;
    assert.deepEqual(rowsOf(server, sql).flat(), CHECKPOINTS[name as keyof typeof CHECKPOINTS]);
    const checks = rowsOf(server, `SELECT phase FROM governance_checks WHERE run_id = '${runId}'`).flat();
    assert.deepEqual(checks, ['one']);
    stateAgrees(data, runId);
  }
  assert.deepEqual(rowsOf(server, 'SELECT rollback_id, state FROM rollbacks'), [[told.rollbackId, 'done']]);
  const archived = join(data, 'workspaces', told.manual, 'archive', told.rollbackId, 'artifacts');
  assert.ok(existsSync(join(archived, 'two/notes.md')), 'what came after the checkpoint is in the archive');
  const questions = events.filter(({ type }) => type === 'waiting_acceptance');
  assert.equal(questions.length, 2, 'the gate of each run asked once');
}

/** An event, as the store has it. */
export interface StoredEvent {
  readonly execution: string;
  readonly type: string;
  readonly key: string;
  readonly at: number;
}

/** The events of all executions, each in its order. */
export function storedEvents(engine: DatabaseSync): StoredEvent[] {
  const sql = `SELECT executions.id, event.value ->> 0, event.value ->> 3, event.value ->> 2
    FROM history JOIN executions ON no = execution, json_each(events) AS event ORDER BY execution, last_seq, event.key`;
  return rowsOf(engine, sql).map(([execution = '', type = '', data = '{}', at]) => ({
    execution,
    type,
    key: z.looseObject({ key: z.string().default('') }).parse(JSON.parse(data)).key,
    at: Number(at),
  }));
}

/** Checks that no step began again after its result was recorded. */
export function noStepAgain(events: readonly StoredEvent[]): void {
  const done = new Set<string>();
  for (const { execution, type, key } of events) {
    if (type !== 'step_started' && type !== 'step_completed') continue;
    assert.ok(!done.has(`${execution} ${key}`), `${key} was ${type} after it was recorded`);
    if (type === 'step_completed') done.add(`${execution} ${key}`);
  }
}

/** `state.json` says what the row says, and names the files that are there. */
function stateAgrees(data: string, runId: string): void {
  const text = readFileSync(join(data, 'workspaces', runId, 'state.json'), 'utf8');
  const state = z
    .looseObject({ status: z.string(), artifacts: z.array(z.looseObject({ path: z.string(), hash: z.string() })) })
    .parse(JSON.parse(text));
  assert.equal(state.status, 'completed');
  const named = Object.fromEntries(state.artifacts.map(({ path, hash }) => [path.slice('artifacts/'.length), hash]));
  assert.deepEqual(named, digestsBelow(join(data, 'workspaces', runId, 'artifacts')));
}

function digestsBelow(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const digests = files.map((file) => {
    const path = join(file.parentPath, file.name);
    return [relative(folder, path), createHash('sha256').update(readFileSync(path)).digest('hex')] as const;
  });
  return Object.fromEntries(digests.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function rowsOf(database: DatabaseSync, sql: string): string[][] {
  return database
    .prepare(sql)
    .all()
    .map((row) => Object.values(row).map(String));
}

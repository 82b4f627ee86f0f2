import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  type BehaviourDiff,
  type Json,
  type JsonObject,
  behaviourDiffSchema,
  errorResponseSchema,
  systemClock,
  systemRandom,
} from '@loopwright/protocol';
import { type Edge, createEdge } from '../http/create-edge.ts';
import { noJail } from '../sandbox/jail/jail.ts';
import { ProgramStore } from '../store/program-store.ts';

const source = (body: string): string => `export function run(input: any): any { ${body} }`;
const VERSIONS = [
  source(`if (input < 0) throw new Error('no answer for ' + input); return input % 2 === 0 ? 'even' : 'odd';`),
  // Answers below zero, fails from 90 on, calls multiples of ten round.
  source(
    `if (input >= 90) throw new Error('too large: ' + input); if (input % 10 === 0) return 'round'; return input % 2 === 0 ? 'even' : 'odd';`,
  ),
  source(`return { label: 'even', score: input, order: 1 };`),
  source(`return { order: 1, label: input < 3 ? 'even' : 'low', score: input < 5 ? input : input + 1 };`),
  source(`return input < 5 ? Math.random() : 'steady';`),
  source(`return 'steady';`),
];

let dir: string;
let edge: Edge;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-diff-'));
  const store = new ProgramStore({ dir, clock: systemClock });
  for (const [index, text] of VERSIONS.entries()) await store.store('parity', { id: `v${index + 1}`, source: text });
  await store.setActive('parity', 1, { record: { id: 'first' } });
  edge = await createEdge({
    dataDir: dir,
    clock: systemClock,
    random: systemRandom,
    authToken: 'secret',
    sandbox: { jail: noJail, workers: 1 },
  });
});
after(async () => {
  await edge.close();
  await rm(dir, { recursive: true, force: true });
});

async function post(url: string, payload: JsonObject, token = 'secret'): Promise<{ status: number; text: string }> {
  const answer = await edge.app.inject({ method: 'POST', url, payload, headers: { authorization: `Bearer ${token}` } });
  return { status: answer.statusCode, text: answer.body };
}

async function diff(payload: JsonObject): Promise<BehaviourDiff> {
  const { status, text } = await post('/tasks/parity/diff', payload);
  assert.equal(status, 200, text);
  return behaviourDiffSchema.parse(JSON.parse(text));
}

const numbers = (from: number, to: number): Json[] => Array.from({ length: to - from }, (_, index) => from + index);

describe('POST /tasks/:task_id/diff', () => {
  it('counts what is identical, changed, newly failing and newly answered, and groups the changes', async () => {
    const report = await diff({ candidate: 2, inputs: numbers(-10, 100) });
    const { inputs, identical, changed, newly_failing, newly_answered, both_failing, unstable } = report;
    assert.deepEqual(
      { inputs, identical, changed, newly_failing, newly_answered, both_failing, unstable },
      { inputs: 110, identical: 81, changed: 9, newly_failing: 10, newly_answered: 10, both_failing: 0, unstable: 0 },
    );
    assert.deepEqual(
      report.kinds.map((kind) => [kind.class, kind.kind, kind.count]),
      [
        ['newly_failing', 'Error: too large: #', 10],
        ['changed', '"even" → "round"', 9],
        ['newly_answered', 'was: Error: no answer for -#', 10],
      ],
    );
    assert.deepEqual(report.kinds[1]?.examples[0], { input: '0', incumbent: '"even"', candidate: '"round"' });
    assert.equal(report.kinds[1]?.examples.length, 3);
    assert.deepEqual([report.source, report.incumbent.version, report.candidate.version], ['given', 1, 2]);
    assert.ok((report.candidate.p50_latency_ms ?? -1) >= 0);
  });

  it('compares objects member by member, whatever their order', async () => {
    const report = await diff({ candidate: 4, incumbent: 3, inputs: numbers(0, 8) });
    assert.equal(report.identical, 3);
    assert.deepEqual(
      report.kinds.map((kind) => [kind.kind, kind.count]),
      [
        ['/label: "even" → "low"; /score: a higher number', 3],
        ['/label: "even" → "low"', 2],
      ],
    );
  });

  it('finds what the incumbent answers in two ways, and a candidate that does', async () => {
    const incumbent = await diff({ candidate: 6, incumbent: 5, inputs: numbers(0, 20) });
    assert.deepEqual([incumbent.unstable, incumbent.identical, incumbent.changed], [5, 15, 0]);
    assert.equal(incumbent.kinds[0]?.kind, 'the incumbent differs from run to run');
    const candidate = await diff({ candidate: 5, incumbent: 6, inputs: numbers(0, 20) });
    assert.deepEqual([candidate.unstable, candidate.identical, candidate.changed], [5, 15, 0]);
    assert.equal(candidate.kinds[0]?.kind, 'the candidate differs from run to run');
  });

  it('replays the newest logged inputs, and records nothing of it', async () => {
    for (const input of numbers(0, 30)) assert.equal((await post('/tasks/parity/execute', { input })).status, 200);
    const report = await diff({ candidate: 2, last: 20 });
    assert.deepEqual([report.source, report.inputs, report.changed], ['log', 20, 2]);
    assert.ok(report.logged_from !== null && report.logged_to !== null && report.logged_from <= report.logged_to);
    assert.equal((await diff({ candidate: 2 })).inputs, 30, 'the replay was recorded');
  });

  it('takes what the incumbent itself answered when an input came for one of its two answers', async () => {
    for (const input of numbers(0, 10)) {
      const { status } = await post('/api/v1/tasks/parity/execute', { input, version: 5 });
      assert.equal(status, 200);
    }
    const report = await diff({ candidate: 6, incumbent: 5, last: 10 });
    assert.deepEqual([report.inputs, report.unstable, report.identical], [10, 5, 5]);
    // Now each input runs once through the incumbent, and what differs runs once more through the candidate.
    assert.equal(report.kinds[0]?.kind, 'the incumbent differs from run to run');
    assert.ok(report.logged_from !== null && report.logged_to !== null && report.logged_from <= report.logged_to);
  });

  it('answers only the orchestrator, and names what is missing', async () => {
    const errorOf = async (payload: JsonObject, token?: string): Promise<string> =>
      errorResponseSchema.parse(JSON.parse((await post('/tasks/parity/diff', payload, token)).text)).error_code;
    assert.equal(await errorOf({ candidate: 2 }, 'guessed'), 'UNAUTHORIZED');
    assert.equal(await errorOf({ candidate: 99 }), 'ARTIFACT_NOT_FOUND');
    assert.equal(await errorOf({ candidate: 2, last: 100_001 }), 'VALIDATION_ERROR');
    assert.equal(await errorOf({ candidate: 2, inputs: [] }), 'VALIDATION_ERROR');
    const deep = JSON.parse(`${'['.repeat(3000)}${']'.repeat(3000)}`) as Json;
    assert.equal((await diff({ candidate: 2, inputs: [deep] })).both_failing, 1);
  });
});

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ProgramStore } from '@loopwright/edge';
import { Engine, loadDefinition } from '@loopwright/engine';
import { type JsonObject, systemClock, systemRandom } from '@loopwright/protocol';
import { type ServerDatabase, openServerDatabase } from '../database/server-database.ts';
import { ExampleStore } from '../examples/example-store.ts';
import { prepare } from '../functions/prepare.ts';
import { induction } from '../profiles/classification/induction.ts';
import { adoptPrograms } from '../programs/adopt-programs.ts';
import { EdgeClient } from '../programs/edge-client.ts';
import { Workspaces } from '../runs/workspace/workspaces.ts';
import { ResourceProjects } from './resource-projects.ts';

const WORKS = `document: { dsl: '1.0.0', namespace: test, name: works, version: '1.0.0' }
do: [{ work: { call: induction, with: { work: '\${ .work }', task: '\${ .task }', split: '\${ .split }' } } }]`;

let dir: string;
let database: ServerDatabase;
let resources: ResourceProjects;
let examples: ExampleStore;
let engine: Engine;
let digest: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-resources-'));
  database = openServerDatabase({ dir, durability: 'process', clock: systemClock });
  resources = new ResourceProjects({ database: () => database, clock: systemClock });
  examples = await ExampleStore.open({ dir: join(dir, 'examples') });
  const programs = new ProgramStore({ dir: join(dir, 'edge'), clock: systemClock });
  const workspaces = new Workspaces({ dir: join(dir, 'workspaces'), database: () => database, random: systemRandom });
  // Nothing here runs a program.
  const unreachable = (): never => {
    throw new Error('Cannot call the edge: none runs');
  };
  const edge = new EdgeClient({ url: unreachable, ready: unreachable, authToken: '' });
  const parts = { examples, resources, programs, edge, workspaces };
  const functions = { prepare: prepare(parts), induction: induction(parts) };
  const options = { durability: 'process', clock: systemClock, random: systemRandom, functions } as const;
  engine = new Engine({ dir: join(dir, 'engine'), ...options });
  const text = `document: { dsl: '1.0.0', namespace: test, name: splits, version: '1.0.0' }
do: [{ split: { call: prepare, with: { examples: '\${ .digest }', holdout: 0.3 } } }]`;
  await engine.register(loadDefinition(text, engine.functions));
  await engine.register(loadDefinition(WORKS, engine.functions));
  engine.recover();
  const lines = Array.from({ length: 20 }, (_, index) => `{"input":"text ${index}","output":"${index % 2 === 0 ? 'a' : 'b'}"}\n`);
  ({ digest } = await examples.put(Readable.from(lines.map((line) => Buffer.from(line))), 'jsonl'));
  await resources.addExamples(digest, 'p-1', 'ann');
});
after(async () => {
  await engine.close(0);
  await database.destroy();
  await rm(dir, { recursive: true, force: true });
});

/** How an execution ends that uses the examples. */
async function ends(
  projectId: string,
  startedBy: string,
  { workflow, input }: { workflow: string; input: JsonObject } = { workflow: 'splits', input: { digest } },
): Promise<{ status: string; error: unknown; output: unknown }> {
  const executionId = crypto.randomUUID();
  const over = new Promise<void>((resolve) => {
    engine.subscribe(executionId, ({ type }) => (type === 'completed' || type === 'failed') && resolve());
  });
  await engine.start({ executionId, workflow, projectId, input, startedBy });
  await over;
  const { status = 'failed', error = null, output = null } = engine.read.execution(executionId) ?? {};
  return { status, error, output };
}

describe('ResourceProjects', () => {
  it('lets executions use examples of their project, and those of who started them', async () => {
    const stranger = await ends('p-2', 'eve');
    assert.equal(stranger.status, 'failed');
    assert.match(JSON.stringify(stranger.error), /EXAMPLES_NOT_FOUND/);
    assert.deepEqual(await resources.projectsOfExamples(digest), ['p-1']);
    const own = await ends('p-1', 'bob');
    assert.equal(own.status, 'completed');
    const { train, holdout } = own.output as { train: string; holdout: string };
    assert.deepEqual(
      [await resources.projectsOfExamples(train), await resources.projectsOfExamples(holdout)],
      [['p-1'], ['p-1']],
    );
    assert.equal((await ends('p-3', 'ann')).status, 'completed');
    assert.deepEqual((await resources.projectsOfExamples(digest)).sort(), ['p-1', 'p-3']);
    assert.deepEqual(await resources.projectsOfExamples('0'.repeat(64)), ['default']);
    await resources.addExamples(digest, 'default', 'ann');
    assert.equal((await ends('p-2', 'eve')).status, 'completed');
  });

  it('lets the induction agents read only examples that the project of the execution may use', async () => {
    const { digest: secret } = await examples.put(
      Readable.from(
        Array.from({ length: 12 }, (_, index) => Buffer.from(`{"input":"secret ${index}","output":"${index % 2}"}\n`)),
      ),
      'jsonl',
    );
    await resources.addExamples(secret, 'p-4', 'ann');
    const task = {
      program: 'peek',
      task_description: '',
      examples: secret,
      holdout: 0.2,
      seed: 1,
      constraints: [],
      unread: [],
      unknown_label: null,
      unknown_source: '',
      accuracy_target: 0.9,
      accuracy_source: '',
      latency_ms: null,
      worst_missed: null,
      open_questions: [],
      answered_by: null,
    };
    const split = {
      train: secret,
      holdout: secret,
      counts: { all: 12, train: 12, holdout: 12 },
      labels: ['0', '1'],
      profile: { kind: 'text', classes: 2, text_length: { p50: 8 } },
    };
    for (const work of ['plan', 'profile']) {
      const peek = { workflow: 'works', input: { work, task, split } };
      const stranger = await ends('p-5', 'eve', peek);
      assert.match(JSON.stringify(stranger.error), /EXAMPLES_NOT_FOUND/, work);
      assert.doesNotMatch(JSON.stringify(stranger), /secret 1/);
      assert.equal((await ends('p-4', 'bob', peek)).status, 'completed', work);
    }
    assert.deepEqual(await resources.projectsOfExamples(secret), ['p-4']);
  });

  it('keeps the name of a program for the project that took it first', async () => {
    await resources.claimProgram('spam', { projectId: 'p-1' });
    await resources.claimProgram('spam', { projectId: 'p-1' });
    await assert.rejects(resources.claimProgram('spam', { projectId: 'p-2' }), { code: 'CONFLICT' });
    const race = await Promise.allSettled(['p-1', 'p-2'].map((projectId) => resources.claimProgram('race', { projectId })));
    assert.equal(race.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('finds the project of a program that was there before by the execution that made it', async () => {
    const store = new ProgramStore({ dir: join(dir, 'edge'), clock: systemClock });
    const { execution } = await engine.start({
      executionId: 'maker',
      workflow: 'splits',
      projectId: 'p-7',
      input: { digest },
      startedBy: 'x',
    });
    const source = 'export function run(x: string): string { return x; }';
    await store.store('made', { id: 'm', source, metadata: { metadata: { execution_id: execution.id } } });
    await store.store('foundling', { id: 'f', source });
    await adoptPrograms(store, engine, resources);
    const known = await resources.projectsOfPrograms();
    assert.deepEqual([known.get('made'), known.get('foundling'), known.get('spam')], ['p-7', 'default', 'p-1']);
  });
});

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ProgramStore } from '@loopwright/edge';
import { Engine, loadDefinition } from '@loopwright/engine';
import { systemClock, systemRandom } from '@loopwright/protocol';
import { type ServerDatabase, openServerDatabase } from '../database/server-database.ts';
import { ExampleStore } from '../examples/example-store.ts';
import { prepare } from '../functions/prepare.ts';
import { adoptPrograms } from '../programs/adopt-programs.ts';
import { ResourceProjects } from './resource-projects.ts';

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
  const functions = { prepare: prepare({ examples, resources }) };
  const options = { durability: 'process', clock: systemClock, random: systemRandom, functions } as const;
  engine = new Engine({ dir: join(dir, 'engine'), ...options });
  const text = `document: { dsl: '1.0.0', namespace: test, name: splits, version: '1.0.0' }
do: [{ split: { call: prepare, with: { examples: '\${ .digest }', holdout: 0.3 } } }]`;
  await engine.register(loadDefinition(text, engine.functions));
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
async function ends(projectId: string, startedBy: string): Promise<{ status: string; error: unknown; output: unknown }> {
  const executionId = crypto.randomUUID();
  const over = new Promise<void>((resolve) => {
    engine.subscribe(executionId, ({ type }) => (type === 'completed' || type === 'failed') && resolve());
  });
  await engine.start({ executionId, workflow: 'splits', projectId, input: { digest }, startedBy });
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

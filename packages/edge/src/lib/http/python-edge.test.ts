import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, after, before, describe, it } from 'node:test';
import {
  PlatformError,
  edgeHealthSchema,
  errorResponseSchema,
  executionRecordSchema,
  systemClock,
  systemRandom,
} from '@loopwright/protocol';
import { noJail } from '../sandbox/jail/jail.ts';
import { openPython } from '../sandbox/python/open-python.ts';
import { ProgramStore } from '../store/program-store.ts';
import { type Edge, createEdge } from './create-edge.ts';

const schemas = {
  input_schema: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
  output_schema: { type: 'object', properties: { by: { enum: ['ts', 'py'] }, n: { type: 'integer' } }, required: ['by', 'n'] },
  metadata: { warmup_inputs: [{ n: 1 }] },
};
const typescript = "export function run({ n }: { n: number }) { return { by: 'ts', n: n + 1 }; }";
const source = [
  'def run(value):',
  '    if value["n"] < 0: raise ValueError("no such number")',
  '    if value["n"] == 7: return {"by": "nobody"}',
  '    return {"by": "py", "n": value["n"] + 1}',
].join('\n');
const python = { ...schemas, language: 'python' as const };

let dir: string;
let store: ProgramStore;
let edge: Edge;
let missing: string | undefined;

function isSkipped(test: TestContext): boolean {
  if (missing !== undefined) test.skip(missing);
  return missing !== undefined;
}

async function execute(n: number): Promise<{ status: number; version: unknown; body: unknown }> {
  const { statusCode, headers, body } = await edge.app.inject({ method: 'POST', url: '/execute', payload: { input: { n } } });
  return { status: statusCode, version: headers['x-program-version'], body: JSON.parse(body) };
}

const outputOf = ({ body }: { body: unknown }): unknown => (body as { output: unknown }).output;

const activate = (version: number): Promise<unknown> =>
  store
    .setActive('count', version, { record: { id: systemRandom.uuid() } })
    .then(() => edge.app.inject({ method: 'POST', url: '/tasks/count/refresh' }));

describe('an edge with programs of Python', () => {
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'loopwright-python-edge-'));
    store = new ProgramStore({ dir, clock: systemClock });
    await store.store('count', { id: 'ts', source: typescript, metadata: schemas });
    await store.setActive('count', 1, { record: { id: 'first' } });
    edge = await createEdge({
      dataDir: dir,
      clock: systemClock,
      random: systemRandom,
      sandbox: { jail: noJail, workers: 1, timeoutMs: 5000 },
    });
    await store.store('count', { id: 'py', source, metadata: python }).catch((error: unknown) => {
      if (!(error instanceof PlatformError && error.code === 'LANGUAGE_UNAVAILABLE')) throw error;
      missing = error.message;
    });
  });
  after(async () => {
    await edge.close();
    await rm(dir, { recursive: true });
  });

  it('goes from a version in TypeScript to one in Python and back', async (test) => {
    if (isSkipped(test)) return;
    assert.equal(edgeHealthSchema.parse((await edge.app.inject('/health')).json()).sandbox.python, undefined);
    assert.deepEqual(outputOf(await execute(1)), { by: 'ts', n: 2 });
    await activate(2);
    const answer = await execute(1);
    assert.deepEqual([answer.status, answer.version, outputOf(answer)], [200, '2', { by: 'py', n: 2 }]);
    const { python: runner } = edgeHealthSchema.parse((await edge.app.inject('/health')).json()).sandbox;
    assert.match(runner?.engine ?? '', /^cpython 3/u);
    assert.ok(runner?.walls.every(({ stands }) => stands));
    await activate(1);
    assert.deepEqual(outputOf(await execute(4)), { by: 'ts', n: 5 });
  });

  it('checks what goes in and out, and records it', async (test) => {
    if (isSkipped(test)) return;
    await activate(2);
    const wrong = await edge.app.inject({ method: 'POST', url: '/execute', payload: { input: { n: 'x' } } });
    assert.equal(wrong.statusCode, 400);
    const raised = await execute(-1);
    assert.equal(raised.status, 422);
    assert.match(errorResponseSchema.parse(raised.body).message, /: ValueError: no such number$/u);
    const unfit = await execute(7);
    assert.match(errorResponseSchema.parse(unfit.body).message, /The output/u);
    const folder = join(dir, 'datasets/count/executions');
    const [name = ''] = await readdir(folder);
    const lines = (await readFile(join(folder, name), 'utf8')).split('\n').filter((line) => line !== '');
    const records = lines.map((line) => executionRecordSchema.parse(JSON.parse(line))).filter(({ version }) => version === 2);
    assert.deepEqual(
      records.slice(-2).map(({ status, error_message }) => [status, error_message?.slice(0, 10)]),
      [
        ['error', 'ValueError'],
        ['error', 'The output'],
      ],
    );
  });

  it('stores and takes over program.py, and refuses what is no program', async (test) => {
    if (isSkipped(test)) return;
    const { metadata, code } = await store.get('count', 2);
    assert.deepEqual([metadata.language, code], ['python', source]);
    const bundle = await store.bundle('count', 2);
    assert.deepEqual(Object.keys(bundle.files).sort(), ['metadata.json', 'program.py']);
    const other = new ProgramStore({ dir: join(dir, 'other'), clock: systemClock });
    assert.equal((await other.adopt(bundle)).language, 'python');
    assert.equal((await other.get('count', 2)).source, source);
    const mixed = { ...bundle, files: { ...bundle.files, 'program.js': Buffer.from('return 1').toString('base64') } };
    const third = new ProgramStore({ dir: join(dir, 'third'), clock: systemClock });
    await assert.rejects(third.adopt(mixed), { code: 'INVALID_PROGRAM' });
    for (const [text, reason] of [
      ['def run(x:\n  pass', /line 1, column \d+: /u],
      ['def run(x):\n return 1\nimport numpy.linalg', /line 3, column 1: The import of "numpy.linalg"/u],
      ['def other(x): return x', /defines no function "run"/u],
      ['def run(): return 1', /must take one argument/u],
      ['def run(x, *, y): return 1', /must take one argument/u],
      ['async def run(x): return 1', /must be synchronous/u],
      [`def run(x): return ${'('.repeat(5000)}1${')'.repeat(5000)}`, /too many nested|compiler stopped/u],
    ] as const)
      await assert.rejects(
        store.store('count', { id: text.slice(0, 50), source: text, metadata: python }),
        (error: PlatformError) => {
          assert.equal(error.code, 'INVALID_PROGRAM');
          assert.match(error.message, reason);
          return true;
        },
      );
  });

  it('keeps the version before where there is no Python', async () => {
    const folder = join(dir, 'without');
    const own = new ProgramStore({ dir: folder, clock: systemClock });
    await own.store('count', { id: 'ts', source: typescript, metadata: schemas });
    await own.setActive('count', 1, { record: { id: 'first' } });
    const refused = await openPython({ clock: systemClock, memoryLimitMb: 64, path: '' }).catch((error: unknown) => error);
    const without = await createEdge({
      dataDir: folder,
      clock: systemClock,
      random: systemRandom,
      sandbox: { jail: noJail, workers: 1, openPython: () => Promise.reject(refused) },
    });
    assert.ok(refused instanceof PlatformError);
    if (missing === undefined) {
      await own.adopt(await store.bundle('count', 2));
      await own.setActive('count', 2, { record: { id: 'second' } });
      const refresh = await without.app.inject({ method: 'POST', url: '/tasks/count/refresh' });
      const { error_code } = errorResponseSchema.parse(refresh.json());
      assert.deepEqual([refresh.statusCode, error_code], [503, 'LANGUAGE_UNAVAILABLE']);
    }
    const answer = await without.app.inject({ method: 'POST', url: '/execute', payload: { input: { n: 1 } } });
    await without.close();
    assert.deepEqual(answer.json<{ output: unknown }>().output, { by: 'ts', n: 2 });
  });
});

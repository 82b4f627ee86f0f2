import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { standaloneDeploymentSchema, watchingOptions } from './deployment.ts';
import { readDeployment } from './read-deployment.ts';

let path = '';
before(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'loopwright-deployment-')), 'deployment.yaml');
});
after(() => rm(join(path, '..'), { recursive: true }));

async function read(text: string, environment: Record<string, string> = {}): ReturnType<typeof readDeployment> {
  await writeFile(path, text);
  return readDeployment(path, environment);
}

async function problemsOf(text: string): Promise<string[]> {
  const error = await read(text).then(
    () => assert.fail('it was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof PlatformError);
  assert.equal(error.code, 'INVALID_CONFIGURATION');
  return error.message.replace(/^Cannot use "[^"]+": /u, '').split('; ');
}

const SAMPLE = `
runtime:
  mode: edge
  data_dir: \${DATA:-/loopai-data}
execution:
  worker_count: "\${WORKERS}"
  timeout_ms: 1000
sampling:
  strategy: random
  rate: 0.05
storage:
  retention_days: 7
  max_size_gb: 100
`;

describe('readDeployment', () => {
  it("reads the source's file, with variables of the environment as numbers where numbers are wanted", async () => {
    const { runtime, execution, storage } = await read(SAMPLE, { WORKERS: '8', DATA: '' });
    assert.deepEqual(runtime, { mode: 'edge', data_dir: '/loopai-data' });
    assert.deepEqual(execution, { worker_count: 8, timeout_ms: 1000, state: 'fresh' });
    assert.deepEqual([storage.retention_days, storage.max_size_gb, storage.time_zone], [7, 100, 'UTC']);
    assert.equal((await read(SAMPLE, { WORKERS: '8', DATA: '123' })).runtime.data_dir, '123');
  });

  it('gives the defaults', async () => {
    const deployment = await read('runtime: { mode: central, data_dir: /d }');
    assert.deepEqual(
      [deployment.execution, deployment.sampling],
      [
        { worker_count: 4, timeout_ms: 1000, state: 'fresh' },
        { strategy: 'random', rate: 0.05, confidence: 'program' },
      ],
    );
  });

  it('says all that is wrong at once, with lines', async () => {
    assert.deepEqual(
      await problemsOf(`runtime:
  mode: cloud
  data_dir: "\${NOWHERE}"
execution:
  worker_count: many
  timeout_ms: -1
sampling: { rate: 2, strategie: random }
storage:
  time_zone: Mars/Olympus
  __proto__: { polluted: true }
`),
      [
        'line 3: The environment has no variable NOWHERE',
        'line 2 /runtime/mode: Invalid option: expected one of "edge"|"central"|"hybrid"',
        'line 5 /execution/worker_count: Invalid input: expected number, received string',
        'line 6 /execution/timeout_ms: Too small: expected number to be >0',
        'line 7 /sampling/rate: Too big: expected number to be <=1',
        'line 7 /sampling/strategie: is not known',
        'line 9 /storage/time_zone: is no time zone, such as UTC or Europe/Berlin',
        'line 10 /storage/__proto__: is not known',
      ],
    );
  });

  it('says what is sampled, who validates and what counts as drift, and refuses what it does not know', async () => {
    const { sampling, validation, drift } = watchingOptions(
      await read(`runtime: { mode: edge, data_dir: /d }
sampling: { strategy: uncertainty, rate: "0.2", confidence: model }
validation: { comparison: fuzzy, threshold: 0.8, budget_usd_per_day: 2, reference_programs: { spam: spam-rules } }
drift: { window_records: 100, windows_in: 2 }
`),
    );
    assert.deepEqual(sampling, { strategy: 'uncertainty', rate: 0.2, confidence: 'model' });
    assert.deepEqual(
      [validation.comparison.method, validation.comparison.threshold, validation.budgetUsdPerDay],
      ['fuzzy', 0.8, 2],
    );
    assert.deepEqual(validation.referencePrograms, { spam: 'spam-rules' });
    assert.deepEqual([drift?.windowRecords, drift?.windowsIn, drift?.windowsOut], [100, 2, 3]);
    assert.equal(watchingOptions(await read('runtime: { mode: edge, data_dir: /d }\ndrift: { enabled: false }')).drift, null);
    assert.deepEqual(
      await problemsOf('runtime: { mode: edge, data_dir: /d }\nsampling: { strategy: sometimes }\ndrift: { threshold: 0 }'),
      [
        'line 2 /sampling/strategy: Invalid option: expected one of "random"|"uncertainty"|"stratified"|"edge_case"|"adaptive"',
        'line 3 /drift/threshold: Too small: expected number to be >0',
      ],
    );
  });

  it('takes meanings for a comparison only where somebody can judge them', async () => {
    const semantic = 'runtime: { mode: edge, data_dir: /d }\nvalidation: { comparison: semantic, threshold: 0.8 }';
    assert.equal(watchingOptions(await read(semantic)).validation.comparison.method, 'semantic');
    assert.match(
      (await problemsOf(semantic.replace('0.8', '0.8, reference_programs: { a: b }')))[0] ?? '',
      /comparison: cannot be semantic/u,
    );
  });

  it('refuses to ask a model where an edge is by itself, with the line of each, beside what else is wrong', async () => {
    const text = `runtime: { mode: edge, data_dir: /d }
sampling: { strategy: uncertainty, confidence: model }
source: { url: "http://127.0.0.1:1", token: t, programs: [a] }
validation:
  oracle: model
  comparison: semantic
`;
    await read(text);
    const alone = async (wrong: string): Promise<string> => {
      await writeFile(path, wrong);
      const error = await readDeployment(path, {}, standaloneDeploymentSchema).then(
        () => assert.fail('it was accepted'),
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof PlatformError && error.code === 'INVALID_CONFIGURATION');
      return error.message;
    };
    const reason = 'asks a model, which only an edge that the server runs can: nobody would answer here';
    assert.ok(
      (await alone(text)).endsWith(
        `: line 5 /validation/oracle: ${reason}; line 6 /validation/comparison: ${reason}; line 2 /sampling/confidence: ${reason}`,
      ),
    );
    const more = await alone(`${text}storage: { retention_days: 0 }\n`);
    assert.match(more, /line 7 \/storage\/retention_days: .*line 5 \/validation\/oracle: asks a model/u);
  });

  it('refuses what is no such file', async () => {
    assert.match((await problemsOf('runtime: { mode: edge'))[0] ?? '', /^line 1: /u);
    assert.deepEqual(await problemsOf('storage: {}'), ['line 1 /runtime: Invalid input: expected object, received undefined']);
    assert.match((await problemsOf('a: 1\na: 2'))[0] ?? '', /^line 2: Map keys must be unique/u);
    const bomb = Array.from({ length: 10 }, (_, n) => `a${n}: &a${n} [${`*a${n - 1}, `.repeat(n === 0 ? 0 : 9)}x]`).join('\n');
    await assert.rejects(read(bomb), { code: 'INVALID_CONFIGURATION' });
    await assert.rejects(read('x'.repeat(300_000)), { code: 'INVALID_CONFIGURATION', message: /more than 262144 bytes/u });
    await assert.rejects(readDeployment('/nowhere/deployment.yaml', {}), { code: 'INVALID_CONFIGURATION' });
  });
});

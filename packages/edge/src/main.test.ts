import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readLines } from '@loopwright/module-sdk';
import { type ExecutionRecord, executionRecordSchema, isoTime, moduleMessageSchema, systemClock } from '@loopwright/protocol';
import { edgeMainPath } from './lib/main-path.ts';
import { ProgramStore } from './lib/store/program-store.ts';

const folders: string[] = [];

interface RunningEdge {
  readonly child: ChildProcess;
  readonly url: string;
  readonly exit: Promise<number | null>;
}

async function dataFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'loopwright-main-'));
  folders.push(dir);
  const store = new ProgramStore({ dir, clock: systemClock });
  await store.store('echo', { id: 'a', source: 'export const run = (n: number) => n + 1;' });
  await store.setActive('echo', 1, { record: { id: 'p' } });
  return dir;
}

async function startEdge(env: Record<string, string>): Promise<RunningEdge> {
  const child = spawn(process.execPath, ['--conditions=loopwright-source', edgeMainPath()], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const exit = new Promise<number | null>((resolve) => {
    child.on('exit', resolve);
  });
  child.stdin.write(
    `${JSON.stringify({ orchestrator_api: '', module_id: 'edge', env: { LOOPWRIGHT_SANDBOX_JAIL: 'preferred', ...env }, listen: '127.0.0.1:0' })}\n`,
  );
  const first = await readLines(child.stdout).next();
  if (first.done === true) return { child, url: '', exit };
  const message = moduleMessageSchema.parse(JSON.parse(first.value));
  assert.ok(message.op === 'announce');
  return { child, url: `http://${message.listen}`, exit };
}

async function execute(url: string, input: number): Promise<Response> {
  const body = JSON.stringify({ input });
  return fetch(`${url}/execute`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

async function recordsOf(dir: string): Promise<ExecutionRecord[]> {
  return (await linesOf(dir)).map((line) => executionRecordSchema.parse(JSON.parse(line)));
}

async function linesOf(dir: string): Promise<string[]> {
  const folder = join(dir, 'datasets/echo/executions');
  const texts = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap((text) => text.split('\n')).filter((line) => line !== '');
}

/** Workers of a killed edge must be gone soon. */
async function checkGone(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + 60_000;
  const isAlive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  while (pids.some(isAlive)) {
    assert.ok(performance.now() < deadline, 'workers live on');
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

after(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

describe('main', () => {
  it('takes what a deployment.yaml says, and goes on with it when the file is broken later', async () => {
    const dir = await dataFolder();
    const file = join(dir, 'deployment.yaml');
    await writeFile(
      file,
      'runtime: { mode: edge, data_dir: "${EDGE_DIR}" }\nexecution: { worker_count: 1 }\nsampling: { rate: 1 }\n' +
        'storage: { durability: full, time_zone: Pacific/Kiritimati }\n',
    );
    const { child, url, exit } = await startEdge({ LOOPWRIGHT_EDGE_DEPLOYMENT: file, EDGE_DIR: dir });
    assert.equal((await execute(url, 1)).status, 200);
    await writeFile(file, 'runtime: nothing');
    child.kill('SIGHUP');
    assert.equal((await execute(url, 2)).status, 200);
    const records = await recordsOf(dir);
    assert.deepEqual(
      records.map(({ sampled_for_validation: isSampled }) => isSampled),
      [true, true],
    );
    // Once it is right again, what is sampled is as it says.
    await writeFile(file, 'runtime: { mode: edge, data_dir: "${EDGE_DIR}" }\nsampling: { rate: 0 }\n');
    child.kill('SIGHUP');
    let isSampled = true;
    for (let n = 3; n < 200 && isSampled; n += 1) {
      assert.equal((await execute(url, n)).status, 200);
      isSampled = (await recordsOf(dir)).at(-1)?.sampled_for_validation ?? false;
    }
    assert.equal(isSampled, false);
    const [name] = await readdir(join(dir, 'datasets/echo/executions'));
    // The first zone in which a day begins: fourteen hours before UTC.
    const expected = isoTime(Date.parse(records[0]?.executed_at ?? '') + 14 * 3_600_000).slice(0, 10);
    assert.equal(name, `${expected}.jsonl`);
    child.stdin?.end();
    child.kill('SIGTERM');
    assert.equal(await exit, 0);
  });

  it('says what is wrong with a deployment.yaml and does not start', async () => {
    const dir = await dataFolder();
    await writeFile(join(dir, 'deployment.yaml'), 'runtime: { mode: edge }');
    const { exit } = await startEdge({ LOOPWRIGHT_EDGE_DEPLOYMENT: join(dir, 'deployment.yaml') });
    assert.notEqual(await exit, 0);
  });

  it('serves as a module and drains on shutdown', async () => {
    const dir = await dataFolder();
    const { child, url, exit } = await startEdge({ LOOPWRIGHT_EDGE_DATA_DIR: dir });
    const response = await execute(url, 4);
    assert.equal(((await response.json()) as { output: number }).output, 5);
    child.stdin?.write('{"op":"shutdown"}\n');
    assert.equal(await exit, 0);
    const today = isoTime(systemClock.now()).slice(0, 10);
    assert.match(
      await readFile(join(dir, `datasets/echo/analytics/daily-stats-${today}.json`), 'utf8'),
      /"total_executions": 1/u,
    );
  });

  it('loses no acknowledged record when it is killed under load', { skip: process.platform !== 'linux' }, async () => {
    const dir = await dataFolder();
    const { child, url, exit } = await startEdge({ LOOPWRIGHT_EDGE_DATA_DIR: dir });
    const acknowledged: string[] = [];
    const workers = await childrenOf(child.pid ?? 0);
    assert.ok(workers.length >= 2);
    const client = async (): Promise<void> => {
      try {
        for (let n = 0; ; n += 1) {
          const response = await execute(url, n);
          acknowledged.push(response.headers.get('x-execution-id') ?? '');
          await response.arrayBuffer();
          if (acknowledged.length === 1000) child.kill('SIGKILL');
        }
      } catch {
        // The edge is gone.
      }
    };
    await Promise.all(Array.from({ length: 16 }, client));
    await exit;
    assert.ok(acknowledged.length >= 1000);
    const written = new Set(
      (await linesOf(dir)).map((line) => (line.endsWith('}') ? (JSON.parse(line) as { id: string }).id : '')),
    );
    assert.deepEqual(
      acknowledged.filter((id) => !written.has(id)),
      [],
    );
    await checkGone(workers);
    const again = await startEdge({ LOOPWRIGHT_EDGE_DATA_DIR: dir });
    const metrics = (await (await fetch(`${again.url}/metrics`)).json()) as { executions_today: number };
    assert.ok(metrics.executions_today >= acknowledged.length);
    again.child.stdin?.end();
    assert.equal(await again.exit, 0);
  });

  it('leaves no worker behind that hangs when it is killed', { skip: process.platform !== 'linux' }, async () => {
    const dir = await dataFolder();
    const store = new ProgramStore({ dir, clock: systemClock });
    const source = 'export const run = () => Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);';
    await store.store('bomb', { id: 'a', source });
    await store.setActive('bomb', 1, { record: { id: 'p' } });
    const { child, url, exit } = await startEdge({ LOOPWRIGHT_EDGE_DATA_DIR: dir, LOOPWRIGHT_SANDBOX_TIMEOUT_MS: '60000' });
    const workers = await childrenOf(child.pid ?? 0);
    const hung = fetch(`${url}/tasks/bomb/execute`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"input":null}',
    }).catch(() => undefined);
    assert.equal(
      (
        await fetch(`${url}/tasks/echo/execute`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"input":1}',
        })
      ).status,
      200,
    );
    child.kill('SIGKILL');
    await Promise.all([exit, hung]);
    await checkGone(workers);
  });

  it('refuses a configuration that is not valid', async () => {
    const { exit } = await startEdge({ LOOPWRIGHT_EDGE_DATA_DIR: '/tmp', LOOPWRIGHT_SANDBOX_WORKERS: 'many' });
    assert.equal(await exit, 1);
  });
});

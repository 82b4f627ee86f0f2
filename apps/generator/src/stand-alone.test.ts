import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ArtifactResult, artifactResultSchema } from '@loopwright/protocol';
import { eventsOf, planFor, send, until } from './http/service-fixture.ts';
import { readStandAlone } from './stand-alone.ts';

/** A service in a process of its own. */
interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

const graded = (id: string, source: string, limit = 1000) =>
  planFor('grade', id, {
    files: [{ file_path: 'add.js', content: source }],
    tests: [{ file_path: 'add.test.js', content: 'console.assert(add(1, 2) === 3);' }],
    time_limit_ms: limit,
  });
const RIGHT = 'const add = (a, b) => a + b;';

describe('generation service by itself', () => {
  let dataDir: string;
  const children: ChildProcess[] = [];
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'alone-'));
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  });

  async function start(): Promise<Running> {
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const args = ['--conditions=loopwright-source', main, '--listen', '127.0.0.1:0', '--data-dir', dataDir];
    const env = { ...process.env, LOOPWRIGHT_GENERATOR_SANDBOX_WORKERS: '1' };
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'], env });
    children.push(child);
    assert.ok(child.stdout);
    const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return { child, url };
  }
  async function kill({ child }: Running): Promise<void> {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  it('keeps what it answered, and nothing else, over kill -9', async () => {
    let running = await start();
    const answered = artifactResultSchema.parse(await (await send(running.url, graded('kept', RIGHT))).json());
    assert.equal(answered.status, 'SUCCESS');
    const lost = send(running.url, graded('lost', 'const add = () => { for (;;); };', 10_000)).then(
      () => 'answered',
      () => 'cut off',
    );
    await until(async () => (await fetch(`${running.url}/executions/lost`)).status === 202, 'the run');
    await kill(running);
    assert.equal(await lost, 'cut off');
    running = await start();
    assert.deepEqual(await (await fetch(`${running.url}/executions/kept`)).json(), answered);
    const [told] = await eventsOf(await fetch(`${running.url}/executions/kept/events`));
    assert.deepEqual([told?.event_type, told?.data?.['status']], ['execution_completed', 'SUCCESS']);
    assert.deepEqual(await (await send(running.url, graded('kept', RIGHT))).json(), answered);
    assert.equal((await fetch(`${running.url}/executions/lost`)).status, 404);
    const stats = (await (await fetch(`${running.url}/stats`)).json()) as Record<string, number>;
    assert.equal(stats['total_executions'], 0);
    // The same id is free for a new attempt, and no half-written file is left.
    const again = (await (
      await send(running.url, graded('lost', 'const add = () => { for (;;); };', 50))
    ).json()) as ArtifactResult;
    assert.equal(again.status, 'TIMEOUT');
    assert.ok((await readdir(join(dataDir, 'executions'))).every((name) => name.endsWith('.json')));
    running.child.kill('SIGTERM');
    assert.deepEqual(await once(running.child, 'exit'), [0, null]);
  });

  it('grades on when a worker of its sandbox is killed under it', async (context) => {
    if (process.platform !== 'linux') return context.skip('the workers of the sandbox are found by /proc');
    const running = await start();
    assert.equal(((await (await send(running.url, graded('warm', RIGHT))).json()) as ArtifactResult).status, 'SUCCESS');
    const slow = 'const add = (a, b) => { let n = 0; for (let i = 0; i < 4e8; i += 1) n += i % 3; return n > 0 ? a + b : 0; };';
    const answer = send(running.url, graded('hit', slow, 10_000));
    await until(async () => (await fetch(`${running.url}/executions/hit`)).status === 202, 'the run');
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const pid of await sandboxWorkers(running.child.pid ?? 0)) process.kill(pid, 'SIGKILL');
    const result = (await (await answer).json()) as ArtifactResult;
    assert.equal(result.status, 'SUCCESS', JSON.stringify(result.test_results));
    await kill(running);
  });

  it('listens off this machine only with a token', () => {
    assert.throws(() => readStandAlone(['--listen', '0.0.0.0:8001'], {}), { code: 'INVALID_CONFIGURATION' });
    const told = readStandAlone(['--data-dir', 'x'], { PTC_HOST: '0.0.0.0', PTC_PORT: '9', PTC_AUTH_TOKEN: 'secret' });
    assert.deepEqual(told, { host: '0.0.0.0', port: 9, dataDir: 'x', authToken: 'secret', jailPolicy: 'required' });
    assert.equal(readStandAlone(['--data-dir', 'x'], {})?.jailPolicy, 'preferred');
    assert.equal(readStandAlone([], {}), undefined);
  });
});

/** The processes below this one that are workers of a sandbox. */
async function sandboxWorkers(pid: number): Promise<number[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean).map(Number);
  const found: number[] = [];
  for (const child of children) {
    const command = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('worker-main')) found.push(child);
  }
  return found;
}

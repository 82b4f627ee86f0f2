import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { ModuleSpec } from './module-spec.ts';
import { moduleView } from './module-view.ts';
import { isAlive, type Supervised, supervise, until } from './supervisor-fixture.ts';

/** Callers that ask without a pause until they are told to end; every answer counts. */
function load(
  run: Supervised,
  paths: readonly string[],
): { readonly answers: string[]; readonly failures: unknown[]; end(): Promise<void> } {
  const answers: string[] = [];
  const failures: unknown[] = [];
  const over = new AbortController();
  const call = async (path: string): Promise<void> => {
    while (!over.signal.aborted)
      await run.ask(path, { method: 'POST' }).then(
        ({ text }) => answers.push(text),
        (error: unknown) => failures.push(error),
      );
  };
  const callers = paths.map(call);
  return {
    answers,
    failures,
    end: async () => {
      over.abort();
      await Promise.all(callers);
    },
  };
}

const BUSY = ['/well', '/well', '/soon', '/soon', '/soon', '/soon'];

async function checkNothingRefused(more: Partial<ModuleSpec>): Promise<number> {
  await using run = supervise('tcp', {}, more);
  await run.running();
  const callers = load(run, BUSY);
  const pids = new Set<number | null>();
  for (let count = 0; count < 3; count += 1) {
    pids.add(run.state().pid);
    await until('answers of this run', () => callers.answers.includes(String(run.state().pid)));
    await run.supervisor.module('child').replace();
  }
  await until('answers of the last run', () => callers.answers.includes(String(run.state().pid)));
  pids.add(run.state().pid);
  await callers.end();
  assert.deepEqual(callers.failures, []);
  // Requests that are no GET are never sent twice: each of these was answered by the one run that got it.
  assert.deepEqual([...new Set(callers.answers)].toSorted(), [...pids].map(String).toSorted());
  await until('the end of those before', () => [...pids].filter((pid) => isAlive(pid ?? 0)).length === 1);
  return callers.answers.length;
}

describe('replacing a module', () => {
  it('refuses no request under load, one run beside the other', async () => {
    assert.ok((await checkNothingRefused({ channels: ['ipc', 'tcp'] })) > 30);
  });

  it('refuses no request under load, one run after the other', async () => {
    assert.ok((await checkNothingRefused({ replace: 'exclusive' })) > 30);
  });

  it('lets the old run go on when the new one does not come up', async () => {
    await using run = supervise('well', {}, {});
    await run.running();
    const module = run.supervisor.module('child');
    const { pid } = run.state();
    const before = new Set(children());
    const replacing = module.replace();
    assert.equal(module.isReplacing, true);
    assert.equal(module.replace(), replacing);
    assert.equal(module.state().restarts, 1);
    // In this turn of the event loop, so that it cannot have said yet that it is up.
    const begun = children().filter((child) => !before.has(child));
    assert.equal(begun.length, 1);
    for (const child of begun) process.kill(child, 'SIGKILL');
    await assert.rejects(replacing, { code: 'MODULE_START_FAILED', message: /it was ended by SIGKILL/ });
    assert.deepEqual([run.state().pid, run.state().status, (await run.ask('/well')).text], [pid, 'running', String(pid)]);
  });
});

describe('a run that dies while another one comes up', () => {
  it('leaves its place to that one', async () => {
    await using run = supervise('well');
    await run.running();
    const { pid } = run.state();
    const replaced = run.supervisor.module('child').replace();
    process.kill(pid ?? 0, 'SIGKILL');
    assert.equal((await run.ask('/well')).status, 200);
    await replaced;
    assert.deepEqual([run.state().status, run.state().restarts], ['running', 1]);
    assert.notEqual(run.state().pid, pid);
  });
});

function children(): number[] {
  const text = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

describe('draining and stopping a module', () => {
  it('gives a drained module no request, and those that it has end', async () => {
    await using run = supervise('well');
    await run.running();
    const module = run.supervisor.module('child');
    const under = run.ask('/soon');
    module.drain();
    assert.equal(module.status, 'draining');
    await assert.rejects(run.ask('/well'), { code: 'SERVICE_UNAVAILABLE', message: /it is draining/ });
    assert.equal((await under).status, 200);
    assert.equal(module.status, 'drained');
    assert.throws(() => module.drain(), { code: 'INVALID_STATE' });
    await assert.rejects(async () => module.replace(), { code: 'INVALID_STATE' });
    module.start();
    assert.equal((await run.ask('/well')).status, 200);
    await module.stop();
    assert.deepEqual([module.status, run.state().pid], ['stopped', null]);
    await assert.rejects(run.ask('/well'), { code: 'SERVICE_UNAVAILABLE', message: /it is stopped/ });
    module.start();
    assert.equal((await run.ask('/well')).status, 200);
    const { pid } = run.state();
    module.restart();
    assert.notEqual((await run.ask('/well')).text, String(pid));
  });
});

describe('a module that cannot be started', () => {
  it('is given up like one that fails, whatever Node does about it', async () => {
    for (const file of ['/nowhere', 'a\0b', import.meta.dirname]) {
      await using run = supervise('', {}, { launch: { kind: 'command', file, args: [], cwd: '.' }, attempts: 2 });
      await assert.rejects(run.running(), /it is failed, last because it cannot be started \(/, file);
      assert.equal(run.state().pid, null);
    }
  });
});

describe('limits of a module', () => {
  it('ends one that takes too much memory, has too many processes, or says that it is not well', async () => {
    const healthCheck = { path: '/health', everyMs: 20, failures: 2 };
    await using greedy = supervise('well', { watchMs: 20 }, { limits: { memoryMb: 180 } });
    await using prolific = supervise('well', { watchMs: 20 }, { limits: { processes: 1 } });
    await using ill = supervise('well', {}, { healthCheck });
    await Promise.all([greedy.running(), prolific.running(), ill.running()]);
    await until('its health', () => moduleView(ill.supervisor.module('child')).health === 'healthy');
    const { usage } = moduleView(greedy.supervisor.module('child'));
    assert.ok(usage !== null && usage.memory_mb > 10 && usage.memory_mb < 180 && usage.processes === 1);
    void Promise.allSettled([greedy.ask('/memory'), prolific.ask('/child'), ill.ask('/ill')]);
    const ended = (run: Supervised): boolean => run.state().restarts > 0 && run.state().status === 'running';
    await until('new runs', () => [greedy, prolific, ill].every(ended));
    assert.match(greedy.state().last_exit?.reason ?? '', /^it had \d+ MiB of memory, and may have 180$/);
    assert.equal(prolific.state().last_exit?.reason, 'it had 2 processes, and may have 1');
    assert.equal(ill.state().last_exit?.reason, '/health said 2 times that it is not well');
  });
});

describe('routes of a module', () => {
  it('are open only where its permissions say so, however they are written', async () => {
    await using run = supervise('well', {}, { permissions: { routes: ['GET /well', '* /echo', 'POST /so*'] } });
    await run.running();
    for (const [method, path] of [
      ['GET', '/well?x=1'],
      ['PUT', '/echo'],
      ['POST', '/soon'],
    ] as const)
      assert.equal((await run.ask(path, { method })).status, 200);
    const closed = [
      ['POST', '/well'],
      ['GET', '/soon'],
      ['GET', '/exit'],
      ['POST', '/so/../exit'],
      ['POST', '/so/%2e%2e/exit'],
      ['POST', '/so//x'],
      ['GET', '/%77ell'],
    ] as const;
    for (const [method, path] of closed) await assert.rejects(run.ask(path, { method }), { code: 'FORBIDDEN' }, path);
    assert.equal(run.state().restarts, 0);
  });

  it('are asked only on this machine, wherever a module says that it listens', async () => {
    const said = `process.stdout.write(JSON.stringify({ op: 'announce', listen: '169.254.169.254:80', endpoints: [] }) + '\\n'); process.stdin.resume()`;
    const launch: ModuleSpec['launch'] = { kind: 'command', file: 'node', args: ['--eval', said], cwd: '.' };
    await using run = supervise('', {}, { launch, attempts: 1 });
    await assert.rejects(run.running(), /it announced "169\.254\.169\.254:80", which is no address that it may have/);
  });
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { seededRandom } from '@loopwright/protocol';
import { backOffMs } from './run/back-off.ts';
import type { ModuleLogEntry, ModuleSpec, ModuleState, SupervisionTimes } from './module-spec.ts';
import { Supervisor } from './supervisor.ts';

const entry = join(import.meta.dirname, 'fixtures', 'child.ts');
const QUICK: Partial<SupervisionTimes> = { backOffMinMs: 10, backOffMaxMs: 40 };

function supervise(mode: string, times: Partial<SupervisionTimes> = {}, more: Partial<ModuleSpec> = {}) {
  const logs: ModuleLogEntry[] = [];
  const supervisor = new Supervisor({
    modules: [{ id: 'child', launch: { kind: 'node', entry }, listen: '127.0.0.1:0', env: { MODE: mode }, ...more }],
    orchestratorApi: 'http://127.0.0.1:1',
    log: (line) => logs.push(line),
    times: { ...QUICK, ...times },
  });
  supervisor.start();
  const state = (): ModuleState => {
    const [only] = supervisor.state();
    assert.ok(only);
    return only;
  };
  return { supervisor, logs, state, [Symbol.asyncDispose]: () => supervisor.stop() };
}
async function until(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 15_000; !holds();) {
    if (Date.now() > deadline) assert.fail(`${what} did not come true`);
    await new Promise((done) => setTimeout(done, 10));
  }
}
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const bodySchema = (value: unknown) => value as { pid: number; env: string[]; init: { module_id: string; auth_token?: string } };

describe('Supervisor', () => {
  it('starts a module, gives its address and drains it at the end', async () => {
    process.env['LOOPWRIGHT_TEST_SECRET'] = 'x';
    const run = supervise('well', {}, { authToken: 'token' });
    assert.equal(run.state().status, 'starting');
    assert.throws(() => run.supervisor.address('child'), { code: 'SERVICE_UNAVAILABLE' });
    await run.supervisor.waitUntilRunning('child', 15_000);
    const { status, pid, listen, restarts, last_exit } = run.state();
    assert.deepEqual([status, restarts, last_exit], ['running', 0, null]);
    assert.equal(run.supervisor.address('child'), `http://${listen}`);
    const body = bodySchema(await (await fetch(run.supervisor.address('child'))).json());
    assert.deepEqual([body.pid, body.init.module_id, body.init.auth_token], [pid, 'child', 'token']);
    assert.ok(!body.env.includes('LOOPWRIGHT_TEST_SECRET'));
    await Promise.all([run.supervisor.stop(), run.supervisor.stop()]);
    delete process.env['LOOPWRIGHT_TEST_SECRET'];
    assert.deepEqual([run.state().status, run.state().pid, run.state().last_exit?.code], ['stopped', null, 0]);
    await until('the log', () => run.logs.some((line) => line.source === 'stderr' && line.text === 'drained'));
    await assert.rejects(run.supervisor.waitUntilRunning('child', 10_000), { code: 'SERVICE_UNAVAILABLE' });
  });

  it('starts a module that crashed again, on a new address', async () => {
    await using run = supervise('well');
    await run.supervisor.waitUntilRunning('child', 15_000);
    const { pid } = run.state();
    await fetch(`${run.supervisor.address('child')}/crash`).catch(() => undefined);
    await until('the restart', () => run.state().restarts === 1 && run.state().status === 'running');
    assert.notEqual(run.state().pid, pid);
    assert.deepEqual([run.state().last_exit?.code, run.state().last_exit?.reason], [3, 'it ended with code 3']);
    assert.equal((await fetch(run.supervisor.address('child'))).status, 200);
  });

  it('keeps trying while the start fails, a port in use included', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => holder.once('listening', done));
    const listen = `127.0.0.1:${(holder.address() as AddressInfo).port}`;
    await using run = supervise('well', {}, { listen });
    await until('a second failure', () => run.state().restarts >= 1);
    await assert.rejects(
      run.supervisor.waitUntilRunning('child', 1),
      /it is (starting|backing_off), last because it ended with code/,
    );
    assert.ok(run.logs.some((line) => line.text.includes('EADDRINUSE')));
    await new Promise((done) => holder.close(done));
    await run.supervisor.waitUntilRunning('child', 15_000);
    assert.equal(run.supervisor.address('child'), `http://${listen}`);
  });

  it('does not start a module again that is to run once', async () => {
    await using run = supervise('crash-at-start', {}, { restart: 'never' });
    await assert.rejects(run.supervisor.waitUntilRunning('child', 15_000), { code: 'SERVICE_UNAVAILABLE' });
    assert.deepEqual([run.state().status, run.state().restarts], ['stopped', 0]);
  });

  it('kills a module that hangs and starts it again', async () => {
    await using run = supervise('well', { heartbeatMs: 100 });
    await run.supervisor.waitUntilRunning('child', 15_000);
    void fetch(`${run.supervisor.address('child')}/hang`).catch(() => undefined);
    await until('the restart', () => run.state().restarts >= 1 && run.state().status === 'running');
    assert.equal(run.state().last_exit?.reason, 'it did not answer 3 heartbeats');
    assert.equal(run.state().last_exit?.signal, 'SIGKILL');
  });

  it('leaves a module alone that answers its heartbeats', async () => {
    await using run = supervise('well', { heartbeatMs: 100 });
    await run.supervisor.waitUntilRunning('child', 15_000);
    const { pid } = run.state();
    await new Promise((done) => setTimeout(done, 900));
    assert.deepEqual([run.state().pid, run.state().restarts], [pid, 0]);
  });

  it('kills a module that never announces itself', async () => {
    await using run = supervise('silent', { startTimeoutMs: 400 });
    await until('the kill', () => run.state().last_exit !== null);
    assert.equal(run.state().last_exit?.reason, 'it announced nothing within 400 ms');
  });

  it('logs what is no message on standard output and goes on', async () => {
    await using run = supervise('noisy');
    await run.supervisor.waitUntilRunning('child', 15_000);
    const noise = run.logs.filter((line) => line.source === 'stdout').map((line) => line.text);
    assert.deepEqual(noise, [
      'hello',
      'unknown_op: the op "unknown" is not known',
      'too_long: a line over the limit was left out',
    ]);
    assert.equal(run.state().restarts, 0);
  });

  it('kills a module that ignores the shutdown', async () => {
    const run = supervise('ignore-shutdown', { drainMs: 150 });
    await run.supervisor.waitUntilRunning('child', 15_000);
    const { pid } = run.state();
    await run.supervisor.stop();
    assert.match(run.state().last_exit?.reason ?? '', /did not end within 150 ms/);
    assert.equal(isAlive(pid ?? 0), false);
  });

  it('stops at once while a module starts or waits to be started', async () => {
    const starting = supervise('silent');
    await starting.supervisor.stop();
    assert.equal(starting.state().status, 'stopped');
    const waiting = supervise('crash-at-start', { backOffMinMs: 60_000, backOffMaxMs: 60_000 });
    await until('the pause', () => waiting.state().status === 'backing_off');
    await waiting.supervisor.stop();
    assert.deepEqual([waiting.state().status, waiting.state().pid], ['stopped', null]);
  });

  it('leaves no module behind when it is killed itself', async () => {
    const parent = spawn(
      process.execPath,
      ['--conditions=loopwright-source', join(import.meta.dirname, 'fixtures', 'parent.ts')],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const pid = await new Promise<number>((done) =>
      parent.stdout.once('data', (chunk: Buffer) => done(Number(chunk.toString()))),
    );
    assert.equal(isAlive(pid), true);
    parent.kill('SIGKILL');
    await until('the end of the module', () => !isAlive(pid));
  });

  it('refuses two modules of one name', () => {
    const twice: ModuleSpec = { id: 'a', launch: { kind: 'node', entry }, listen: '127.0.0.1:0' };
    assert.throws(() => new Supervisor({ modules: [twice, twice], orchestratorApi: '', log: () => undefined }), RangeError);
  });
});

describe('backOffMs', () => {
  it('doubles up to the limit, half of it by chance', () => {
    const random = seededRandom(1);
    const delays = Array.from({ length: 12 }, (_, failures) => backOffMs(failures, { min: 100, max: 10_000 }, random));
    for (const [failures, delay] of delays.entries()) {
      const full = Math.min(10_000, 100 * 2 ** failures);
      assert.ok(delay >= full / 2 && delay <= full);
    }
  });
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { seededRandom } from '@loopwright/protocol';
import { z } from 'zod';
import type { ModuleSpec } from './module-spec.ts';
import { backOffMs } from './run/back-off.ts';
import { isAlive, PLAIN, supervise, until } from './supervisor-fixture.ts';
import { Supervisor } from './supervisor.ts';

const SDK: ModuleSpec['launch'] = { kind: 'node', entry: join(import.meta.dirname, 'fixtures', 'child.ts') };
const givenSchema = z.object({
  pid: z.int(),
  env: z.array(z.string()),
  init: z.object({ module_id: z.string(), auth_token: z.string() }),
});

describe('Supervisor', () => {
  it('starts a module, asks it, and drains it at the end', async () => {
    process.env['LOOPWRIGHT_TEST_SECRET'] = 'x';
    const run = supervise('', {}, { launch: SDK, authToken: 'token' });
    assert.equal(run.state().status, 'starting');
    assert.throws(() => run.supervisor.address('child'), { code: 'SERVICE_UNAVAILABLE' });
    // It waits until the module is there.
    const given = givenSchema.parse(JSON.parse((await run.ask('/')).text));
    const { status, pid, listen, restarts, last_exit } = run.state();
    assert.deepEqual([status, listen, restarts, last_exit], ['running', 'ipc:child', 0, null]);
    assert.deepEqual([given.pid, given.init.module_id, given.init.auth_token], [pid, 'child', 'token']);
    assert.ok(!given.env.includes('LOOPWRIGHT_TEST_SECRET'));
    await Promise.all([run.supervisor.stop(), run.supervisor.stop()]);
    delete process.env['LOOPWRIGHT_TEST_SECRET'];
    assert.deepEqual([run.state().status, run.state().pid, run.state().last_exit?.code], ['stopped', null, 0]);
    assert.ok(run.logs.some((line) => line.source === 'stderr' && line.text === 'drained'));
    await assert.rejects(run.supervisor.waitUntilRunning('child', 60_000), { code: 'SERVICE_UNAVAILABLE' });
    await assert.rejects(run.ask('/'), { code: 'SERVICE_UNAVAILABLE' });
  });

  it('starts a module that crashed again, on a new address', async () => {
    await using run = supervise('tcp', {}, { channels: ['ipc', 'tcp'] });
    await run.running();
    const { pid, listen } = run.state();
    await assert.rejects(run.ask('/exit', { method: 'POST' }), { code: 'SERVICE_UNAVAILABLE' });
    // It waits for the next run.
    assert.equal((await run.ask('/well')).text, String(run.state().pid));
    assert.notEqual(run.state().pid, pid);
    assert.notEqual(run.state().listen, listen);
    assert.deepEqual([run.state().last_exit?.code, run.state().last_exit?.reason], [3, 'it ended with code 3']);
    assert.equal(await (await fetch(run.supervisor.address('child'))).text(), String(run.state().pid));
  });

  it('keeps trying while the start fails, a port in use included', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => holder.once('listening', done));
    const listen = `127.0.0.1:${(holder.address() as AddressInfo).port}`;
    await using run = supervise('tcp', {}, { listen });
    await until('a second failure', () => run.state().restarts >= 1);
    await assert.rejects(
      run.supervisor.waitUntilRunning('child', 1),
      /it is (starting|backing_off), last because it ended with code/,
    );
    assert.ok(run.logs.some((line) => line.text.includes('EADDRINUSE')));
    await new Promise((done) => holder.close(done));
    await run.running();
    assert.equal(run.supervisor.address('child'), `http://${listen}`);
  });

  it('gives a module up that fails too often, and starts it when it is told to', async () => {
    await using run = supervise('crash', {}, { attempts: 3 });
    await assert.rejects(run.running(), /it is failed, last because it ended with code 1/);
    assert.deepEqual([run.state().status, run.state().restarts], ['failed', 2]);
    assert.ok(run.logs.some((line) => line.text.endsWith('it is given up after 3 failures in a row')));
    await assert.rejects(run.ask('/well'), { code: 'SERVICE_UNAVAILABLE' });
    run.supervisor.module('child').start();
    assert.equal(run.state().status, 'starting');
  });

  it('does not start a module again that is to run once', async () => {
    await using run = supervise('crash', {}, { restart: 'never' });
    await assert.rejects(run.supervisor.waitUntilRunning('child', 60_000), { code: 'SERVICE_UNAVAILABLE' });
    assert.deepEqual([run.state().status, run.state().restarts], ['stopped', 0]);
  });

  it('kills a module that hangs and starts it again', async () => {
    await using run = supervise('well', { heartbeatMs: 50 });
    await run.running();
    await assert.rejects(run.ask('/busy', { method: 'POST' }), { code: 'SERVICE_UNAVAILABLE' });
    await until('the restart', () => run.state().restarts >= 1 && run.state().status === 'running');
    assert.equal(run.state().last_exit?.reason, 'it did not answer 3 heartbeats');
    assert.equal(run.state().last_exit?.signal, 'SIGKILL');
  });

  it('leaves a module alone that answers its heartbeats', async () => {
    // Silent for a second and a half it would be killed, which is long on a busy machine too.
    await using run = supervise('well', { heartbeatMs: 10, missedHeartbeats: 150 });
    await run.running();
    const { pid } = run.state();
    await new Promise((done) => setTimeout(done, 1800));
    assert.deepEqual([run.state().pid, run.state().restarts], [pid, 0]);
  });

  it('kills a module that never announces itself', async () => {
    await using run = supervise('silent', { startTimeoutMs: 400 });
    await until('the kill', () => run.state().last_exit !== null);
    assert.equal(run.state().last_exit?.reason, 'it announced nothing within 400 ms');
  });

  it('logs what is no message on standard output and goes on', async () => {
    await using run = supervise('noisy');
    await run.running();
    const noise = run.logs.filter((line) => line.source === 'stdout').map((line) => line.text);
    assert.deepEqual(noise, [
      'hello',
      'unknown_op: the op "unknown" is not known',
      'too_long: a line over the limit was left out',
    ]);
    assert.equal(run.state().restarts, 0);
  });

  it('kills a module that ignores the shutdown', async () => {
    const run = supervise('deaf', { drainMs: 150 });
    await run.running();
    const { pid } = run.state();
    await run.supervisor.stop();
    assert.match(run.state().last_exit?.reason ?? '', /did not end within 150 ms/);
    assert.equal(isAlive(pid ?? 0), false);
  });

  it('stops at once while a module starts or waits to be started', async () => {
    const starting = supervise('silent');
    await starting.supervisor.stop();
    assert.equal(starting.state().status, 'stopped');
    const waiting = supervise('crash', { backOffMinMs: 60_000, backOffMaxMs: 60_000 });
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
    const twice: ModuleSpec = { id: 'a', launch: PLAIN, listen: '127.0.0.1:0' };
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

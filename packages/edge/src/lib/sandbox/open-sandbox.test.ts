import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type Clock, PlatformError, systemClock } from '@loopwright/protocol';
import { buildProgram } from '../build/build-program.ts';
import { QUARANTINE_MS, TIMER_SLACK_NS } from './limits.ts';
import { type Jail, noJail } from './jail/jail.ts';
import { openSandbox } from './open-sandbox.ts';
import type { SandboxProgram } from './sandbox.ts';

/** A limit that nothing here meets, however slow the machine is. */
const AMPLE_MS = 60_000;

async function program(source: string): Promise<SandboxProgram> {
  const { code, digest } = await buildProgram(source);
  return { key: digest, code };
}

/** Runs into a built-in that V8 never interrupts: only a kill ends it. */
const unstoppable = `export const run = (isBad: boolean) =>
  isBad ? Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1) : "good";`;

/** Whether this process may raise a priority that it has lowered. */
function mayRaisePriority(): boolean {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    setPriority(child.pid ?? 0, 1);
    setPriority(child.pid ?? 0, 0);
    return true;
  } catch {
    return false;
  } finally {
    child.kill('SIGKILL');
  }
}

/** Worker processes of this process. */
function workerPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .filter((pid) => {
      try {
        const parent = /^PPid:\s+(\d+)$/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('worker-main');
      } catch {
        return false;
      }
    })
    .map(Number);
}

describe('openSandbox', () => {
  it('answers thousands of calls, each with its own output', async () => {
    await using sandbox = await openSandbox({ clock: systemClock, jail: noJail, timeoutMs: AMPLE_MS });
    const double = await program('export const run = (n: number) => n * 2;');
    const square = await program('export const run = (n: number) => n * n;');
    await sandbox.run(double, '1');
    const begun = process.cpuUsage();
    const results = await Promise.all(
      Array.from({ length: 10_000 }, (_, n) => sandbox.run(n % 2 === 0 ? double : square, String(n))),
    );
    const { user, system } = process.cpuUsage(begun);
    results.forEach((result, n) => {
      assert.ok(result.status === 'success');
      assert.equal(result.outputJson, String(n % 2 === 0 ? n * 2 : n * n));
    });
    // Of a processor, for how long it took depends on who else uses it; about half a second is usual.
    assert.ok(user + system < 5_000_000, `${(user + system) / 1000} ms`);
  });

  it('keeps what a program wrote into its variables and built-ins for its next call, or where state is fresh nothing', async () => {
    const source = `let calls = 0;
      const table = Array.from({ length: 200_000 }, (_, n) => n);
      export function run(step: number) {
        const seen = [(calls += 1), Object.hasOwn(globalThis, 'left'), Math.max(1, 2), table.length];
        Object.assign(globalThis, { left: step });
        Math.max = () => step;
        table.push(step);
        Promise.resolve().then(() => (calls += 100));
        if (step === 3) throw new Error('three');
        return seen;
      }`;
    const counting = await program(source);
    await using kept = await openSandbox({ clock: systemClock, jail: noJail, workers: 1, timeoutMs: AMPLE_MS });
    await kept.run(counting, '1');
    let second = await kept.run(counting, '2');
    // Where priorities cannot be raised again, a worker is given up whose call took long, as the first of all may on a busy machine.
    for (
      let tries = mayRaisePriority() ? 20 : 0;
      tries < 20 && second.status === 'success' && second.outputJson.startsWith('[1,');
      tries += 1
    ) {
      await kept.run(counting, '1');
      second = await kept.run(counting, '2');
    }
    assert.deepEqual(second.status === 'success' && JSON.parse(second.outputJson), [102, true, 1, 200_001]);

    // Each context takes 2 MB: the limit holds because those of ended calls are given back.
    await using fresh = await openSandbox({
      clock: systemClock,
      jail: noJail,
      workers: 1,
      timeoutMs: AMPLE_MS,
      memoryLimitMb: 16,
      state: 'fresh',
    });
    for (let step = 1; step <= 60; step += 1) {
      const result = await fresh.run(counting, String(step));
      if (step === 3) assert.equal(result.status, 'error');
      else
        assert.deepEqual(
          result.status === 'success' && JSON.parse(result.outputJson),
          [1, false, 2, 200_000],
          JSON.stringify(result),
        );
    }
    assert.equal(fresh.health().restarts, 0);
  });

  it('takes inputs and outputs of a megabyte and any characters', async () => {
    await using sandbox = await openSandbox({ clock: systemClock, jail: noJail, workers: 1, timeoutMs: AMPLE_MS });
    const echo = await program('export const run = (value: unknown) => value;');
    const value = ['é€😀\n\u0000"\\'.repeat(50_000), { nested: [null, true, 1.5e-7] }];
    const result = await sandbox.run(echo, JSON.stringify(value, null, 2));
    assert.ok(result.status === 'success');
    assert.deepEqual(JSON.parse(result.outputJson), value);
    const broken = await sandbox.run(echo, '{"a":');
    assert.ok(broken.status === 'error');
    assert.match(broken.message, /^SyntaxError/u);
  });

  it('fails only the call that hangs, and runs those behind it elsewhere', async () => {
    await using sandbox = await openSandbox({ clock: systemClock, jail: noJail, workers: 1, timeoutMs: 500 });
    const bad = await program(unstoppable);
    const good = await program('export const run = (n: number) => n + 1;');
    await Promise.all([sandbox.run(bad, 'false'), sandbox.run(good, '1')]);
    const hung = sandbox.run(bad, 'true');
    const others = Array.from({ length: 200 }, (_, n) =>
      sandbox.run(n % 2 === 0 ? good : bad, n % 2 === 0 ? String(n) : 'false'),
    );
    assert.equal((await hung).status, 'timeout');
    for (const other of await Promise.all(others)) assert.equal(other.status, 'success');
    assert.equal(sandbox.health().restarts, 1);
  });

  it('keeps other programs quick while one hangs', async () => {
    const sandbox = await openSandbox({ clock: systemClock, jail: noJail, timeoutMs: AMPLE_MS });
    const bad = await program(unstoppable);
    const good = await program('export const run = (n: number) => n + 1;');
    await sandbox.run(good, '1');
    let isHung = true;
    const hung = assert.rejects(
      sandbox.run(bad, 'true').finally(() => (isHung = false)),
      { code: 'SERVICE_UNAVAILABLE' },
    );
    for (let n = 0; n < 100; n += 1) assert.equal((await sandbox.run(good, String(n))).status, 'success');
    assert.ok(isHung, 'the calls did not wait for the program that hangs');
    await Promise.all([sandbox.close(), hung]);
  });

  it('gives each tenant processes of its own, and takes back idle ones for others', async () => {
    await using sandbox = await openSandbox({ clock: systemClock, jail: noJail, workers: 1, timeoutMs: 1000 });
    const good = await program('export const run = (n: number) => n + 1;');
    const tenants = Array.from({ length: 8 }, (_, number) => `tenant ${number}`);
    for (const tenant of tenants) {
      const result = await sandbox.run({ ...good, tenant }, '1');
      assert.equal(result.status, 'success', tenant);
      // Four tenants at once and a free one; one more may be at its end.
      assert.ok(workerPids().length <= 6);
    }
    assert.equal(sandbox.health().restarts, 0);
    const bad = { ...(await program(unstoppable)), tenant: tenants.at(-1) };
    let isHung = true;
    const hung = sandbox.run(bad, 'true').finally(() => {
      isHung = false;
    });
    // Both have a process still. It would wait for the program that hangs if that were the same one.
    assert.equal((await sandbox.run({ ...good, tenant: tenants.at(-2) }, '1')).status, 'success');
    assert.equal(isHung, true);
    assert.equal((await hung).status, 'timeout');
  });

  it('loses only the calls under way when its workers are killed', async () => {
    await using sandbox = await openSandbox({ clock: systemClock, jail: noJail, timeoutMs: AMPLE_MS });
    const slow = await program(
      'export function run(n: number) { let x = n; for (let i = 0; i < 2e6; i++) x = (x * 31) % 9973; return x; }',
    );
    await sandbox.run(slow, '1');
    const results = Promise.all(Array.from({ length: 60 }, (_, n) => sandbox.run(slow, String(n))));
    // Not the third: three kills would put the program into quarantine.
    const killed = workerPids().slice(0, 2);
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    const failed = (await results).filter((result) => result.status !== 'success');
    assert.ok(failed.length <= 2, `${failed.length} calls failed`);
    assert.equal((await sandbox.run(slow, '1')).status, 'success');
    // The end of one that nobody waited for may be heard later.
    while (workerPids().some((pid) => killed.includes(pid)) || sandbox.health().workers < 3) await setImmediate();
    const { restarts } = sandbox.health();
    // Where priorities cannot be raised again, one may have been given up already, because its call took long: that is no restart.
    assert.ok(restarts === 2 || (restarts < 2 && !mayRaisePriority()), `${restarts} restarts`);
  });

  it('puts a program that kills workers into quarantine for a minute', async () => {
    let offset = 0;
    const clock: Clock = {
      now: () => systemClock.now() + offset,
      schedule: (delayMs, run) => systemClock.schedule(delayMs, run),
    };
    await using sandbox = await openSandbox({ clock, jail: noJail, timeoutMs: 300 });
    const bad = await program(unstoppable);
    for (let kill = 0; kill < 3; kill += 1) assert.equal((await sandbox.run(bad, 'true')).status, 'timeout');
    const refused = await sandbox.run(bad, 'false');
    assert.ok(refused.status === 'error');
    assert.match(refused.message, /quarantine/u);
    assert.equal(sandbox.health().quarantined, 1);
    const other = await program(`${unstoppable}\n// the next version`);
    assert.equal((await sandbox.run(other, 'false')).status, 'success');
    offset = QUARANTINE_MS;
    assert.equal((await sandbox.run(bad, 'false')).status, 'success');
  });

  it('does not give up a worker with each slow call where priorities cannot be raised again', (test) => {
    const main = join(import.meta.dirname, 'fixtures', 'slow-calls.ts');
    const isRoot = process.getuid?.() === 0;
    const [command, ...args] = [
      ...(isRoot ? ['setpriv', '--bounding-set=-sys_nice'] : []),
      process.execPath,
      ...process.execArgv,
      main,
    ];
    const { stdout, error, status } = spawnSync(command, args, { encoding: 'utf8' });
    if (error !== undefined) return test.skip('there is no setpriv');
    assert.equal(status, 0);
    // The first one shows that it cannot be raised; on a busy machine one more may take too long.
    assert.ok(stdout.split(',').filter((output) => output === '1').length <= 4, stdout);
  });

  it('keeps more programs than fit into a worker', async () => {
    await using sandbox = await openSandbox({ clock: systemClock, jail: noJail, workers: 1, timeoutMs: AMPLE_MS });
    const programs = await Promise.all(Array.from({ length: 30 }, (_, n) => program(`export const run = () => ${n};`)));
    for (let round = 0; round < 2; round += 1) {
      const results = await Promise.all(programs.map((each) => sandbox.run(each, 'null')));
      assert.deepEqual(
        results.map((result) => (result.status === 'success' ? result.outputJson : result.message)),
        programs.map((_, n) => String(n)),
      );
    }
  });

  it('refuses more calls than its queue takes', async () => {
    const sandbox = await openSandbox({ clock: systemClock, jail: noJail, workers: 1, timeoutMs: AMPLE_MS });
    const loop = await program('export function run() { for (;;) {} }');
    const large = `"${'x'.repeat(15_000_000)}"`;
    const calls = Array.from({ length: 20 }, () => sandbox.run(loop, large).catch((error: unknown) => error));
    const refused = await calls.at(-1);
    assert.ok(refused instanceof PlatformError);
    assert.equal(refused.code, 'OVERLOADED');
    await sandbox.close();
    const first = await calls[0];
    assert.ok(first instanceof PlatformError);
    assert.equal(first.code, 'SERVICE_UNAVAILABLE');
  });

  it('lets the timers of its workers be late together, and leaves no process behind when it is closed', async () => {
    const sandbox = await openSandbox({ clock: systemClock, jail: noJail });
    const workers = workerPids();
    assert.ok(workers.length > 0);
    // Others than root may not always: then its timers are as they were.
    if (process.getuid?.() === 0)
      assert.ok(workers.some((pid) => readFileSync(`/proc/${pid}/timerslack_ns`, 'utf8').trim() === String(TIMER_SLACK_NS)));
    await sandbox.close();
    assert.deepEqual(workerPids(), []);
    await assert.rejects(sandbox.run({ key: 'k', code: 'return () => 1' }, '1'), { code: 'SERVICE_UNAVAILABLE' });
  });

  it('says when its workers cannot be started', async () => {
    const jail: Jail = { ...noJail, start: () => noJail.start({ command: '/nonexistent/loopwright', args: [] }) };
    await assert.rejects(openSandbox({ clock: systemClock, jail }), { code: 'SERVICE_UNAVAILABLE' });
  });

  it('refuses settings out of range', async () => {
    await assert.rejects(openSandbox({ clock: systemClock, jail: noJail, workers: 0 }), { code: 'INVALID_CONFIGURATION' });
    await assert.rejects(openSandbox({ clock: systemClock, jail: noJail, timeoutMs: Number.NaN }), {
      code: 'INVALID_CONFIGURATION',
    });
  });
});

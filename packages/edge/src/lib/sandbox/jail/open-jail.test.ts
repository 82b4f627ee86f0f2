import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type TestContext, before, describe, it } from 'node:test';
import { systemClock } from '@loopwright/protocol';
import { hostileScript } from '../fixtures/hostile-process.ts';
import { openSandbox } from '../open-sandbox.ts';
import { TIMER_SLACK_NS } from '../limits.ts';
import { findBubblewrap } from './bubblewrap.ts';
import { type Jail, type JailedProcess, WALLS } from './jail.ts';
import { openJail } from './open-jail.ts';

let jail: Jail;

/** The jail of this machine; skips the test where there is none. */
function needJail(test: TestContext): Jail | undefined {
  if (jail.name !== 'none') return jail;
  test.skip(jail.walls[0]?.detail ?? 'there is no jail');
  return undefined;
}

const double = { key: 'double', code: 'return (n) => n * 2;' };

describe('openJail', () => {
  before(async () => {
    jail = await openJail({ policy: 'preferred', clock: systemClock });
  });

  it('says which walls stand, and what was seen', (test) => {
    const found = needJail(test);
    if (found === undefined) return;
    assert.deepEqual(
      found.walls.map(({ name }) => name),
      [...WALLS],
    );
    const fallen = found.walls.filter(({ name, stands }) => !stands && name !== 'user');
    assert.deepEqual(fallen, []);
    for (const { detail } of found.walls) assert.notEqual(detail, '');
  });

  it('leaves nothing to somebody who owns the whole process', async (test) => {
    const found = needJail(test);
    if (found === undefined) return;
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-jail-'));
    const file = join(dir, 'secret');
    writeFileSync(file, 'secret');
    const server = createServer((socket) => socket.destroy());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const { child } = found.start({ command: process.execPath, args: ['-e', hostileScript({ pid: process.pid, port, file })] });
    assert.ok(child.stdout !== null);
    const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
    server.close();
    rmSync(dir, { recursive: true });
    const { tried, done } = JSON.parse(output) as { tried: number; done: string[] };
    assert.deepEqual(done, []);
    assert.ok(tried >= 40);
  });

  it('ends with the process that started it, and has got no descriptor of it', async (test) => {
    if (needJail(test) === undefined) return;
    const main = join(import.meta.dirname, 'fixtures', 'jailed-worker.ts');
    // As if something else had left it open: Node itself never would.
    const leak = 40;
    const stdio = Array.from({ length: leak + 1 }, (_, n) => (n === 1 || n === leak ? 'pipe' : 'ignore'));
    const parent = spawn(process.execPath, [...process.execArgv, main], { stdio });
    test.after(() => parent.kill('SIGKILL'));
    assert.ok(parent.stdout !== null);
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const linksOf = (pid: string | number): string[] =>
      readdirSync(`/proc/${pid}/fd`).map((name) => readlinkSync(`/proc/${pid}/fd/${name}`));
    assert.match(readlinkSync(`/proc/${parent.pid ?? 0}/fd/${leak}`), /socket/u);
    const ofParent = new Set(linksOf(parent.pid ?? 0).filter((link) => /^(?:socket|pipe|\/(?!dev\/null))/u.test(link)));
    assert.deepEqual(
      linksOf(line).filter((link) => ofParent.has(link)),
      [],
    );
    parent.kill('SIGKILL');
    await once(parent, 'close');
    const deadline = performance.now() + 60_000;
    while (existsSync(`/proc/${line}`) && performance.now() < deadline) {
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    }
    assert.equal(existsSync(`/proc/${line}`), false);
  });

  it('leaves nothing behind that is killed while it begins', { timeout: 60_000 }, async (test) => {
    const found = needJail(test);
    if (found === undefined) return;
    for (let wait = 0; wait < 10; wait += 0.5) {
      const { child, kill } = found.start({ command: process.execPath, args: ['-e', 'setInterval(() => 1, 1000)'] });
      child.stdout?.resume();
      const closed = once(child, 'close');
      await new Promise((resolve) => {
        setTimeout(resolve, wait);
      });
      kill();
      // Not before all of it has ended, for it holds the streams.
      await closed;
    }
  });

  it('knows the process before it believes what that says, however late bubblewrap tells which it is', async (test) => {
    const bwrap = findBubblewrap(process.env['PATH'] ?? '');
    if (needJail(test) === undefined || bwrap === undefined) return;
    const path = mkdtempSync(join(tmpdir(), 'loopwright-late-'));
    test.after(() => rmSync(path, { recursive: true }));
    const told = '/bin/sleep 0.3; exec /bin/cat >&5';
    writeFileSync(join(path, 'bwrap'), `#!/bin/sh\nexec 5>&4 6>&1\n'${bwrap}' "$@" 4>&1 >&6 5>&- 6>&- | { ${told}; }\n`);
    for (const file of [path, join(path, 'bwrap')]) chmodSync(file, 0o755);
    const late = await openJail({ policy: 'required', clock: systemClock, path });
    assert.deepEqual([late.refusal, late.walls], [undefined, jail.walls]);
    const workers: JailedProcess[] = [];
    const start: Jail['start'] = (command) => {
      const worker = late.start(command);
      workers.push(worker);
      return worker;
    };
    await using sandbox = await openSandbox({ clock: systemClock, jail: { ...late, start }, workers: 1 });
    assert.equal((await sandbox.run(double, '21')).status, 'success');
    if (process.getuid?.() !== 0) return test.diagnostic('only root sees the limits of a worker');
    // One of them has run the program, and whichever it was had its limits before.
    const slack = workers
      .flatMap(({ pid }) => pid() ?? [])
      .map((pid) => Number(readFileSync(`/proc/${pid}/timerslack_ns`, 'utf8')));
    assert.ok(slack.includes(TIMER_SLACK_NS), String(slack));
  });

  it('runs programs in it, and kills them from outside', async (test) => {
    const found = needJail(test);
    if (found === undefined) return;
    await using sandbox = await openSandbox({ clock: systemClock, jail: found, workers: 1, timeoutMs: 300 });
    assert.equal(sandbox.health().jail, 'bubblewrap');
    const loop = { key: 'loop', code: 'return () => Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);' };
    assert.equal((await sandbox.run(loop, '1')).status, 'timeout');
    const result = await sandbox.run(double, '4');
    assert.ok(result.status === 'success');
    assert.equal(result.outputJson, '8');
  });

  it('runs nothing without a jail that is required, and says why', async () => {
    const told: string[] = [];
    const missing = await openJail({
      policy: 'required',
      clock: systemClock,
      path: '/nonexistent',
      log: (line) => told.push(line),
    });
    assert.match(missing.refusal ?? '', process.platform === 'linux' ? /bubblewrap is not installed/u : /no jail on/u);
    assert.match(told.join(), /No program is run/u);
    await using sandbox = await openSandbox({ clock: systemClock, jail: missing });
    await assert.rejects(sandbox.run(double, '1'), { code: 'JAIL_REQUIRED' });
    const { workers, refusal, walls } = sandbox.health();
    assert.equal(workers, 0);
    assert.equal(refusal, missing.refusal);
    assert.ok(walls.every(({ stands }) => !stands));
  });

  it('runs without one that is preferred or off, and shows that no wall stands', async () => {
    const missing = await openJail({ policy: 'preferred', clock: systemClock, path: '' });
    const off = await openJail({ policy: 'off', clock: systemClock });
    assert.deepEqual([missing.name, missing.refusal, off.name, off.refusal], ['none', undefined, 'none', undefined]);
    assert.match(off.walls[0]?.detail ?? '', /switched off/u);
    await using sandbox = await openSandbox({ clock: systemClock, jail: missing, workers: 1 });
    assert.equal((await sandbox.run(double, '1')).status, 'success');
    assert.ok(sandbox.health().walls.every(({ stands }) => !stands));
  });
});

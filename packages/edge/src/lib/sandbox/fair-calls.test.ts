import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@loopwright/protocol';
import { buildProgram } from '../build/build-program.ts';
import { noJail } from './jail/jail.ts';
import { openSandbox } from './open-sandbox.ts';

const LIMIT_MS = 1000;
/** Keeps the workers from the processor for longer than the limit and the grace before a kill together. */
const TURNS = 22;

/** Lets the workers of this process run for a twelfth of the time. */
async function starveWorkers(): Promise<void> {
  const children = (await readFile(`/proc/self/task/${process.pid}/children`, 'utf8')).trim().split(' ').map(Number);
  const workers = children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('worker-main'));
  const send = (signal: NodeJS.Signals): void => workers.forEach((worker) => isSent(worker, signal));
  for (let turn = 0; turn < TURNS; turn += 1) {
    send('SIGSTOP');
    await delay(55);
    send('SIGCONT');
    await delay(5);
  }
}

function isSent(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    // It was killed meanwhile.
    return false;
  }
}

it('gives a call that had little of a processor more time, inside of the worker and outside, and stops one that loops', async (context) => {
  if (process.platform !== 'linux') return context.skip('no figure of processor time for another process here');
  await using sandbox = await openSandbox({ clock: systemClock, jail: noJail, workers: 1, timeoutMs: LIMIT_MS });
  const { code, digest: key } = await buildProgram(`let calls = 0;
    export function run(rounds: number): number {
      calls += 1;
      for (let n = 0, sum = 0; n < rounds; n += 1) sum += n % 7;
      return calls;
    }`);
  assert.equal((await sandbox.run({ key, code }, '1')).status, 'success');
  const call = sandbox.run({ key, code }, '60000000');
  await starveWorkers();
  const result = await call;
  assert.equal(result.status, 'success', JSON.stringify(result));
  // Its first half went with what it kept.
  if (result.latencyMs > LIMIT_MS + 100) assert.equal(result.status === 'success' && result.outputJson, '1');
  assert.equal(sandbox.health().restarts, 0);
  const looping = await sandbox.run({ key: 'looping', code, timeoutMs: 300 }, '1e15');
  assert.match(looping.status === 'timeout' ? looping.message : looping.status, /^The program ran longer than 300 ms/u);
});

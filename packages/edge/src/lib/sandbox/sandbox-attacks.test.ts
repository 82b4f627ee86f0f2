import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '@loopwright/protocol';
import { buildProgram } from '../build/build-program.ts';
import type { Attack } from './fixtures/attack.ts';
import { ATTACKS } from './fixtures/attack-programs.ts';
import { openJail } from './jail/open-jail.ts';
import { openSandbox } from './open-sandbox.ts';
import type { Sandbox, SandboxProgram, SandboxResult } from './sandbox.ts';

const timeoutMs = 400;
/** How long an answer may take: the kill from outside, and the start of a worker on a busy machine. */
const PATIENCE_MS = timeoutMs + 60_000;
/** Tenants that attack at the same time. */
const ATTACKERS = 4;

/** Adds one, and says what of its world is not as it was made. */
const witness = `const before = { map: Array.prototype.map, stringify: JSON.stringify, parse: JSON.parse, apply: Reflect.apply, slice: String.prototype.slice };
export function run(n: number): unknown {
  const found = Object.keys(globalThis);
  for (const key in {}) found.push(key);
  if (![before.map, before.stringify, before.parse, before.apply, before.slice].every((each) => Function.prototype.toString.call(each).includes('[native code]'))) found.push('replaced');
  return { sum: n + 1, found };
}`;
const untouched = { status: 'success', outputJson: '{"sum":21,"found":[]}' };

const prepareStackTrace: unknown = Reflect.get(Error, 'prepareStackTrace');

let sandbox: Sandbox;
let friend: SandboxProgram;

async function program(source: string, tenant?: string): Promise<SandboxProgram> {
  const { code, digest } = await buildProgram(source);
  return { key: digest, code, tenant };
}

function checkOutcome({ expect }: Attack, result: SandboxResult): void {
  if (expect === 'timeout') assert.equal(result.status, 'timeout');
  else if (expect === 'stopped') assert.notEqual(result.status, 'success');
  else if (expect instanceof RegExp) {
    assert.equal(result.status, 'error');
    assert.match(result.message, expect);
  } else {
    assert.ok(result.status === 'success', JSON.stringify(result));
    assert.deepEqual(JSON.parse(result.outputJson), expect.output);
  }
  if (result.status !== 'success') assert.ok(result.message.length <= 2000);
}

/** Runs a hostile program, then one of another tenant and one of the same: all are answered, the last two as if nothing had been. */
async function checkAttack(attack: Attack, tenant: string): Promise<void> {
  const hostile = await program(attack.source, tenant);
  const start = performance.now();
  const result = await sandbox.run(hostile, JSON.stringify(attack.input ?? null));
  assert.ok(performance.now() - start < PATIENCE_MS);
  checkOutcome(attack, result);
  const { latencyMs: _, ...other } = await sandbox.run(friend, '20');
  assert.deepEqual(other, untouched, 'another tenant');
  const { latencyMs: __, ...same } = await sandbox.run({ ...friend, tenant }, '20');
  assert.deepEqual(same, untouched, 'another program of the tenant');
}

/** The attacks that did not end as they must, with the reason. */
async function failedAttacks(): Promise<string[]> {
  const failed: string[] = [];
  const waiting = [...ATTACKS];
  const attackers = Array.from({ length: ATTACKERS }, async (_, number) => {
    for (let attack = waiting.shift(); attack !== undefined; attack = waiting.shift()) {
      try {
        await checkAttack(attack, `attacker ${number}`);
      } catch (error) {
        failed.push(`${attack.name}: ${String(error)}`);
      }
    }
  });
  await Promise.all(attackers);
  return failed;
}

describe('sandbox under attack', () => {
  before(async () => {
    const jail = await openJail({ policy: 'preferred', clock: systemClock });
    sandbox = await openSandbox({ clock: systemClock, jail, timeoutMs, memoryLimitMb: 32 });
    friend = await program(witness, 'friend');
  });
  after(() => sandbox.close());

  it('answers every attack, and nobody else notices', async () => {
    assert.ok(ATTACKS.length >= 60);
    assert.deepEqual(await failedAttacks(), []);
    // The process that started all this has taken nothing over.
    assert.equal('polluted' in {}, false);
    assert.equal(Reflect.get(Error, 'prepareStackTrace'), prepareStackTrace);
  });

  it('keeps the limit of time while other programs use the processor', async () => {
    const busy = await program(
      'export function run() { const end = Date.now() + 50; while (Date.now() < end); return 1; }',
      'busy',
    );
    const loop = await program('export function run() { for (;;) {} }', 'loop');
    const others = Array.from({ length: 4 }, () => sandbox.run(busy, 'null'));
    const result = await sandbox.run(loop, 'null');
    assert.equal(result.status, 'timeout');
    assert.deepEqual(
      (await Promise.all(others)).map(({ status }) => status),
      ['success', 'success', 'success', 'success'],
    );
  });

  it('starts a program afresh after it ran into a limit', async () => {
    const counter = await program('let n = 0; export function run(loop: boolean) { n += 1; while (loop) {} return n; }');
    assert.equal((await sandbox.run(counter, 'true')).status, 'timeout');
    const next = await sandbox.run(counter, 'false');
    assert.ok(next.status === 'success');
    assert.equal(next.outputJson, '1');
  });
});

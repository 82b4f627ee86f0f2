import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom, systemClock } from '@loopwright/protocol';
import { loadDefinition } from '../definition/load-definition.ts';
import { SqliteStore, type SqliteStoreOptions } from '../store/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { type HeldClock, heldClock } from './clock-fixture.ts';
import { Engine } from './engine.ts';
import { countingFunctions, documentOf, journalDir, openEngine, until } from './engine-fixture.ts';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const KILLS = 8;
const EVENTS = 120;

/** A store on SQLite that ends with one of its writes as a killed process does: it is committed or not, and nobody hears of it. */
function dyingStore(): {
  open: (options: SqliteStoreOptions) => Store;
  dieAt: (write: number, commits: boolean) => void;
  end: () => Promise<void>;
} {
  let left = Infinity;
  let commitsLast = false;
  let inner: SqliteStore | undefined;
  const open = (options: SqliteStoreOptions): Store => {
    const store = new SqliteStore({
      ...options,
      onEvents: (events, position) => left >= 0 && options.onEvents(events, position),
    });
    inner = store;
    return {
      read: store.read,
      write: (mutation) => {
        left -= 1;
        if (left >= 0) return store.write(mutation);
        if (left === -1 && commitsLast) void store.write(mutation);
        return new Promise(() => undefined);
      },
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    };
  };
  const dieAt = (write: number, commits: boolean): void => {
    left = write;
    commitsLast = commits;
  };
  return { open, dieAt, end: async () => inner?.[Symbol.asyncDispose]() };
}

async function openTimed(dir: string, clock: HeldClock, rule: string, store = dyingStore()): Promise<Engine> {
  const { functions } = countingFunctions();
  const parts = { dir, durability: 'process', clock, random: seededRandom(1), functions, openStore: store.open } as const;
  const engine = new Engine(parts);
  const body = `schedule: { ${rule} }\ndo: [{ one: { call: note, with: { id: one } } }]`;
  await engine.register(loadDefinition(documentOf('timed', body), engine.functions));
  engine.recover();
  await clock.advance(0);
  return engine;
}

describe('a process that ends at any write', () => {
  it('leaves every due time started once by the next one', async () => {
    for (const rule of ['every: PT1M', 'cron: "* * * * *"', 'after: PT1M']) {
      for (let write = 0; write < 9; write += 1) {
        for (const commits of [false, true]) {
          const dir = journalDir();
          const store = dyingStore();
          const before = heldClock(START);
          await openTimed(dir, before, rule, store);
          store.dieAt(write, commits);
          await before.advance(2 * MINUTE);
          await store.end();
          const clock = heldClock(before.now());
          await using engine = await openTimed(dir, clock, rule);
          await clock.advance(30_000);
          const { executions } = engine.read.executions({ limit: 100 });
          const what = `${rule}, write ${write}, ${commits ? 'committed' : 'lost'}`;
          assert.ok(
            executions.every(({ status }) => status === 'completed'),
            what,
          );
          // What the dead process could not start any more was due in one go.
          const isEarly = executions.some(({ createdAt }) => createdAt === START + MINUTE);
          const isLate = executions.some(({ createdAt }) => createdAt === START + 2 * MINUTE);
          assert.ok(isLate || rule.startsWith('after'), what);
          assert.equal(executions.length, Number(isEarly) + Number(isLate), what);
          assert.equal(engine.schedules()[0]?.starts, executions.length, what);
        }
      }
    }
  });

  it('leaves an event that was acknowledged started once, and one that was not started once when it is sent again', async () => {
    const event = { id: '1', source: 'test', type: 't' };
    for (let write = 0; write < 7; write += 1) {
      for (const commits of [false, true]) {
        const dir = journalDir();
        const store = dyingStore();
        const before = heldClock(START);
        const first = await openTimed(dir, before, 'on: { one: { with: { type: t } } }', store);
        store.dieAt(write, commits);
        let isAcknowledged = false;
        void first.publish(event).then(() => (isAcknowledged = true));
        await before.advance(0);
        await store.end();
        const clock = heldClock(START);
        await using engine = await openTimed(dir, clock, 'on: { one: { with: { type: t } } }');
        if (!isAcknowledged) await engine.publish(event);
        await clock.advance(0);
        const { executions } = engine.read.executions({ limit: 100 });
        assert.deepEqual(
          executions.map(({ status }) => status),
          ['completed'],
          `write ${write}, ${commits}`,
        );
      }
    }
  });
});

describe('events and schedules under kill -9', () => {
  it(`start and work on everything exactly once over ${KILLS} random kills`, async () => {
    const dir = journalDir();
    const random = seededRandom(Number(process.env['CRASH_SEED'] ?? 20261121));
    const began = systemClock.now();
    const waiting = Array.from({ length: EVENTS }, (_, index) => ({
      id: String(index),
      source: 'test',
      type: index % 3 === 0 ? 'start' : 'item',
      data: index,
    }));
    const acknowledged = new Set<string>();
    for (let kill = 0; kill <= KILLS; kill += 1) {
      const isLast = kill === KILLS;
      const left = waiting.filter(({ id }) => !acknowledged.has(id));
      const share = isLast ? left : left.slice(0, Math.ceil(left.length / (KILLS - kill)));
      await runProcess(
        dir,
        share.map((event) => JSON.stringify(event)),
        {
          killAfterMs: isLast ? undefined : 1 + random.next() * 60,
          heard: (id) => void acknowledged.add(id),
        },
      );
    }
    assert.equal(acknowledged.size, EVENTS);
    await using engine = await openEngine(dir, countingFunctions().functions, {});
    await engine.publish({ id: 'stop', source: 'test', type: 'stop' });
    const done = await until(engine, 'each', ({ status }) => status === 'completed');
    const items = waiting.filter(({ type }) => type === 'item').map(({ data }) => data);
    assert.deepEqual(
      (done.output as number[]).toSorted((one, other) => one - other),
      items,
    );
    const { executions } = engine.read.executions({ limit: 1000, workflow: 'starts' });
    const started = executions.map(({ output }) => Number((output as { id: string }).id));
    assert.deepEqual(
      started.toSorted((one, other) => one - other),
      waiting.filter(({ type }) => type === 'start').map(({ data }) => data),
    );
    const ticks = engine.read.executions({ limit: 1000, workflow: 'ticks' }).total;
    assert.ok(ticks <= (systemClock.now() - began) / 1000, `${ticks} starts by time`);
  });
});

/** Runs the process, sends it the lines and kills it after a time; without one it ends by itself when all is done. */
async function runProcess(
  dir: string,
  lines: readonly string[],
  { killAfterMs, heard }: { killAfterMs: number | undefined; heard: (id: string) => void },
): Promise<void> {
  const main = join(import.meta.dirname, 'fixtures/listening-process.ts');
  const child = spawn(process.execPath, ['--conditions=loopwright-source', main, dir], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  // A process that is killed while it is written to says so here.
  child.stdin.on('error', () => undefined);
  for await (const line of createInterface(child.stdout)) {
    if (line !== 'ready') {
      heard(line);
      continue;
    }
    child.stdin.write(lines.map((text) => `${text}\n`).join(''));
    if (killAfterMs === undefined) child.stdin.end();
    else void delay(killAfterMs).then(() => child.kill('SIGKILL'));
  }
  await ended;
}

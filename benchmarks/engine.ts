// How fast the embedded engine runs small workflows: start, six steps whose results are recorded, end. Beside it the bare loop: the same
// number of rows written to SQLite in groups, with no interpreter, no events and no recovery. `[--json]`
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Engine, defineFunction, loadDefinition } from '@loopwright/engine';
import { systemClock, systemRandom } from '@loopwright/protocol';
import { z } from 'zod';

const STEPS = 6;
const RESULT = { ok: true, text: 'a result of about forty bytes' };
const ROUNDS = 3;
const LOADS = [
  { callers: 1, workflows: 500 },
  { callers: 16, workflows: 3000 },
  { callers: 100, workflows: 6000 },
] as const;

type Durability = 'process' | 'full';
interface Subject {
  run(): Promise<void>;
  close(): Promise<void>;
}

const json = process.argv.includes('--json');
const rows: Record<string, unknown>[] = [];
for (const durability of ['process', 'full'] as const) {
  for (const { callers, workflows } of LOADS) {
    const figures = { engine: [] as number[], bare: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      figures.engine.push(await measure(await openEngine(durability), callers, workflows));
      figures.bare.push(await measure(openBare(durability), callers, workflows));
    }
    const [engine, bare] = [median(figures.engine), median(figures.bare)];
    rows.push({
      durability,
      callers,
      engine: Math.round(engine),
      bare: Math.round(bare),
      share: Number((engine / bare).toFixed(2)),
    });
    if (!json) {
      const share = ((engine / bare) * 100).toFixed(0);
      process.stdout.write(
        `${durability.padEnd(8)} ${String(callers).padStart(3)} callers: engine ${engine.toFixed(0)} workflows/s, bare loop ${bare.toFixed(0)}, ${share} %\n`,
      );
    }
  }
}
if (json) process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);

async function measure(subject: Subject, callers: number, workflows: number): Promise<number> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next++ < workflows) await subject.run();
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  const seconds = (performance.now() - started) / 1000;
  await subject.close();
  return workflows / seconds;
}

async function openEngine(durability: Durability): Promise<Subject> {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-bench-'));
  const note = defineFunction({
    description: 'Gives a small result',
    arguments: z.strictObject({}),
    run: ({ step }) => step(async () => RESULT),
  });
  const engine = new Engine({ dir, durability, clock: systemClock, random: systemRandom, functions: { note } });
  const tasks = Array.from({ length: STEPS }, (_, index) => `  - step${index}: { call: note }`).join('\n');
  const text = `document: { dsl: '1.0.0', namespace: bench, name: six, version: '1.0.0' }\ndo:\n${tasks}`;
  await engine.register(loadDefinition(text, engine.functions));
  engine.recover();
  return {
    run: async () => {
      const executionId = systemRandom.uuid();
      const ended = new Promise<void>((resolve) => {
        const end = engine.subscribe(executionId, ({ type }) => {
          if (type !== 'completed') return;
          end();
          resolve();
        });
      });
      await engine.start({ executionId, workflow: 'six', projectId: 'bench', input: {}, startedBy: 'bench' });
      await ended;
    },
    close: async () => {
      await engine.close(1000);
      rmSync(dir, { recursive: true });
    },
  };
}

function openBare(durability: Durability): Subject {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-bench-'));
  const database = new DatabaseSync(join(dir, 'bare.db'));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'};
    CREATE TABLE runs (no INTEGER PRIMARY KEY, status TEXT); CREATE TABLE steps (run INTEGER, step INTEGER, result TEXT, PRIMARY KEY (run, step)) WITHOUT ROWID;`);
  const insertRun = database.prepare(`INSERT INTO runs VALUES (?, 'running')`);
  const insertStep = database.prepare('INSERT INTO steps VALUES (?, ?, ?)');
  const endRun = database.prepare(`UPDATE runs SET status = 'completed' WHERE no = ?`);
  let waiting: { write: () => void; done: () => void }[] = [];
  const commit = (write: () => void): Promise<void> =>
    new Promise((done) => {
      if (waiting.push({ write, done }) > 1) return;
      setImmediate(() => {
        const group = waiting;
        waiting = [];
        database.exec('BEGIN');
        for (const one of group) one.write();
        database.exec('COMMIT');
        for (const one of group) one.done();
      });
    });
  let last = 0;
  return {
    run: async () => {
      const no = (last += 1);
      await commit(() => insertRun.run(no));
      for (let step = 0; step < STEPS; step += 1) await commit(() => insertStep.run(no, step, JSON.stringify(RESULT)));
      await commit(() => endRun.run(no));
    },
    close: async () => {
      database.close();
      rmSync(dir, { recursive: true });
    },
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

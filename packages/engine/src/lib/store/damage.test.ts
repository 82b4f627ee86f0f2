import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { journalDir } from '../embedded/engine-fixture.ts';
import { acceptLoss } from './accept-loss.ts';
import { type Durability, SqliteStore } from './sqlite-store.ts';

/** An engine in another process. */
interface Child extends AsyncDisposable {
  readonly process: ChildProcess;
  /** The next line it says. */
  next(): Promise<string>;
  ask(command: string): Promise<string>;
  kill(): Promise<void>;
}

/** Somebody who is not root, for whom permissions count. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

function startChild(dir: string, durability: Durability, as: { uid?: number } = {}): Child {
  const entry = join(import.meta.dirname, 'fixtures/engine-child.ts');
  const flags = process.execArgv.filter((flag) => flag.startsWith('--conditions'));
  const child = spawn(process.execPath, [...flags, entry, dir, durability], { stdio: ['pipe', 'pipe', 'inherit'], ...as });
  const said: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const waiter = waiting.shift();
    if (waiter === undefined) said.push(line);
    else waiter(line);
  });
  const exited = once(child, 'exit');
  child.on('exit', () => waiting.splice(0).forEach((waiter) => waiter('the process ended')));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  const next = (): Promise<string> => {
    const line = said.shift();
    return line === undefined ? new Promise((resolve) => void waiting.push(resolve)) : Promise.resolve(line);
  };
  return {
    process: child,
    next,
    ask: (command) => {
      child.stdin.write(`${command}\n`);
      return next();
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

/** A folder as a killed process leaves it, and the executions whose start was acknowledged. */
async function killedStore(durability: Durability): Promise<{ dir: string; acknowledged: string[] }> {
  const dir = journalDir();
  await using child = startChild(dir, durability);
  assert.equal(await child.next(), 'ready');
  const acknowledged = Array.from({ length: 12 }, (_, index) => `e${index}`);
  for (const id of acknowledged) assert.equal(await child.ask(`start ${id} 100`), `acknowledged ${id}`);
  for (const id of acknowledged) assert.equal(await child.ask(`rest ${id}`), `rests ${id}`);
  await child.kill();
  return { dir, acknowledged };
}

/** Opens the store; gives the executions that are there, and what it had to say. */
async function lookInto(dir: string, durability: Durability): Promise<{ ids: string[]; troubles: string[] }> {
  const troubles: string[] = [];
  await using store = new SqliteStore({
    dir,
    durability,
    onEvents: () => undefined,
    onTrouble: (message) => troubles.push(message),
  });
  const { executions } = store.read.executions({ limit: 1000 });
  return { ids: executions.map(({ id }) => id), troubles };
}

function flip(file: string, at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
}

describe('a full disk', { skip: process.platform !== 'linux' }, () => {
  it('refuses what it cannot keep, takes work again when there is space, and keeps what was acknowledged', async () => {
    const dir = journalDir();
    await using child = startChild(dir, 'full');
    assert.equal(await child.next(), 'ready');
    const limitFiles = (bytes: string): void =>
      void execFileSync('prlimit', ['--pid', String(child.process.pid), `--fsize=${bytes}:unlimited`]);
    assert.equal(await child.ask('start before 100'), 'acknowledged before');
    limitFiles('4096');
    assert.equal(await child.ask('start refused 100'), 'refused STORE_FAILED');
    assert.equal(await child.ask('start large 20000'), 'refused STORE_FAILED');
    assert.equal(await child.ask('fault'), 'fault STORE_FAILED');
    limitFiles('unlimited');
    let answer = await child.ask('fault');
    for (const end = Date.now() + 60_000; answer !== 'fault none' && Date.now() < end;) {
      await delay(50);
      answer = await child.ask('fault');
    }
    assert.equal(answer, 'fault none');
    assert.equal(await child.ask('start after 100'), 'acknowledged after');
    assert.equal(await child.ask('start large 20000'), 'acknowledged large');
    await child.kill();
    const { ids, troubles } = await lookInto(dir, 'full');
    assert.deepEqual(ids.sort(), ['after', 'before', 'large']);
    assert.deepEqual(troubles, []);
    assert.equal(
      readdirSync(join(dir, 'values'), { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).length,
      1,
    );
  });
});

describe('a folder that cannot be written', { skip: process.platform === 'win32' }, () => {
  it('is refused at start, with a store in it and without one', async () => {
    const empty = journalDir();
    const { dir } = await killedStore('process');
    const { ids } = await lookInto(dir, 'process');
    for (const folder of [empty, dir]) {
      for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o444);
      chmodSync(folder, 0o555);
      if (isRoot) chownSync(folder, NOBODY, NOBODY);
      await using child = startChild(folder, 'process', isRoot ? { uid: NOBODY } : {});
      assert.match(await child.next(), /^failed STORE_FAILED Cannot open the store/);
      await child.kill();
    }
    for (const name of readdirSync(dir)) chmodSync(join(dir, name), 0o644);
    chmodSync(dir, 0o755);
    assert.deepEqual((await lookInto(dir, 'process')).ids, ids);
  });
});

describe('a damaged database', () => {
  it('is refused when pages are missing or overwritten, and taken again when it is brought back', async () => {
    const { dir, acknowledged } = await killedStore('process');
    await lookInto(dir, 'process');
    const file = join(dir, 'engine.db');
    const sound = readFileSync(file);
    truncateSync(file, Math.floor(sound.length / 2 / 4096) * 4096);
    assert.throws(() => new SqliteStore({ dir, durability: 'process', onEvents: () => undefined }), { code: 'STORE_FAILED' });
    for (const page of [0, 1, 3, 6]) {
      const bytes = Buffer.from(sound);
      bytes.fill(0xa5, page * 4096, page * 4096 + 64);
      writeFileSync(file, bytes);
      assert.throws(
        () => new SqliteStore({ dir, durability: 'process', onEvents: () => undefined }),
        { code: 'STORE_FAILED' },
        `page ${page}`,
      );
    }
    writeFileSync(file, sound);
    const { ids } = await lookInto(dir, 'process');
    assert.deepEqual(ids.sort(), acknowledged.sort());
  });
});

const FRAME_BYTES = 4096 + 24;

/** What may happen to a log after its process was killed: no crash does that. */
function damagesOf(log: string): [string, () => void][] {
  const { size } = statSync(log);
  return [
    ['byte', () => flip(log, Math.floor(size / 2))],
    ['salt', () => flip(log, 32 + 8)],
    ['page before the last commit', () => flip(log, size - FRAME_BYTES - 100)],
    ['checksum before the last commit', () => flip(log, size - 2 * FRAME_BYTES + 18)],
    ['beginning', () => flip(log, 0)],
    ['end', () => truncateSync(log, size - 3 * FRAME_BYTES)],
    ['half of the last frame', () => truncateSync(log, size - 100)],
  ];
}

/** The log as if the machine had gone down since it was written. */
function losePower(log: string): void {
  utimesSync(log, 1, 1);
}

// Elsewhere nothing says when the machine started, and less is certain.
describe('a damaged write-ahead log', { skip: process.platform !== 'linux' }, () => {
  for (const durability of ['process', 'full'] as const) {
    it(`is refused with durability ${durability}, which says what would be lost and how to accept that`, async () => {
      const { dir, acknowledged } = await killedStore(durability);
      const log = join(dir, 'engine.db-wal');
      const copy = journalDir();
      cpSync(dir, copy, { recursive: true });
      for (const [name, damage] of damagesOf(log)) {
        damage();
        assert.throws(
          () => new SqliteStore({ dir, durability, onEvents: () => undefined }),
          { code: 'STORE_FAILED', message: /write-ahead log [^]*loopwright doctor --accept-loss/ },
          name,
        );
        cpSync(copy, dir, { recursive: true });
      }
      const { ids, troubles } = await lookInto(dir, durability);
      assert.deepEqual(ids.sort(), acknowledged.sort());
      assert.deepEqual(troubles, []);
    });
  }

  it('is put aside when the loss is accepted, and what was sound before the damage is there', async () => {
    const { dir, acknowledged } = await killedStore('full');
    const log = join(dir, 'engine.db-wal');
    const copy = journalDir();
    cpSync(dir, copy, { recursive: true });
    assert.equal(acceptLoss(dir), undefined, 'nothing is lost');
    assert.deepEqual(readFileSync(log), readFileSync(join(copy, 'engine.db-wal')));
    for (const [name, damage] of damagesOf(log)) {
      damage();
      const damaged = readFileSync(log);
      const loss = acceptLoss(dir);
      assert.match(loss?.damage ?? '', /write-ahead log/, name);
      assert.deepEqual(readFileSync(loss?.kept ?? ''), damaged, name);
      assert.equal(acceptLoss(dir), undefined, name);
      const { ids, troubles } = await lookInto(dir, 'full');
      assert.deepEqual(
        ids.toReversed(),
        acknowledged.slice(0, ids.length),
        `${name}: all that was written before, and nothing else`,
      );
      assert.deepEqual(troubles, []);
      rmSync(dir, { recursive: true });
      cpSync(copy, dir, { recursive: true });
    }
  });

  it('is left alone while a process has the store open', async () => {
    const dir = journalDir();
    await using child = startChild(dir, 'process');
    assert.equal(await child.next(), 'ready');
    assert.throws(() => acceptLoss(dir), { code: 'DATA_DIR_IN_USE' });
    assert.equal(acceptLoss(journalDir()), undefined);
    await child.kill();
  });
});

describe('a write-ahead log that a crash left', () => {
  for (const durability of ['process', 'full'] as const) {
    it(`is no damage when it ends in a commit that was being written, with durability ${durability}`, async () => {
      const { dir, acknowledged } = await killedStore(durability);
      const log = join(dir, 'engine.db-wal');
      const bytes = readFileSync(log);
      const lastFrame = bytes.subarray(-FRAME_BYTES);
      // Another frame of this log, or several, whose rest was never written: cut, or there in length only.
      for (const length of [24, 2000, FRAME_BYTES, 3 * FRAME_BYTES]) {
        const torn = Buffer.alloc(length);
        lastFrame.copy(torn, 0, 0, 24);
        writeFileSync(log, Buffer.concat([bytes, torn]));
        const copy = journalDir();
        cpSync(dir, copy, { recursive: true });
        const { ids, troubles } = await lookInto(copy, durability);
        assert.deepEqual(ids.sort(), acknowledged.sort(), `${length} bytes`);
        assert.deepEqual(troubles, []);
        rmSync(copy, { recursive: true });
      }
      rmSync(dir, { recursive: true });
    });
  }

  it('may end earlier after a loss of power with durability process, which is said, and not with full', async () => {
    const { dir, acknowledged } = await killedStore('process');
    const log = join(dir, 'engine.db-wal');
    truncateSync(log, statSync(log).size - 3 * FRAME_BYTES - 100);
    losePower(log);
    assert.throws(() => new SqliteStore({ dir, durability: 'full', onEvents: () => undefined }), { code: 'STORE_FAILED' });
    losePower(log);
    const { ids, troubles } = await lookInto(dir, 'process');
    assert.deepEqual(ids.toReversed(), acknowledged.slice(0, ids.length));
    assert.match(troubles.join(), /went down before the last work was on the disk/);
  });

  it('is damage after a loss of power too when several whole commits stand behind a hole', async () => {
    const { dir } = await killedStore('process');
    const log = join(dir, 'engine.db-wal');
    flip(log, 32 + FRAME_BYTES + 200);
    losePower(log);
    assert.throws(() => new SqliteStore({ dir, durability: 'process', onEvents: () => undefined }), {
      code: 'STORE_FAILED',
      message: /commits stand behind the damage/,
    });
  });
});

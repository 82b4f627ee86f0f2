import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { journalDir } from '../embedded/engine-fixture.ts';
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
    for (const end = Date.now() + 30_000; answer !== 'fault none' && Date.now() < end;) {
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

describe('a damaged write-ahead log', () => {
  it('is refused with durability full: a byte that changed, an end that is missing, a beginning that is something else', async () => {
    const { dir, acknowledged } = await killedStore('full');
    const log = join(dir, 'engine.db-wal');
    const copy = journalDir();
    cpSync(dir, copy, { recursive: true });
    const { size } = statSync(log);
    const damages: [string, () => void][] = [
      ['byte', () => flip(log, Math.floor(size / 2))],
      ['salt', () => flip(log, 32 + 8)],
      ['beginning', () => flip(log, 0)],
      ['end', () => truncateSync(log, size - 3 * 4120)],
      ['half of the last frame', () => truncateSync(log, size - 100)],
    ];
    for (const [name, damage] of damages) {
      damage();
      assert.throws(
        () => new SqliteStore({ dir, durability: 'full', onEvents: () => undefined }),
        { code: 'STORE_FAILED', message: /write-ahead log/ },
        name,
      );
      cpSync(copy, dir, { recursive: true });
    }
    const { ids } = await lookInto(dir, 'full');
    assert.deepEqual(ids.sort(), acknowledged.sort());
  });

  it('is put aside with durability process, which goes on with what is sound and says so', async () => {
    const { dir, acknowledged } = await killedStore('process');
    const log = join(dir, 'engine.db-wal');
    const { size } = statSync(log);
    flip(log, Math.floor(size / 2));
    const { ids, troubles } = await lookInto(dir, 'process');
    assert.ok(ids.length > 0 && ids.length < acknowledged.length, `${ids.length} executions`);
    assert.match(troubles.join(), /commits stand behind the damage/);
    assert.equal(statSync(`${log}.damaged-1`).size, size);
    assert.deepEqual((await lookInto(dir, 'process')).troubles, []);
  });

  it('is no damage when a crash cut the commit that was being written', async () => {
    const { dir, acknowledged } = await killedStore('full');
    const log = join(dir, 'engine.db-wal');
    const bytes = readFileSync(log);
    // The beginning of another frame of this log, whose rest was never written.
    const torn = Buffer.alloc(2000);
    bytes.copy(torn, 8, 16, 24);
    writeFileSync(log, Buffer.concat([bytes, torn]));
    const { ids, troubles } = await lookInto(dir, 'full');
    assert.deepEqual(ids.sort(), acknowledged.sort());
    assert.deepEqual(troubles, []);
    rmSync(dir, { recursive: true });
  });
});

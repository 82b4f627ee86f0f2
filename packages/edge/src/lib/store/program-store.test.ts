import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFile, lstat, mkdir, mkdtemp, readFile, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { systemClock } from '@loopwright/protocol';
import { ProgramStore } from './program-store.ts';

const folders: string[] = [];
const source = (n: number): string => `export function run(input: { text: string }): number { return ${n}; }\n`;

async function emptyStore(links = true): Promise<{ dir: string; store: ProgramStore; task: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'loopwright-store-'));
  folders.push(dir);
  return { dir, store: new ProgramStore({ dir, clock: systemClock, links }), task: join(dir, 'artifacts', 'spam') };
}

async function storeWith(versions: number, links = true): ReturnType<typeof emptyStore> {
  const all = await emptyStore(links);
  for (let n = 1; n <= versions; n += 1) await all.store.store('spam', { id: `id-${n}`, source: source(n) });
  return all;
}

after(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

describe('ProgramStore', () => {
  it('keeps each version in a folder of its own', async () => {
    const { store, task } = await emptyStore();
    const metadata = await store.store('spam', {
      id: 'first',
      source: source(1),
      files: { 'program.test.ts': 'test', 'model-card.md': '# Card' },
      metadata: { confidence_score: 0.9, metadata: { accuracy: 0.97 } },
    });
    assert.equal(metadata.version, 1);
    assert.equal(metadata.confidence_score, 0.9);
    assert.deepEqual((await readdir(join(task, 'v1'))).sort(), [
      'digests.json',
      'metadata.json',
      'model-card.md',
      'program.js',
      'program.test.ts',
      'program.ts',
    ]);
    assert.equal(await readFile(join(task, 'v1', 'program.ts'), 'utf8'), source(1));
    assert.equal(await store.readFile('spam', 1, 'model-card.md'), '# Card');
    const stored = await store.get('spam', 1);
    assert.deepEqual(stored.metadata, metadata);
    assert.deepEqual(await store.loadMetadata('spam', 1), metadata);
    assert.match(stored.code, /return program\.run;/u);
  });

  it('numbers versions and lists programs', async () => {
    const { store } = await storeWith(3);
    await store.store('other-task', { id: 'x', source: source(1) });
    assert.deepEqual(
      (await store.list('spam')).map(({ version, id }) => [version, id]),
      [
        [1, 'id-1'],
        [2, 'id-2'],
        [3, 'id-3'],
      ],
    );
    assert.deepEqual(await store.programs(), ['other-task', 'spam']);
    assert.deepEqual([await store.exists('spam', 3), await store.exists('spam', 4)], [true, false]);
    assert.deepEqual(await store.list('nobody'), []);
  });

  it('gives the stored version for an id it has, also to writers at the same time', async () => {
    const { store } = await emptyStore();
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, n) => store.store('spam', { id: `id-${n % 4}`, source: source(n % 4) })),
    );
    assert.deepEqual(
      (await store.list('spam')).map(({ version }) => version),
      [1, 2, 3, 4],
    );
    assert.equal(results[0]?.version, results[4]?.version);
  });

  it('writes nothing for a program that does not build', async () => {
    const { store } = await emptyStore();
    await assert.rejects(store.store('spam', { id: 'x', source: 'import "fs";' }), { code: 'INVALID_PROGRAM' });
    assert.deepEqual(await store.programs(), []);
  });

  it('clears away what a crash left and shows none of it', async () => {
    const { store, task } = await storeWith(1);
    await mkdir(join(task, '.incoming'));
    await writeFile(join(task, '.incoming', 'program.ts'), 'half');
    assert.equal((await store.list('spam')).length, 1);
    assert.equal((await store.store('spam', { id: 'next', source: source(2) })).version, 2);
    assert.deepEqual((await readdir(task)).filter((name) => name.startsWith('.')).sort(), ['.lock']);
  });

  it('lets nothing out of its folder', async () => {
    const { store } = await emptyStore();
    for (const name of ['..', '../x', 'a/b', 'A', '', 'a\0b', '.lock']) {
      await assert.rejects(store.store(name, { id: 'x', source: source(1) }), { code: 'VALIDATION_ERROR' });
      await assert.rejects(store.get(name, 1), { code: 'VALIDATION_ERROR' });
    }
    for (const name of ['../x', 'a/b', 'program.ts', 'Program.JS', 'digests.json', '.hidden', '', 'x.']) {
      await assert.rejects(store.store('spam', { id: 'x', source: source(1), files: { [name]: '' } }), {
        code: 'VALIDATION_ERROR',
      });
    }
    await assert.rejects(store.get('spam', Number('../1')), { code: 'VALIDATION_ERROR' });
  });

  it('refuses files that were edited', async () => {
    const { store, task } = await storeWith(3);
    await appendFile(join(task, 'v1', 'program.ts'), '// edited');
    await appendFile(join(task, 'v2', 'program.js'), '// edited');
    await appendFile(join(task, 'v3', 'metadata.json'), ' ');
    await assert.rejects(store.get('spam', 1), { code: 'INVALID_PROGRAM', message: /program\.ts does not match its digest/u });
    await assert.rejects(store.get('spam', 2), { code: 'INVALID_PROGRAM', message: /program\.js/u });
    await assert.rejects(store.get('spam', 3), { code: 'INVALID_PROGRAM', message: /metadata\.json/u });
    await assert.rejects(store.get('spam', 4), { code: 'ARTIFACT_NOT_FOUND' });
  });
});

describe('ProgramStore.setActive', () => {
  it('moves the link and records the move first', async () => {
    const { store, task } = await storeWith(2);
    assert.equal(await store.getActive('spam'), null);
    await store.setActive('spam', 1, { expected: null, record: { id: 'p1', approver: 'ann' } });
    assert.equal(await readlink(join(task, 'active')), 'v1');
    await store.setActive('spam', 2, { expected: 1, record: { id: 'p2' } });
    assert.equal(await store.getActive('spam'), 2);
    const promotions = await store.promotions('spam');
    assert.deepEqual(
      promotions.map(({ id, from, to }) => ({ id, from, to })),
      [
        { id: 'p1', from: null, to: 1 },
        { id: 'p2', from: 1, to: 2 },
      ],
    );
    assert.equal(promotions[0]?.['approver'], 'ann');
  });

  it('falls back to the marker file, and reads the link before it', async () => {
    const { store, task } = await storeWith(3, false);
    await store.setActive('spam', 2, { record: { id: 'p1' } });
    await assert.rejects(lstat(join(task, 'active')));
    assert.equal(await readFile(join(task, '.active_version'), 'utf8'), '2\n');
    assert.equal(await store.getActive('spam'), 2);
    await symlink('v3/', join(task, 'active'));
    assert.equal(await store.getActive('spam'), 3);
    await store.setActive('spam', 1, { record: { id: 'p2' } });
    assert.equal(await store.getActive('spam'), 1);
  });

  it('refuses a missing version and a moved pointer', async () => {
    const { store } = await storeWith(2);
    await assert.rejects(store.setActive('spam', 9, { record: { id: 'p' } }), { code: 'ARTIFACT_NOT_FOUND' });
    await assert.rejects(store.setActive('spam', 1, { expected: 2, record: { id: 'p' } }), {
      code: 'ALIAS_MOVED',
      details: { expected: 2, active: null },
    });
    assert.deepEqual(await store.promotions('spam'), []);
  });

  it('does a promotion once however often it is sent', async () => {
    const { store } = await storeWith(2);
    const first = await store.setActive('spam', 1, { expected: null, record: { id: 'p1' } });
    assert.deepEqual(await store.setActive('spam', 1, { expected: null, record: { id: 'p1' } }), first);
    await store.setActive('spam', 2, { expected: 1, record: { id: 'p2' } });
    await assert.rejects(store.setActive('spam', 1, { record: { id: 'p1' } }), { code: 'ALIAS_MOVED' });
    assert.equal(await store.getActive('spam'), 2);
    assert.equal((await store.promotions('spam')).length, 2);
  });

  it('completes a promotion that crashed between the record and the switch', async () => {
    const { store, task } = await storeWith(2);
    await store.setActive('spam', 1, { expected: null, record: { id: 'p1' } });
    await appendFile(
      join(task, 'promotions.jsonl'),
      '{"id":"p2","at":"2026-01-01T00:00:00.000Z","from":1,"to":2}\n{"id":"p3","a',
    );
    await store.setActive('spam', 2, { expected: 1, record: { id: 'p2' } });
    assert.equal(await store.getActive('spam'), 2);
    await store.setActive('spam', 1, { expected: 2, record: { id: 'p3' } });
    assert.deepEqual(
      (await store.promotions('spam')).map(({ id }) => id),
      ['p1', 'p2', 'p3'],
    );
  });

  it('lets exactly one of two writers win, in one process and in two', async () => {
    const { store, dir } = await storeWith(3);
    await store.setActive('spam', 1, { record: { id: 'p1' } });
    const here = await Promise.allSettled([
      store.setActive('spam', 2, { expected: 1, record: { id: 'a' } }),
      store.setActive('spam', 3, { expected: 1, record: { id: 'b' } }),
    ]);
    assert.deepEqual(here.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    await store.setActive('spam', 1, { record: { id: 'p2' } });
    const script = fileURLToPath(new URL('./fixtures/move-active.ts', import.meta.url));
    const run = (version: number): Promise<{ stdout: string }> =>
      promisify(execFile)(process.execPath, ['--conditions=loopwright-source', script, dir, String(version), `c${version}`]);
    const apart = await Promise.all([run(2), run(3)]);
    assert.deepEqual(apart.map(({ stdout }) => stdout).sort(), ['ALIAS_MOVED', 'moved']);
    assert.equal((await store.promotions('spam')).length, 4);
  });

  it('is readable at every instant while it moves', async () => {
    const { store } = await storeWith(2);
    await store.setActive('spam', 1, { record: { id: 'start' } });
    const moving = new AbortController();
    const seen = new Set<number | null>();
    const reading = (async () => {
      while (!moving.signal.aborted) seen.add(await store.getActive('spam'));
    })();
    for (let n = 0; n < 40; n += 1) await store.setActive('spam', (n % 2) + 1, { record: { id: `move-${n}` } });
    moving.abort();
    await reading;
    assert.deepEqual(seen, new Set([1, 2]));
  });

  it('overwrites drafts only, and none that was active or takes part in a rollout', async () => {
    const { store, task } = await emptyStore();
    const draft = (n: number): Parameters<typeof store.store>[1] => ({
      id: `id-${n}`,
      source: source(n),
      metadata: { status: 'draft' },
    });
    for (const n of [1, 2, 3]) await store.store('spam', draft(n));
    await store.store('spam', { id: 'ready', source: source(4), metadata: { status: 'validated' } });
    await store.setActive('spam', 1, { record: { id: 'a' } });
    await store.setActive('spam', 2, { record: { id: 'b' } });
    await store.setRollout('spam', { rollout_id: 'r', mode: 'canary', incumbent: 2, candidate: 3, percentage: 5 });
    for (const version of [1, 2, 3, 4])
      await assert.rejects(store.overwrite('spam', version, draft(9)), { code: 'INVALID_STATE' }, String(version));
    await assert.rejects(store.overwrite('spam', 5, draft(9)), { code: 'ARTIFACT_NOT_FOUND' });
    await store.setRollout('spam', null);
    const written = await store.overwrite('spam', 3, { ...draft(9), files: { 'notes.md': 'new' } });
    assert.deepEqual([written.version, written.id], [3, 'id-9']);
    assert.equal((await store.get('spam', 3)).source, source(9));
    assert.equal(await store.readFile('spam', 3, 'notes.md'), 'new');
    assert.deepEqual(
      (await store.list('spam')).map(({ version }) => version),
      [1, 2, 3, 4],
    );
    // A crash between the two renames of an overwriting: the next writer brings the old one back.
    await rename(join(task, 'v3'), join(task, '.replaced-v3'));
    assert.equal((await store.store('spam', draft(10))).version, 5);
    assert.equal((await store.get('spam', 3)).source, source(9));
  });
});

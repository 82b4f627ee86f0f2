import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { systemClock } from '@loopwright/protocol';
import { ProgramStore } from './program-store.ts';

const folders: string[] = [];

async function storeWith(versions: number): Promise<{ store: ProgramStore; folder: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'loopwright-aliases-'));
  folders.push(dir);
  const store = new ProgramStore({ dir, clock: systemClock });
  for (let n = 1; n <= versions; n += 1)
    await store.store('spam', { id: `v${n}`, source: `export const run = () => ${n};`, metadata: { status: 'draft' } });
  return { store, folder: join(dir, 'artifacts/spam') };
}

async function pointersOf(store: ProgramStore): Promise<Record<string, number>> {
  return Object.fromEntries([...(await store.aliases('spam'))].map(([alias, { version }]) => [alias, version]));
}

after(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

describe('ProgramStore.setAlias', () => {
  it('makes, moves and removes an alias by compare-and-set, and keeps what it did', async () => {
    const { store } = await storeWith(3);
    await store.setAlias('spam', 'canary', 2, { expected: null, record: { id: 'a', by: 'ann' } });
    await assert.rejects(store.setAlias('spam', 'canary', 3, { expected: 1, record: { id: 'b' } }), {
      code: 'ALIAS_MOVED',
      details: { expected: 1, active: 2 },
    });
    await store.setAlias('spam', 'canary', 3, { expected: 2, record: { id: 'b' } });
    await store.setAlias('spam', 'stable', 1, { record: { id: 'a' } });
    assert.deepEqual(await pointersOf(store), { canary: 3, stable: 1 });
    await store.setAlias('spam', 'canary', null, { expected: 3, record: { id: 'c' } });
    assert.deepEqual([await store.getAlias('spam', 'canary'), await store.getAlias('spam', 'stable')], [null, 1]);
    const moves = await store.aliasMoves('spam', 'canary');
    assert.deepEqual(
      moves.map(({ id, from, to }) => [id, from, to]),
      [
        ['a', null, 2],
        ['b', 2, 3],
        ['c', 3, null],
      ],
    );
    assert.equal(moves[0]?.['by'], 'ann');
    assert.deepEqual([await store.getActive('spam'), await store.promotions('spam')], [null, []]);
  });

  it('is the active pointer for `active`, with its promotions, and never removes that', async () => {
    const { store } = await storeWith(2);
    await store.setAlias('spam', 'active', 2, { expected: null, record: { id: 'p' } });
    assert.deepEqual([await store.getActive('spam'), await store.getAlias('spam', 'active')], [2, 2]);
    assert.deepEqual(
      (await store.aliasMoves('spam', 'active')).map(({ id, alias, to }) => [id, alias, to]),
      [['p', 'active', 2]],
    );
    await assert.rejects(store.setAlias('spam', 'active', null, { record: { id: 'q' } }), { code: 'VALIDATION_ERROR' });
    assert.deepEqual(await pointersOf(store), {});
  });

  it('takes names that look like something else for names, and refuses what is none', async () => {
    const { store, folder } = await storeWith(1);
    for (const alias of ['constructor', 'hasownproperty', 'v1', 'a'.repeat(64)]) {
      assert.equal(await store.getAlias('spam', alias), null, alias);
      await store.setAlias('spam', alias, 1, { expected: null, record: { id: `of-${alias}` } });
      assert.equal(await store.getAlias('spam', alias), 1, alias);
    }
    const hostile = [
      '',
      '__proto__',
      '../escape',
      'Canary',
      '1st',
      '-x',
      'a'.repeat(65),
      'a b',
      'a@b',
      'a\n',
      'ä',
      'a/b',
      'a%2fb',
    ];
    for (const alias of hostile)
      await assert.rejects(store.setAlias('spam', alias, 1, { record: { id: 'x' } }), { code: 'VALIDATION_ERROR' }, alias);
    assert.equal((await store.aliases('spam')).size, 4);
    assert.doesNotMatch(await readFile(join(folder, 'alias-moves.jsonl'), 'utf8'), /escape|proto/u);
    await assert.rejects(store.setAlias('spam', 'canary', 9, { record: { id: 'x' } }), { code: 'ARTIFACT_NOT_FOUND' });
  });

  it('has sixteen at the most, `active` among them', async () => {
    const { store } = await storeWith(1);
    for (let n = 1; n <= 15; n += 1) await store.setAlias('spam', `a${n}`, 1, { record: { id: `${n}` } });
    await assert.rejects(store.setAlias('spam', 'more', 1, { record: { id: 'x' } }), { code: 'LIMIT_EXCEEDED' });
    await store.setAlias('spam', 'a3', 1, { record: { id: 'again' } });
    await store.setAlias('spam', 'a3', null, { record: { id: 'gone' } });
    await store.setAlias('spam', 'more', 1, { record: { id: 'x' } });
    assert.equal((await store.aliases('spam')).size, 15);
  });

  it('completes a move that crashed between the record and the switch, and does it once', async () => {
    const { store, folder } = await storeWith(2);
    await store.setAlias('spam', 'canary', 1, { record: { id: 'a' } });
    const lost = '{"id":"b","alias":"canary","at":"2026-01-01T00:00:00.000Z","from":1,"to":2}\n{"id":"c","al';
    await appendFile(join(folder, 'alias-moves.jsonl'), lost);
    assert.equal(await store.getAlias('spam', 'canary'), 1, 'nobody was told of that move');
    await store.setAlias('spam', 'canary', 2, { expected: 1, record: { id: 'b' } });
    await store.setAlias('spam', 'canary', 2, { expected: 1, record: { id: 'b' } });
    assert.equal(await store.getAlias('spam', 'canary'), 2);
    await assert.rejects(store.setAlias('spam', 'canary', 1, { record: { id: 'a' } }), { code: 'ALIAS_MOVED' });
    assert.deepEqual(
      (await store.aliasMoves('spam', 'canary')).map(({ id }) => id),
      ['a', 'b'],
    );
  });

  it('is readable at every instant while two writers move two aliases', async () => {
    const { store } = await storeWith(2);
    for (const alias of ['one', 'two']) await store.setAlias('spam', alias, 1, { record: { id: alias } });
    const moving = new AbortController();
    const reading = (async () => {
      while (!moving.signal.aborted) assert.deepEqual(Object.keys(await pointersOf(store)).sort(), ['one', 'two']);
    })();
    const move = async (alias: string): Promise<void> => {
      for (let n = 0; n < 15; n += 1) await store.setAlias('spam', alias, (n % 2) + 1, { record: { id: `${alias}-${n}` } });
    };
    await Promise.all([move('one'), move('two')]).finally(() => moving.abort());
    await reading;
    assert.deepEqual([(await store.aliasMoves('spam', 'one')).length, await pointersOf(store)], [16, { one: 1, two: 1 }]);
  });

  it('keeps what an alias points to from being overwritten, and says so of a file that is none of ours', async () => {
    const { store, folder } = await storeWith(3);
    const draft = { id: 'new', source: 'export const run = () => 9;', metadata: { status: 'draft' as const } };
    await store.setAlias('spam', 'canary', 1, { record: { id: 'a' } });
    await store.setAlias('spam', 'canary', 2, { record: { id: 'b' } });
    const plan = { rollout_id: 'r', mode: 'canary' as const, incumbent: 2, candidate: 3, percentage: 5 };
    await store.setRollout('spam', plan, 'canary');
    assert.deepEqual([await store.rollout('spam', 'canary'), await store.rollout('spam')], [plan, null]);
    for (const version of [1, 2, 3]) await assert.rejects(store.overwrite('spam', version, draft), { code: 'INVALID_STATE' });
    await store.setRollout('spam', null, 'canary');
    assert.equal((await store.overwrite('spam', 3, draft)).id, 'new');
    await writeFile(join(folder, 'aliases.json'), '{"../x":{"version":1}}');
    await assert.rejects(store.aliases('spam'), { code: 'STORE_FAILED' });
    await assert.rejects(store.setAlias('spam', 'canary', 1, { record: { id: 'z' } }), { code: 'STORE_FAILED' });
    assert.equal(await readFile(join(folder, 'aliases.json'), 'utf8'), '{"../x":{"version":1}}', 'what nobody understands stays');
  });
});

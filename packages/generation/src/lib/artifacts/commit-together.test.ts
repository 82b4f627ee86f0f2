import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { seededRandom } from '@loopwright/protocol';
import { commitTogether } from './commit-together.ts';
import { inspectTarget } from './target.ts';

describe('commitTogether', () => {
  it('puts everything back when one file cannot be put into place', async () => {
    const base = await realpath(await mkdtemp(join(tmpdir(), 'loopwright-commit-')));
    try {
      await writeFile(join(base, 'a.ts'), 'old');
      const plan = async (...names: string[]) => ({
        names,
        content: Buffer.from('new'),
        target: await inspectTarget(base, names),
      });
      const writes = [await plan('a.ts'), await plan('made', 'deep', 'b.ts'), await plan('c.ts'), await plan('d.ts')];
      await mkdir(join(base, 'c.ts'));
      await writeFile(join(base, 'c.ts', 'mine'), 'kept');
      const failure = await commitTogether(writes, seededRandom(1));
      assert.equal(failure?.index, 2);
      assert.equal(await readFile(join(base, 'a.ts'), 'utf8'), 'old');
      assert.deepEqual((await readdir(base, { recursive: true })).sort(), ['a.ts', 'c.ts', 'c.ts/mine']);
    } finally {
      await rm(base, { recursive: true, force: true });
    }
  });

  it('leaves nothing of its own behind when what it was to replace has become a folder', async () => {
    const base = await realpath(await mkdtemp(join(tmpdir(), 'loopwright-commit-')));
    try {
      await writeFile(join(base, 'a.ts'), 'old a');
      await writeFile(join(base, 'b.ts'), 'old b');
      const plan = async (name: string) => ({
        names: [name],
        content: Buffer.from('new'),
        target: await inspectTarget(base, [name]),
      });
      const writes = [await plan('a.ts'), await plan('b.ts')];
      await rm(join(base, 'b.ts'));
      await mkdir(join(base, 'b.ts'));
      assert.equal((await commitTogether(writes, seededRandom(1)))?.index, 1);
      assert.equal(await readFile(join(base, 'a.ts'), 'utf8'), 'old a');
      assert.deepEqual((await readdir(base)).sort(), ['a.ts', 'b.ts']);
      await rm(join(base, 'b.ts'), { recursive: true });
      await writeFile(join(base, 'b.ts'), 'old b');
      assert.equal(await commitTogether(writes, seededRandom(1)), undefined);
      assert.deepEqual([await readFile(join(base, 'a.ts'), 'utf8'), await readFile(join(base, 'b.ts'), 'utf8')], ['new', 'new']);
      assert.deepEqual((await readdir(base)).sort(), ['a.ts', 'b.ts']);
    } finally {
      await rm(base, { recursive: true, force: true });
    }
  });
});

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
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { PlatformError, systemRandom } from '@loopwright/protocol';
import * as fc from 'fast-check';
import { artifactIdOf, readArtifactId } from './artifact-id.ts';
import { artifactTypeOf } from './artifact-type.ts';
import { Workspace } from './workspace.ts';

let root: string;
let workspace: Workspace;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'loopwright-workspace-'));
  workspace = new Workspace({ dir: join(root, 'run'), random: systemRandom });
});
afterEach(() => rm(root, { recursive: true, force: true }));

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('a workspace', () => {
  it('writes files whole, in place of the ones before, and says what they are', async () => {
    const first = await workspace.write('planning', 'docs//PRD.md', 'ä'.repeat(1000));
    assert.partialDeepStrictEqual(first, { artifactId: 'planning_docs~1PRD.md', path: 'docs/PRD.md', type: 'prd', bytes: 2000 });
    assert.equal(first.digest, sha256('ä'.repeat(1000)));
    const second = await workspace.write('planning', 'docs/PRD.md', 'short');
    assert.deepEqual([second.bytes, second.digest], [5, sha256('short')]);
    assert.equal(await readFile(join(root, 'run/artifacts/planning/docs/PRD.md'), 'utf8'), 'short');
    assert.deepEqual(await readdir(join(root, 'run/artifacts/planning/docs')), ['PRD.md'], 'nothing else is left');
  });

  it('sees what changed behind its back, also with the same size', async () => {
    await workspace.write('planning', 'a.md', 'one');
    await workspace.list();
    await rm(join(root, 'run/artifacts/planning/a.md'));
    await writeFile(join(root, 'run/artifacts/planning/a.md'), 'two');
    assert.deepEqual(
      (await workspace.list()).artifacts.map(({ digest }) => digest),
      [sha256('two')],
    );
  });

  it('writes nothing outside of its phase, and through no link', async () => {
    await mkdir(join(root, 'elsewhere'));
    for (const path of ['../qa/a.md', '../../state.json', '/etc/x', 'a\\b', 'CON', '', '.', 'x/'])
      await assert.rejects(workspace.write('planning', path, 'x'), PlatformError, path);
    await mkdir(join(root, 'run', 'artifacts'), { recursive: true });
    await symlink(join(root, 'elsewhere'), join(root, 'run/artifacts/qa'));
    await assert.rejects(workspace.write('qa', 'a.md', 'x'), PlatformError);
    assert.deepEqual(await readdir(join(root, 'elsewhere')), []);
    assert.deepEqual((await workspace.list()).artifacts, []);
  });

  it('lists nothing when its folder of artifacts is a link', async () => {
    await mkdir(join(root, 'run'));
    await mkdir(join(root, 'elsewhere/planning'), { recursive: true });
    await writeFile(join(root, 'elsewhere/planning/a.md'), 'x');
    await symlink(join(root, 'elsewhere'), join(root, 'run/artifacts'));
    assert.deepEqual((await workspace.list()).artifacts, []);
    assert.equal(await workspace.open('planning', 'a.md'), undefined);
    assert.equal((await workspace.count()).size, 0);
  });

  it('goes as a whole, and is none before the first file', async () => {
    assert.deepEqual(await workspace.list(), { artifacts: [], isComplete: true });
    await workspace.remove();
    await workspace.write('planning', 'a.md', 'x');
    await workspace.writeState('{}');
    await workspace.remove();
    assert.deepEqual(await readdir(root), []);
  });
});

describe('artifactTypeOf()', () => {
  it('goes by whole words, in the order of the source, then by the suffix', () => {
    const types: Record<string, string> = {
      'PRD.md': 'prd',
      'product_prd_v2.md': 'prd',
      'architecture.md': 'architecture',
      'arch-notes.txt': 'architecture',
      'research.md': 'documentation',
      'monarch.md': 'documentation',
      'requirements.txt': 'requirements',
      'req.md': 'requirements',
      'request.md': 'documentation',
      'test_results.json': 'test',
      'apiTest.ts': 'test',
      'program.test.ts': 'test',
      'latest.md': 'documentation',
      'contest.json': 'data',
      'src/program.ts': 'code',
      'tests/program.ts': 'code',
      'pipeline.py': 'code',
      'Main.java': 'code',
      'notes.TXT': 'documentation',
      'schema.json': 'data',
      'model.bin': 'artifact',
      Makefile: 'artifact',
      'prd_test.py': 'prd',
    };
    for (const [name, type] of Object.entries(types)) assert.equal(artifactTypeOf(name), type, name);
  });
});

describe('artifactIdOf()', () => {
  it('gives every file of a run an id of its own, which names it again', () => {
    const name = fc.string({ unit: fc.constantFrom('a', '_', '~', '0', '1', '.', '-'), minLength: 1, maxLength: 5 });
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
    const phase = fc.string({ unit: fc.constantFrom('a', 'b', '-', '0'), minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(phase, path, (one, file) =>
        assert.deepEqual(readArtifactId(artifactIdOf(one, file)), { phase: one, path: file }),
      ),
    );
    assert.equal(artifactIdOf('planning', 'PRD.md'), 'planning_PRD.md');
    for (const wrong of ['', '_', 'planning', 'planning_', '_a', 'a/b_c', 'a_b/c', 'a_~2'])
      assert.equal(readArtifactId(wrong), undefined, wrong);
  });
});

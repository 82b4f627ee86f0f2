import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const root = join(import.meta.dirname, '..');
const EXAMPLE = /^```ts\n([\s\S]*?)^```/gm;

describe('READMEs of the packages', () => {
  for (const file of globSync('packages/*/README.md', { cwd: root })) {
    it(`${file}: its example runs`, () => {
      const examples = [...readFileSync(join(root, file), 'utf8').matchAll(EXAMPLE)].map((match) => match[1] ?? '');
      assert.ok(examples.length > 0, 'there is no example');
      // Below node_modules the packages are found, and what an example writes is out of the way.
      const cwd = mkdtempSync(join(root, 'node_modules', '.readme-'));
      const args = ['--conditions=loopwright-source', '--input-type=module-typescript', '--eval', examples.join('\n')];
      const { status, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: 60_000 });
      rmSync(cwd, { recursive: true });
      assert.equal(status, 0, stderr);
    });
  }
  it('every package has one', () => {
    const packages = globSync('packages/*/package.json', { cwd: root });
    assert.equal(globSync('packages/*/README.md', { cwd: root }).length, packages.length);
  });
});

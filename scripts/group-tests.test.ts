import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { groupTests } from './group-tests.ts';

const root = mkdtempSync(join(tmpdir(), 'loopwright-groups-'));
after(() => rmSync(root, { recursive: true }));

function write(file: string, text: string): string {
  mkdirSync(join(root, file, '..'), { recursive: true });
  writeFileSync(join(root, file), text);
  return file;
}

describe('groupTests()', () => {
  it('has every file run once: in a group of its package, or alone where it would change the process of others', () => {
    const plain = Array.from({ length: 20 }, (_, index) => write(`packages/a/src/${index}.test.ts`, "it('does', () => {});"));
    const other = write('apps/b/src/lib/one.test.ts', "it('does', () => {});");
    const alone = [
      ['starts.test.ts', "import { spawn } from 'node:child_' + 'process';".replace("' + '", '')],
      ['reads.test.ts', "const kills = process['env']['KILLS'];".replace("['env']", '.env')],
      ['hooks.test.ts', ['before', 'Each(() => undefined);'].join('')],
    ].map(([name = '', text = '']) => write(`packages/a/src/${name}`, text));
    const entries = groupTests(root, [...plain, other, ...alone], root);
    const groups = entries.filter((entry) => entry.endsWith('.mjs'));
    assert.deepEqual(groups.map((group) => basename(group)).toSorted(), [
      'apps-b-1.test.mjs',
      'packages-a-1.test.mjs',
      'packages-a-2.test.mjs',
    ]);
    assert.deepEqual(entries.filter((entry) => !groups.includes(entry)).toSorted(), alone.toSorted());
    const imported = groups.flatMap((group) => readFileSync(group, 'utf8').trim().split('\n'));
    assert.deepEqual(
      imported.toSorted(),
      [...plain, other].map((file) => `import "${pathToFileURL(join(root, file)).href}";`).toSorted(),
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { buildModules } from './build-modules.ts';

async function runSet(modules: Record<string, string>, entry: string): Promise<unknown> {
  const { code } = await buildModules({ modules: new Map(Object.entries(modules)), entry });
  // oxlint-disable-next-line typescript/no-implied-eval -- the contract of the result is to be a function body
  const run: unknown = new Function(code)();
  assert.ok(typeof run === 'function');
  return run();
}

async function checkRefused(modules: Record<string, string>, message: RegExp): Promise<void> {
  await assert.rejects(runSet(modules, "export { run } from '/a.ts';"), (error) => {
    assert.ok(error instanceof PlatformError, String(error));
    assert.equal(error.code, 'INVALID_PROGRAM');
    assert.match(error.message, message);
    return true;
  });
}

describe('buildModules()', () => {
  it('finds modules by path, extension, index and name, of TypeScript, JavaScript and JSON', async () => {
    const value = await runSet(
      {
        'src/a.ts':
          "import { b } from './lib/b.js'; import c from '../c'; import { d } from './d'; import e from './e.json'; import { f } from 'node:f'; export const run = (): unknown => [b, c, d, e, f] as const;",
        'src/lib/b.ts': 'export const b: number = 1;',
        'c/index.js': 'export default 2;',
        'src/d.mjs': 'export const d = 0;',
        'src/d.ts': 'export const d = 3;',
        'src/e.json': '{ "four": 4 }',
        'node:f': 'export const f = 5;',
      },
      "export { run } from '/src/a.ts';",
    );
    assert.deepEqual(value, [1, 2, 3, { four: 4 }, 5]);
  });

  it('reads nothing that is not in the set, wherever that may be', async () => {
    await checkRefused({ 'a.ts': "import '/etc/passwd'; export const run = 1;" }, /"\/etc\/passwd" cannot be had/);
    await checkRefused({ 'a.ts': "import '../../../../etc/passwd'; export const run = 1;" }, /cannot be had/);
    await checkRefused(
      { 'a.ts': "import 'esbuild'; export const run = 1;" },
      /"esbuild" cannot be had \S* ?.*a\.ts:1|"esbuild" cannot be had/,
    );
    await checkRefused({ 'a.ts': "export * from 'data:text/javascript,1'; export const run = 1;" }, /cannot be had/);
    await checkRefused({ 'a.ts': 'export const run = ;' }, /a\.ts:1/);
    await checkRefused({ 'a.ts': 'await 1; export const run = 1;' }, /[Tt]op-level await/);
  });

  it('refuses what is too large, and still builds after a source that overflows the compiler', async () => {
    await checkRefused({ 'a.ts': `export const run = "${'x'.repeat(16 * 1024 * 1024)}";` }, /more than 16777216 bytes/);
    await checkRefused({ 'a.ts': `export const run = ${'('.repeat(3_000_000)}` }, /Cannot build/);
    assert.equal(await runSet({ 'a.ts': 'export const run = () => 1;' }, "export { run } from '/a.ts';"), 1);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { buildProgram } from './build-program.ts';

async function checkRefused(source: string, message: RegExp): Promise<PlatformError> {
  try {
    await buildProgram(source);
  } catch (error) {
    assert.ok(error instanceof PlatformError);
    assert.equal(error.code, 'INVALID_PROGRAM');
    assert.match(error.message, message);
    return error;
  }
  return assert.fail(`built: ${source}`);
}

describe('buildProgram', () => {
  it('strips the types and returns run as a function body', async () => {
    const built = await buildProgram(`
      interface Input { text: string }
      const table: Record<string, number> = { a: 1 };
      export function run(input: Input): number { return table[input.text] ?? 0; }
    `);
    // oxlint-disable-next-line typescript/no-implied-eval -- the contract of the result is to be a function body
    const run: unknown = new Function(built.code)();
    assert.ok(typeof run === 'function');
    assert.equal(run({ text: 'a' }), 1);
    assert.match(built.digest, /^[0-9a-f]{64}$/);
  });

  it('gives the same digest for the same source only', async () => {
    const [one, same, other] = await Promise.all([
      buildProgram('export const run = () => 1;'),
      buildProgram('export const run = () => 1;'),
      buildProgram('export const run = () => 1; '),
    ]);
    assert.equal(one.digest, same.digest);
    assert.notEqual(one.digest, other.digest);
  });

  it('refuses every kind of import with its place', async () => {
    const error = await checkRefused(
      'const a = 1;\nimport fs from "node:fs";\nexport const run = () => a;',
      /line 2, column 16.*"node:fs"/u,
    );
    assert.deepEqual(error.details, {
      issues: [{ message: 'The import of "node:fs" is not allowed: a program has no imports', line: 2, column: 16 }],
    });
    await checkRefused('export const run = () => import("node:fs");', /"node:fs" is not allowed/u);
    await checkRefused('export * from "program"; export const run = () => 1;', /"program" is not allowed/u);
    await checkRefused('export const run = () => require("./x.json");', /not allowed/u);
  });

  it('refuses a program without run, with a syntax error, or too large', async () => {
    await checkRefused('export function walk() {}', /exports no function "run"/u);
    await checkRefused('export function run( {', /line 1, column/u);
    await checkRefused(`export const run = () => "${'x'.repeat(4 * 1024 * 1024)}";`, /more than 4194304 bytes/u);
  });

  it('still builds after a source that overflows the compiler', async () => {
    await checkRefused(`export const run = ${'('.repeat(3_000_000)}`, /Cannot build the program/u);
    assert.equal((await buildProgram('export const run = () => 1;')).digest.length, 64);
  });
});

import { readFileSync } from 'node:fs';
import { REQUIRED } from '../build/build-modules.ts';

const GUEST = 'loopwright-guest';
const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';

/** The module of the sandbox that runs a file of tests. */
export const HARNESS: string = `/${GUEST}/harness.${extension}`;

let modules: ReadonlyMap<string, string> | undefined;

/** What stands in the sandbox for the modules that tests use. */
export function guestModules(): ReadonlyMap<string, string> {
  modules ??= new Map([
    ...['assert', 'console', 'deep-equal', 'expect', 'hash', 'intrinsics', 'timers', 'harness'].map(fileOf),
    ...named(['node:test', 'test'], 'harness', 'testModule', TEST),
    ...named(['node:assert/strict', 'assert/strict'], 'assert', 'strict', ASSERTIONS),
    ...named(['node:assert', 'assert'], 'assert', 'legacy', ASSERTIONS),
    ...named(['node:crypto', 'crypto'], 'hash', 'cryptoModule', 'createHash'),
    ...named(['js-md5'], 'hash', 'md5', 'md5'),
    ...named(['node:timers/promises', 'timers/promises'], 'timers', 'timersModule', 'setTimeout, setImmediate'),
    ...named(['vitest', '@jest/globals', 'bun:test'], 'harness', 'expectModule', `${TEST}, expect, beforeAll, afterAll`),
    ...named(['node:util', 'util'], 'deep-equal', 'utilModule', 'isDeepStrictEqual'),
  ]);
  return modules;
}

const TEST = 'describe, it, test, suite, before, after, beforeEach, afterEach';
const ASSERTIONS = `AssertionError, deepEqual, deepStrictEqual, doesNotMatch, doesNotReject, doesNotThrow, equal, fail, ifError, match,
  notDeepEqual, notDeepStrictEqual, notEqual, notStrictEqual, ok, rejects, strict, strictEqual, throws`;

function fileOf(name: string): [string, string] {
  const text = readFileSync(new URL(`./guest/${name}.${extension}`, import.meta.url), 'utf8');
  return [`${GUEST}/${name}.${extension}`, text];
}

/** A module of Node under its names: its members, and the whole as default, which is what `require` gives. */
function named(names: readonly string[], file: string, whole: string, members: string): [string, string][] {
  const guest = `/${GUEST}/${file}.${extension}`;
  const imported = [
    `import { ${whole} as whole } from '${guest}';`,
    `export default whole;`,
    `export const { ${members} } = whole;`,
  ].join('\n');
  return names.flatMap((name): [string, string][] => [
    [name, imported],
    [`${REQUIRED}${name}`, `module.exports = require('${guest}').${whole};`],
  ]);
}

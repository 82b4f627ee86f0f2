import assert from 'node:assert/strict';
import { stripTypeScriptTypes } from 'node:module';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { parseSync } from 'oxc-parser';
import { COUNTER, instrument } from './instrument.ts';
import type { SyntaxNode } from './tree.ts';

/** Runs a script with and without the counter; gives what both give, how many statements there are and how many were run. */
function runBoth(text: string): { value: unknown; statements: number; ran: number } {
  const { code, statements } = instrument(parseSync('a.ts', text).program as unknown as SyntaxNode, text, 7);
  const ran = new Set<number>();
  const count = (file: number, statement: number): void => {
    assert.equal(file, 7);
    ran.add(statement);
  };
  const value: unknown = runInNewContext(stripTypeScriptTypes(code), { [COUNTER]: count });
  assert.equal(JSON.stringify(value), JSON.stringify(runInNewContext(stripTypeScriptTypes(text))), code);
  return { value, statements, ran: ran.size };
}

describe('instrument()', () => {
  it('changes nothing of what code does, and counts its statements', () => {
    const cases: [text: string, statements: number, ran: number][] = [
      ['1 + 1', 1, 1],
      ["'use strict'; let a: number = 1; a", 2, 2],
      ['let a = 0; if (a) a = 1; else if (a === 0) a = 2; else a = 3; a', 7, 5],
      [
        'let s = 0; for (const n of [1, 2, 3]) s += n; for (let i = 0; i < 3; i++) { s += i } while (s < 20) s++; do s--; while (s > 10); s',
        10,
        10,
      ],
      ['const f = (a: number) => a * 2, g = () => ({ a: 1 }); [f(2), g().a]', 4, 4],
      ['const f = (a) => (b) => a + b\nf(1)(2)', 4, 4],
      ['function dead() { return 1 }\nfunction live() { return 2 }\nlive()', 3, 2],
      ['outer: for (const a of [1, 2]) { for (const b of [1, 2]) { if (b === 2) continue outer } }\n"end"', 5, 5],
      ['let r = ""; switch (2 as number) { case 1: r = "one"; break; case 2: r = "two"; default: r += "!" } r', 7, 5],
      ['try { throw new Error("x") } catch (e) { (e as Error).message } finally { 1 }', 4, 4],
      ['class A { #x = 1; static { 1 } get x() { return this.#x } }\nnew A().x', 3, 3],
      ['const a = 1\nconst b = 2\n;[a, b].length', 3, 3],
      ['let a = 1; { let a = 2; a }\na', 4, 4],
      ['interface Shape { a: number }\ntype T = Shape;\ndeclare const z: T;\n5', 1, 1],
      ['if (true) ; else ;\n3', 2, 2],
      ['const t = `${(() => 1)()}`; t', 3, 3],
    ];
    for (const [text, statements, ran] of cases) {
      const both = runBoth(text);
      assert.deepEqual([both.statements, both.ran], [statements, ran], text);
    }
  });
});

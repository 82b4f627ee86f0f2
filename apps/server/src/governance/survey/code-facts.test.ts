import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codeFacts } from './code-facts.ts';
import { COUNTER } from './instrument.ts';
import type { CodeFacts } from './survey.ts';

const factsOf = (text: string, isTest = false): CodeFacts => codeFacts(text, { path: 'a.ts', number: 0, isTest }).facts;

describe('codeFacts()', () => {
  it('counts the ways through each function, one inside another for itself', () => {
    const complexity = (body: string): number | undefined =>
      factsOf(`function f(a: number, b: number) { ${body} }`).complex.find(({ name }) => name === 'f')?.complexity;
    const cases: [string, number][] = [
      ['return 1;', 1],
      ['if (a) return 1; else if (b) return 2; return 3;', 3],
      ['for (;;) {} for (const x of []) {} for (const x in {}) {} while (a) {} do {} while (b);', 6],
      ['switch (a) { case 1: case 2: break; default: }', 3],
      ['return ((a && b) || a) ?? b;', 4],
      ['return a ? b : 2;', 2],
      ['try { a; } catch { b; }', 2],
      ['a ||= 1; a &&= 2; a ??= 3;', 4],
      ['const g = () => (a ? 1 : 2); return g;', 1],
    ];
    for (const [body, expected] of cases) assert.equal(complexity(body), expected, body);
    const named = factsOf('class C {\n  m(a) { return a ? 1 : 2; }\n}\nconst arrow = (a) => a && a && a;\n');
    assert.deepEqual(named.complex, [
      { name: 'arrow', line: 4, complexity: 3 },
      { name: 'm', line: 2, complexity: 2 },
    ]);
  });

  it('finds mistakes by their rules and lines, and none in clean code', () => {
    const cases: [string, string | undefined][] = [
      ['debugger;', 'no-debugger'],
      ['var a = 1;', 'no-var'],
      ['a == b;', 'eqeqeq'],
      ['a == null;', undefined],
      ['a.b === a.b;', 'no-self-compare'],
      ['if (true) b();', 'no-constant-condition'],
      ['while (true) b();', undefined],
      ['if (a) {}', 'no-empty'],
      ['if (a) { /* nothing to do */ }', undefined],
      ['function f() { return 1; b(); }', 'no-unreachable'],
      ['function f() { return g(); function g() {} }', undefined],
      ['({ a: 1, a: 2 });', 'no-dupe-keys'],
      ['eval("1");', 'no-eval'],
      ['new Function("1");', 'no-eval'],
      ['try { a(); } finally { throw 1; }', 'no-unsafe-finally'],
    ];
    for (const [text, rule] of cases) {
      const { lint } = factsOf(text);
      assert.deepEqual(
        lint.places.map(({ message }) => message.split(':')[0]),
        rule === undefined ? [] : [rule],
        text,
      );
    }
    assert.equal(factsOf('\n\n  debugger;').lint.places[0]?.line, 3);
  });

  it('finds what is declared and never used, by its name', () => {
    const facts = factsOf(`
import used, { unused, type Shape, other as renamed } from './b.ts';
import * as all from './c.ts';
function dead() { return dead(); }
function alive() { return used; }
const arrow = () => 1;
class Gone {}
class Kept { x: Shape = alive; }
export const give = (): unknown => [Kept, { arrow: 1, Gone: 2 }.Gone];
export { renamed };`);
    const names = (found: CodeFacts['unusedImports']): string[] =>
      found.places.map(({ message }) => /"(\w+)"/.exec(message)?.[1] ?? '');
    assert.deepEqual(names(facts.unusedFunctions), ['dead', 'arrow']);
    assert.deepEqual(names(facts.unusedClasses), ['Gone']);
    assert.deepEqual(names(facts.unusedImports), ['unused', 'all']);
    assert.deepEqual(facts.imports, ['./b.ts', './c.ts']);
  });

  it('names exports without documentation, overloads once, and asks nothing of tests', () => {
    const text = `/** What it does. */
export function good(): void {}
export function bad(): void {}
/***/
export const empty = 1;
/** Both. */
export function over(a: string): void;
export function over(a: number): void;
export function over(): void {}
// A note.
export interface Shape {}
export default class {}`;
    const { undocumented, exports } = factsOf(text);
    assert.deepEqual(
      undocumented.places.map(({ line, message }) => [line, /"(\w+)"/.exec(message)?.[1]]),
      [
        [3, 'bad'],
        [5, 'empty'],
        [11, 'Shape'],
        [12, 'default'],
      ],
    );
    assert.equal(exports, 6);
    assert.equal(factsOf(text, true).undocumented.total, 0);
  });

  it('says where a text cannot be parsed, and takes no code that names the counter', () => {
    assert.equal(factsOf('const a = 1;\nfunction (').problem?.line, 2);
    assert.match(factsOf(`${COUNTER}(0, 1);`).problem?.message ?? '', /not allowed/);
    assert.equal(factsOf('').problem, null);
  });
});

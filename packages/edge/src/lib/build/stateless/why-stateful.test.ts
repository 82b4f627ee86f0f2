import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import vm from 'node:vm';
import fc from 'fast-check';
import { buildProgram } from '../build-program.ts';
import { whyStateful } from './why-stateful.ts';

async function reasonFor(source: string): Promise<string | undefined> {
  return whyStateful((await buildProgram(source)).code);
}

const body = (text: string): string => `export function run(input: any): any { ${text} }`;

/** Programs that keep nothing, as people and models write them. */
const stateless = [
  body('return input;'),
  `const WEIGHTS: Record<string, number[]> = { call: [1, 2], bind: [3] };\n${body('return WEIGHTS[input]?.[0] ?? 0;')}`,
  body('const counts: any = {}; for (const w of input.split(/ /u)) counts[w] = (counts[w] ?? 0) + 1; return counts;'),
  body('let n = 0; input.forEach((x: number) => { n += x; }); return n;'),
  body('return input.reduce((all: any, x: any) => { all[x] = 1; return all; }, {});'),
  `function bump(o: any, k: string) { o[k] = (o[k] ?? 0) + 1; }\n${body('const o = {}; for (const k of input) bump(o, k); return o;')}`,
  `const EMAIL = /^[^@]+@[^@]+$/u;\n${body('return EMAIL.test(input);')}`,
  `const SPACES = / +/gu;\n${body("return input.replace(SPACES, ' ');")}`,
  body('const found = []; const all = /a/gu; let m; while ((m = all.exec(input)) !== null) found.push(m.index); return found;'),
  body('input.sort((a: number, b: number) => a - b); return Object.keys(input).sort().reverse();'),
  `const STOP = new Set(['a', 'the']);\n${body('return STOP.has(input);')}`,
  `class Wrong extends TypeError { n = 0; more() { this.n += 1; return this; } }\nclass Worse extends Wrong {}\n${body('return new Worse("x").more().n;')}`,
  `class Stack { #items: number[] = []; size = 0; grow() { this.size += 1; return this; } }\n${body('return new Stack().grow().size;')}`,
  `function table() { const t = new Map<string, number>(); for (const [i, w] of ['a', 'b'].entries()) t.set(w, i); return t; }
   const TABLE = table();\n${body('return TABLE.get(input);')}`,
  body('return Object.prototype.hasOwnProperty.call(input, "a") || Object.hasOwn(input, "b");'),
  `enum Kind { A = 'a' }\nconst rules = [{ when: /x/iu, kind: Kind.A }];\n${body('return rules.find(({ when }) => when.test(input))?.kind ?? null;')}`,
  `const copy = (list: number[]) => { const made = [...list]; made.push(1); return made; };\n${body('const mine = copy(input); mine.length = 1; return mine;')}`,
];

/** What keeps something, or may. */
const stateful: readonly (readonly [source: string, reason: RegExp])[] = [
  [`let n = 0;\n${body('n += 1; return n;')}`, /n is changed/u],
  [`const seen: string[] = [];\n${body('seen.push(input); return seen;')}`, /push/u],
  [`const seen = new Map();\n${body('const mine = seen; mine.set(input, 1); return mine.size;')}`, /set/u],
  [`const config = { n: 0 };\n${body('const { ...mine } = { config }; mine.config.n += 1; return config.n;')}`, /changed/u],
  [`const make = () => { let n = 0; return () => (n += 1); };\nconst next = make();\n${body('return next();')}`, /n is changed/u],
  [
    `const make = () => { const c: any = {}; return (k: string) => (c[k] = (c[k] ?? 0) + 1); };\nconst count = make();\n${body('return count(input);')}`,
    /changed/u,
  ],
  [`const all = /a/gu;\n${body('return all.test(input);')}`, /test/u],
  [`const it = ['a', 'b'].values();\n${body('for (const x of it) return x; return null;')}`, /iterator/u],
  [
    `function* numbers() { let n = 0; for (;;) yield (n += 1); }\nconst it = numbers();\n${body('return it.next().value;')}`,
    /next/u,
  ],
  [body('(run as any).calls = ((run as any).calls ?? 0) + 1; return (run as any).calls;'), /changed/u],
  [body('(Array as any).seen = input; return 1;'), /changed/u],
  [body('(Object.prototype as any).seen = input; return 1;'), /changed/u],
  [body('({} as any).constructor.seen = input; return 1;'), /changed/u],
  [body('(globalThis as any).seen = input; return 1;'), /changed/u],
  [body('return Reflect.set(Array, "seen", input);'), /set may/u],
  [body('return eval(input);'), /the global/u],
  [body('const o: any = {}; o[input.a][input.b] = 1; return o;'), /changed/u],
  [body('const o: any = {}; const inner = o[input.a]; inner.x = 1; return o;'), /changed/u],
  [body('return RegExp.$1;'), /RegExp/u],
  [body('return [].push.call(input, 1);'), /the member call/u],
  [`const shared = new Set();\n${body('input.forEach(shared.add, shared); return shared.size;')}`, /add/u],
  [`const shared: any[] = [];\n${body('const { push } = shared; return push;')}`, /push/u],
  [`const shared: any = {};\n${body('[shared.a] = [1]; return shared;')}`, /changed/u],
  [`const shared: any = {};\n${body('for (shared.a of [1]) {} return shared;')}`, /changed/u],
  [`const shared: any = [];\n${body('shared?.push?.(input); return shared.length;')}`, /push/u],
  [`const shared: any = [];\n${body('return (shared?.[input])(1);')}`, /worked out/u],
  [
    `const shared: any = [];\n${body('const o = { map: () => shared }; const mine = o.map(); mine.x = 1; return 1;')}`,
    /changed/u,
  ],
  [`class Counter { static n = 0; }\n${body('return Counter.n;')}`, /static/u],
  [
    `const shared = { n: 0 };\nfunction Base() { return shared; }\nclass Odd extends (Base as any) { n = 1; }\n${body('const odd: any = new Odd(); odd.n += 1; return shared.n;')}`,
    /base/u,
  ],
  [
    `const buffer = new ArrayBuffer(8);\nclass View extends Uint8Array {}\n${body('const view = new View(buffer); view[0] += 1; return view[0];')}`,
    /base/u,
  ],
  [`const all = /a/gu;\n${body('const same = RegExp(all); return same.test(input);')}`, /test/u],
  [
    `const shared = { n: 0 };\nclass Odd { constructor() { return shared; } }\n${body('const odd: any = new Odd(); odd.n += 1; return odd.n;')}`,
    /constructor/u,
  ],
  [`const object = { n: 0, inc() { this.n += 1; return this.n; } };\n${body('return object.inc();')}`, /this/u],
  [`const started = Date.now();\n${body('return started;')}`, /Date/u],
  [`const chosen = Math.random();\n${body('return chosen;')}`, /Math/u],
  [`function bump(o: any) { o.n = 1; }\nconst shared = {};\n${body('bump({}); bump(shared); return shared;')}`, /changed/u],
  [`const shared: any = [];\n${body('const mine: any = input ? shared : []; mine.push(1); return mine.length;')}`, /push/u],
  [
    `const shared: any = [];\nlet other = shared;\n${body('let mine: any = []; mine = other; mine.push(1); return mine.length;')}`,
    /push/u,
  ],
  [`const buffer = new ArrayBuffer(8);\n${body('const view = new Uint8Array(buffer); view[0] = 1; return 1;')}`, /changed/u],
  ['export async function run() { return 1; }', /waits/u],
  [`const all = [[1, 'a'], [/a/gu]];\n${body('return (all[1] as any)[0].test(input);')}`, /test/u],
  [`const all: any = [{ a: { b: -1, __proto__: [1, 2] } }];\n${body('return all.length;')}`, /__proto__/u],
  [
    `let n = 0;\nconst all: any = { a: [1, -2, { b: 'c', d: [() => (n += 1)] }] };\n${body('return all.a[2].d[0]();')}`,
    /changed/u,
  ],
];

describe('whyStateful', () => {
  it('finds nothing in lists and objects of data, however many', async () => {
    const words = Object.fromEntries(
      Array.from({ length: 3000 }, (_, n) => [`word ${n}`, [n / 7, -n, null, true, `${n}`, { n, list: [] }]]),
    );
    assert.equal(await reasonFor(`const WORDS: any = ${JSON.stringify(words)};\n${body('return WORDS[input][0];')}`), undefined);
  });

  it('finds nothing in programs that keep nothing', async () => {
    for (const source of stateless) assert.equal(await reasonFor(source), undefined, source);
  });

  it('finds what programs keep, and where', async () => {
    for (const [source, reason] of stateful) assert.match((await reasonFor(source)) ?? '', reason, source);
    assert.match((await reasonFor(`let n = 0;\n\n${body('\nn += 1; return n;')}`)) ?? '', /^line \d+: /u);
  });

  it('says so where it is not given what buildProgram makes', async () => {
    const { code } = await buildProgram(body('return 1;'));
    for (const other of ['', 'return () => 1;', code.slice(1), code.slice(0, -1), `${code} `])
      assert.match(whyStateful(other) ?? '', /form|read/u);
  });

  it('never takes a program for one that keeps nothing whose calls can tell that there were others', () => {
    let found = 0;
    const declared = fc.oneof(
      { weight: 3, arbitrary: fc.subarray(PLAIN) },
      { weight: 1, arbitrary: fc.subarray([...PLAIN, ...MADE]) },
    );
    const statements = fc.array(statement, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(declared, statements, (top, texts) => {
        const code =
          built(`${PARTS.filter((part) => uses([...top, ...texts], part)).join('\n')}\n${top.join('\n')}\nfunction run(key) {
          const out = []; const mine = {}; const rows = [3, 1, 2];
          ${texts.map((text) => `try { ${text} } catch (error) { out.push(error.name); }`).join('\n')}
          return JSON.stringify([out, mine, rows, ${top.map(seen).join(', ')}]);
        }`);
        if (reasonOf(code) !== undefined) return;
        found += 1;
        const shared = evaluate(code);
        for (const key of ['a', 'push', 'constructor', '__proto__', 'a', 'prototype', 'toString'])
          assert.equal(shared(key), evaluate(code)(key), code);
      }),
      { numRuns: Number(process.env['STATELESS_RUNS'] ?? 600) },
    );
    assert.ok(found > 40, `${found} programs were taken for such ones`);
  });
});

/** As the bundler would make it of a program that has nothing to be changed by it. */
function built(text: string): string {
  const head =
    '"use strict";\nvar program = (() => {\n  __export(stdin_exports, {\n    run: () => run\n  });\n\n  // program:program.ts\n';
  return `${head}${text}\n  return __toCommonJS(stdin_exports);\n})();\nreturn program.run;\n`;
}

function reasonOf(code: string): string | undefined {
  try {
    return whyStateful(code);
  } catch (error) {
    // Two statements may declare the same name.
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}

/** In a world of its own. */
function evaluate(code: string): (key: string) => unknown {
  const run = vm.runInNewContext(`
    const [__export, stdin_exports] = [() => {}, {}];
    const run = (() => { ${code.replace('return __toCommonJS(stdin_exports);', 'return { run };')} })();
    const shared = [globalThis, Object, Object.prototype, Array, Array.prototype, Function.prototype, String.prototype, Map.prototype];
    const attempt = (key) => { try { return run(key); } catch (error) { return error.name; } };
    (key) => attempt(key) + JSON.stringify(shared.map((one) => Object.entries(Object.getOwnPropertyDescriptors(one)).map(([name, { value }]) => [name, typeof value])));
  `) as (key: string) => unknown;
  return (key) => run(key);
}

/** What statements may use; only what they use is there. */
const PARTS = [
  'function bump(o, k) { o[k] = (o[k] ?? 0) + 1; return o; }',
  'function same(o) { return o; }',
  'function fresh() { return { n: 0 }; }',
  'class Box { n = 0; list = []; inc() { this.n += 1; return this.n; } with() { return this.list; } }',
  'function make() { const c = {}; let n = 0; return (k) => { n += 1; c[k] = n; return n; }; }',
  'function* count() { let n = 0; for (;;) yield (n += 1); }',
];

const PLAIN = [
  'let total = 0;',
  'const list = [3, 1, 2];',
  "const map = new Map([['a', 1]]);",
  "const set = new Set(['a']);",
  'const places = /a/g;',
  'const plain = /a/;',
  'const tree = { a: { b: 1 }, list: [1] };',
  "const words = 'a b c'.split(' ');",
];

/** Which run functions of the program when it is loaded. */
const MADE = [
  'const memo = make();',
  'const iterator = [1, 2, 3].values();',
  'const numbers = count();',
  'const box = new Box();',
];

function uses(texts: readonly string[], part: string): boolean {
  const name = /^[\w*]+ (\w+)/u.exec(part)?.[1] ?? '';
  return texts.some((text) => text.includes(name));
}

function seen(declaration: string): string {
  const name = /^(?:let|const) (\w+)/u.exec(declaration)?.[1] ?? '';
  if (['memo', 'iterator', 'numbers'].includes(name)) return '0';
  return name === 'map' || name === 'set' ? `[...${name}]` : name === 'places' ? 'places.lastIndex' : name;
}

const NAMES = [
  'total',
  'list',
  'map',
  'set',
  'tree',
  'tree.a',
  'tree.list',
  'box',
  'words',
  'mine',
  'rows',
  'out',
  'Object',
  'Array',
  'run',
  'bump',
  '[]',
  '({})',
  'new Box()',
  'fresh()',
  'same(rows)',
  'same(list)',
  'rows.slice()',
  'list.slice()',
  'Box',
  '[].concat(list)',
];
const FORMS = [
  'X.push(7);',
  'X.a = 7;',
  'X[key] = 7;',
  'X[key][key] = 7;',
  'X.n += 1;',
  'X.sort();',
  'delete X.a;',
  'bump(X, key);',
  'X.add?.(key);',
  'X.set?.(key, 1);',
  'Object.assign(X, { q: 1 });',
  '[X.a] = [5];',
  '({ q: X.b } = { q: 6 });',
  'X?.push?.(4);',
  'const y = X; y.z = 1;',
  'let y = []; y = X; y.push?.(1);',
  'const { a: y } = X; y.b = 2;',
  'const y = X[key]; y.count = (y.count ?? 0) + 1;',
  '(X[key] ??= []).push(1);',
  'for (const y of [X]) y.k = 1;',
  '[X].forEach((y) => { y.k = 1; });',
  'X.list?.push(1);',
  'X.inc?.();',
  'X.with?.(X);',
  'const y = [...X]; y.push(1); out.push(y.length);',
  'const y = { ...X }; y.q = 1; out.push(y.q);',
  'rows.reduce((all, x) => { all[x] = 1; return all; }, X);',
  '(() => { X.arrow = 1; })();',
  'const set1 = (y) => { y.given = 1; }; set1(X);',
  'total += 1;',
  'total++;',
  'let total = 0; total += 1; out.push(total);',
  'out.push(memo(key));',
  'out.push(places.test(key), plain.test(key));',
  "out.push(places.exec('aab')?.index);",
  "out.push('aab'.replace(places, ''));",
  'for (const y of iterator) { out.push(y); break; }',
  'out.push(numbers.next().value);',
  'const it = count(); out.push(it.next().value);',
  'const y = make(); out.push(y(key), y(key));',
  'const y = new Box(); y.inc(); out.push(y.n);',
  "out.push(''[key] === undefined);",
  'out.push(typeof (() => 0)[key]);',
  "const f = (() => 0)[key]; f('return globalThis')().leak = (f('return globalThis')().leak ?? 0) + 1; out.push(f('return globalThis')().leak);",
];
const statement = fc
  .tuple(fc.constantFrom(...FORMS), fc.constantFrom(...NAMES))
  .map(([form, name]) => form.replaceAll('X', name));

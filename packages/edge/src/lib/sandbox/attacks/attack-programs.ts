/**
 * What must come of an attack: `timeout`; `stopped`: a timeout or an error, but an answer; a pattern: an error with such a message; `output`:
 * the program ends, and this is all that it found.
 */
export type Outcome = 'timeout' | 'stopped' | RegExp | { readonly output: unknown };

/** A hostile program. */
export interface Attack {
  readonly name: string;
  readonly source: string;
  readonly input?: unknown;
  readonly expect: Outcome;
}

/** `probe` gives what an attempt found, or its error as text. */
const PROBE = `const probe = (make: () => unknown) => { try { return typeof make(); } catch (error) { return String(error); } };`;
const RUN = 'export function run(): unknown';

const time: readonly Attack[] = [
  { name: 'a loop', source: `${RUN} { while (true) {} }`, expect: 'timeout' },
  { name: 'a loop in the body of the module', source: 'for (;;) {} export const run = () => 1;', expect: 'timeout' },
  {
    name: 'a loop that catches everything',
    source: `${RUN} { for (;;) { try { for (;;) {} } catch {} finally { continue; } } }`,
    expect: 'timeout',
  },
  {
    name: 'a regular expression that backtracks',
    source: 'export const run = (text: string) => /^(a+)+$/.test(text);',
    input: `${'a'.repeat(40)}b`,
    expect: 'timeout',
  },
  {
    name: 'a regular expression with back references',
    source: 'export const run = (text: string) => /^(.*?)*\\\\1$/.test(text) || /(x+x+)+y/.test(text);',
    input: 'x'.repeat(60),
    expect: 'timeout',
  },
  {
    name: 'microtasks that never end',
    source: `${RUN} { (async () => { for (;;) await 0; })(); for (;;) {} }`,
    expect: 'timeout',
  },
  {
    name: 'microtasks after the return',
    source: `${RUN} { const again = () => { Promise.resolve().then(again); }; again(); return 1; }`,
    expect: 'stopped',
  },
  {
    name: 'a parser that V8 does not interrupt',
    source: `${RUN} { const big = JSON.stringify(new Array(400_000).fill(1234567)); for (let n = 0; ; n += JSON.parse(big).length) if (n < 0) return n; }`,
    expect: 'timeout',
  },
  {
    name: 'a search through an endless array-like',
    source: `${RUN} { return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1); }`,
    expect: 'timeout',
  },
  {
    name: 'an endless generator that is spread',
    source: `${RUN} { return [...(function* () { for (;;) yield; })()].length; }`,
    expect: 'stopped',
  },
  { name: 'a getter that loops in the output', source: `${RUN} { return { get a() { for (;;) {} } }; }`, expect: 'timeout' },
  {
    name: 'a Proxy that loops in the output',
    source: `${RUN} { return new Proxy({}, { ownKeys() { for (;;) {} } }); }`,
    expect: 'timeout',
  },
  { name: 'toJSON that loops', source: `${RUN} { return { toJSON() { for (;;) {} } }; }`, expect: 'timeout' },
  { name: 'a message that loops', source: `${RUN} { throw { get message() { for (;;) {} } }; }`, expect: 'timeout' },
  {
    name: 'a name that loops',
    source: `${RUN} { const error = new Error('x'); Object.defineProperty(error, 'name', { get() { for (;;) {} } }); throw error; }`,
    expect: 'timeout',
  },
  { name: 'toString that loops', source: `${RUN} { throw { toString() { for (;;) {} } }; }`, expect: 'timeout' },
  {
    name: 'a Proxy that loops when it is thrown',
    source: `${RUN} { throw new Proxy({}, { get() { for (;;) {} } }); }`,
    expect: 'timeout',
  },
  {
    name: 'prepareStackTrace that loops',
    source: `${RUN} { Error.prepareStackTrace = () => { for (;;) {} }; return new Error('x').stack; }`,
    expect: 'stopped',
  },
  {
    name: 'a rejection that loops when it is shown',
    source: `${RUN} { Promise.reject({ get message() { for (;;) {} } }); return 1; }`,
    expect: 'stopped',
  },
  {
    name: 'a sort that never ends',
    source: `${RUN} { return Array.from({ length: 3_000_000 }, (_, n) => -n).sort((a, b) => { for (let i = 0; i < 1e4; i++); return a - b; }).length; }`,
    expect: 'stopped',
  },
];

const memory: readonly Attack[] = [
  {
    name: 'arrays that grow',
    source: `${RUN} { const all: number[][] = []; for (;;) all.push(new Array(10_000).fill(1)); }`,
    expect: 'stopped',
  },
  {
    name: 'a map that grows',
    source: `${RUN} { const all = new Map(); for (let n = 0; ; n++) all.set(n, { n }); }`,
    expect: 'stopped',
  },
  {
    name: 'buffers outside of the heap',
    source: `${RUN} { const all = []; for (;;) all.push(new Uint8Array(16_000_000).fill(1)); }`,
    expect: 'stopped',
  },
  {
    name: 'buffers that are resized',
    source: `${RUN} { const all = []; for (;;) { const b = new ArrayBuffer(8, { maxByteLength: 1e8 }); b.resize(1e8); new Uint8Array(b).fill(1); all.push(b); } }`,
    expect: 'stopped',
  },
  {
    name: 'strings that double',
    source: `${RUN} { const all = []; for (;;) all.push('x'.repeat(2 ** 24) + all.length); }`,
    expect: 'stopped',
  },
  {
    name: 'ropes that are flattened',
    source: `${RUN} { let s = 'abc'; const all = []; for (;;) { s += s; if (s.length > 2 ** 25) s = 'abc'; all.push(s.normalize()); } }`,
    expect: 'stopped',
  },
  { name: 'an array of a billion', source: `${RUN} { return new Array(1e9).fill(1).length; }`, expect: 'stopped' },
  {
    name: 'a fill of an endless array-like',
    source: `${RUN} { return Array.prototype.fill.call({ length: 2 ** 53 - 1 }, 1); }`,
    expect: 'stopped',
  },
  {
    name: 'closures that hold everything',
    source: `${RUN} { let last: () => unknown = () => 0; for (;;) { const before = last; const big = new Array(1000).fill(0); last = () => [before, big]; } }`,
    expect: 'stopped',
  },
  { name: 'a BigInt that is shifted', source: `${RUN} { let n = 1n; for (;;) n = n << 100_000_000n; }`, expect: 'stopped' },
  { name: 'a BigInt that is squared', source: `${RUN} { let n = 3n; for (;;) n *= n; }`, expect: 'stopped' },
  { name: 'a BigInt that is written', source: `${RUN} { return (7n ** 3_000_000n).toString().length < 0; }`, expect: 'stopped' },
];

const engine: readonly Attack[] = [
  { name: 'infinite recursion', source: 'export function run(): number { return 1 + run(); }', expect: /RangeError|program/u },
  {
    name: 'recursion through toJSON',
    source: `${RUN} { const deep = (): unknown => ({ toJSON: () => deep() }); return deep(); }`,
    expect: { output: {} },
  },
  {
    name: 'a deep output',
    source: `${RUN} { let value: unknown = 1; for (let n = 0; n < 1e6; n++) value = [value]; return value; }`,
    expect: 'stopped',
  },
  {
    name: 'a deep text that is parsed',
    source: `${RUN} { return JSON.parse('['.repeat(5e6) + ']'.repeat(5e6)); }`,
    expect: 'stopped',
  },
  {
    name: 'a deep input',
    source: 'export const run = (value: unknown) => value === 1;',
    input: JSON.parse(`${'['.repeat(3000)}1${']'.repeat(3000)}`),
    expect: { output: false },
  },
  { name: 'a string longer than V8 takes', source: `${RUN} { return 'x'.repeat(2 ** 30); }`, expect: 'stopped' },
  { name: 'a huge output', source: `${RUN} { return 'x'.repeat(5_000_000); }`, expect: 'stopped' },
  { name: 'a huge array as output', source: `${RUN} { return new Array(5_000_000).fill(0); }`, expect: 'stopped' },
  { name: 'a huge message', source: `${RUN} { throw new Error('x'.repeat(1e7)); }`, expect: 'stopped' },
  { name: 'a message of lone surrogates', source: `${RUN} { throw new Error('\\ud800'.repeat(5000)); }`, expect: 'stopped' },
  {
    name: 'a stack that is exhausted while the error is written',
    source: `${RUN} { const f = (): never => { try { return f(); } catch { throw { get message(): string { return f(); } }; } }; return f(); }`,
    expect: 'stopped',
  },
  {
    name: 'a regular expression of a megabyte',
    source: `${RUN} { return new RegExp('(a|'.repeat(200_000) + 'b' + ')'.repeat(200_000)).test('x'); }`,
    expect: 'stopped',
  },
  {
    name: 'a function with a megabyte of arguments',
    source: `${RUN} { return Math.max(...new Array(2_000_000).fill(1)); }`,
    expect: 'stopped',
  },
];

const escapes: readonly Attack[] = [
  {
    name: 'names of the host',
    source: `const names = ["process", "require", "module", "global", "Buffer", "setTimeout", "setInterval", "setImmediate", "queueMicrotask", "fetch", "console", "WebAssembly", "SharedArrayBuffer", "Atomics", "structuredClone", "performance", "navigator", "ivm", "Deno", "Bun"]; export const run = () => names.filter((name) => name in globalThis);`,
    expect: { output: [] },
  },
  {
    name: 'constructor chains',
    source: `${PROBE} export const run = (input: unknown) => [probe(() => globalThis.constructor.constructor("return process")()), probe(() => run.constructor("return this.process")()), probe(() => run.constructor("return this.require")()), probe(() => (input as object).constructor.constructor("return this.process")())];`,
    input: { a: 1 },
    expect: { output: ['ReferenceError: process is not defined', 'undefined', 'undefined', 'undefined'] },
  },
  {
    name: 'constructors of generators and async functions',
    source: `${PROBE} export const run = () => [probe(() => (function* () {}).constructor("yield this.process")().next().value), probe(() => (async () => {}).constructor("globalThis.found = typeof process")() && undefined), probe(() => (async function* () {}).constructor("yield 1")().constructor.constructor)];`,
    expect: { output: ['undefined', 'undefined', 'function'] },
  },
  {
    name: 'WebAssembly by another way',
    source: `${PROBE} export const run = () => [probe(() => WebAssembly), probe(() => (0, eval)("WebAssembly")), probe(() => Function("return WebAssembly")())];`,
    expect: {
      output: [
        'ReferenceError: WebAssembly is not defined',
        'ReferenceError: WebAssembly is not defined',
        'ReferenceError: WebAssembly is not defined',
      ],
    },
  },
  {
    name: 'shared memory by another way',
    source: `${PROBE} export const run = () => [probe(() => SharedArrayBuffer), probe(() => Atomics), probe(() => Object.getOwnPropertyDescriptor(globalThis, 'SharedArrayBuffer'))];`,
    expect: {
      output: ['ReferenceError: SharedArrayBuffer is not defined', 'ReferenceError: Atomics is not defined', 'undefined'],
    },
  },
  {
    name: 'frames of the stack',
    source: `${RUN} { const found: string[] = []; Error.prepareStackTrace = (_, frames) => { for (const frame of frames as any[]) { const f = frame.getFunction?.(); const t = frame.getThis?.(); found.push(typeof f === 'function' ? String(f.constructor('return typeof process')()) : 'none', t === undefined || t === null ? 'none' : typeof t.process); } return ''; }; new Error().stack; return found.filter((each) => each !== 'none' && each !== 'undefined'); }`,
    expect: { output: [] },
  },
  {
    name: 'file names in the stack',
    source: `${RUN} { return /node_modules|worker-main|file:|\\/work|\\/home/.test(String(new Error().stack)); }`,
    expect: { output: false },
  },
  { name: 'a dynamic import', source: `${RUN} { const name = 'node:fs'; return import(name); }`, expect: 'stopped' },
  {
    name: 'a dynamic import that is waited for',
    source: `${RUN} { const seen: string[] = []; const name = 'node:child_process'; import(name).then(() => seen.push('loaded')); for (let i = 0; i < 1e6; i++); return seen; }`,
    expect: 'stopped',
  },
  {
    name: 'an import in eval',
    source: `${PROBE} export const run = () => probe(() => (0, eval)('import("node:fs")') && undefined);`,
    expect: 'stopped',
  },
  {
    name: 'references of errors of the host',
    source: `${PROBE} export const run = () => { try { (function f(): void { f(); })(); } catch (error) { return probe(() => (error as object).constructor.constructor('return process')()); } return ''; };`,
    expect: { output: 'ReferenceError: process is not defined' },
  },
  {
    name: 'an error by a Proxy that looks who asks',
    source: `${RUN} { let caller = 'none'; throw new Proxy(new Error('x'), { get(target, key) { try { null!.x; } catch (error) { caller = String((error as Error).stack).includes('node:') ? 'host' : 'none'; } return key === 'message' ? caller : (target as any)[key]; } }); }`,
    expect: /none/u,
  },
  {
    name: 'Symbol.species on the output',
    source: `${RUN} { class Odd extends Array { static get [Symbol.species]() { throw new Error('species'); } } return Odd.from([1, 2]); }`,
    expect: { output: [1, 2] },
  },
  {
    name: 'then that is asked for twice',
    source: `${RUN} { let asked = 0; return { get then() { asked += 1; return asked > 1 ? () => 1 : undefined; }, value: 1 }; }`,
    expect: { output: { value: 1 } },
  },
  { name: 'a thenable', source: `${RUN} { return { then() {} }; }`, expect: /promise/u },
  { name: 'a promise', source: 'export const run = async () => 1;', expect: /promise/u },
  { name: 'an output that is no JSON', source: `${RUN} { return () => 1; }`, expect: /not JSON/u },
  { name: 'a circle', source: `${RUN} { const a: unknown[] = []; a.push(a); return a; }`, expect: /circular/u },
  { name: 'a BigInt as output', source: `${RUN} { return 1n; }`, expect: /BigInt/u },
  {
    name: 'a value that cannot be shown',
    source: `${RUN} { throw { get message() { throw 1; } }; }`,
    expect: /cannot be shown/u,
  },
  {
    name: 'a Proxy that throws everywhere',
    source: `${RUN} { throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } }); }`,
    expect: /cannot be shown/u,
  },
  {
    name: 'a revoked Proxy',
    source: `${RUN} { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy; }`,
    expect: /cannot be shown/u,
  },
  { name: 'an export that is no function', source: 'export const run = 5;', expect: /no function "run"/u },
];

const tampering: readonly Attack[] = [
  {
    name: 'a polluted Object.prototype',
    source: `${RUN} { (Object.prototype as any).polluted = 1; (Object.prototype as any).toJSON = () => 'mine'; return { a: 1 }; }`,
    expect: { output: 'mine' },
  },
  {
    name: '__proto__ in the output',
    source: `${RUN} { return JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'); }`,
    expect: { output: JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}') },
  },
  {
    name: '__proto__ in the input',
    source: 'export const run = (input: object) => [(input as any).polluted, ({} as any).polluted].map((each) => each ?? null);',
    input: JSON.parse('{"__proto__": {"polluted": 1}}'),
    expect: { output: [null, null] },
  },
  {
    name: 'a replaced JSON.stringify',
    source: `${RUN} { JSON.stringify = () => '{"output":"forged"}'; return 1; }`,
    expect: { output: 1 },
  },
  {
    name: 'a replaced JSON.parse',
    source: `JSON.parse = () => 'forged'; export const run = (input: unknown) => input;`,
    input: 7,
    expect: { output: 7 },
  },
  {
    name: 'a replaced Reflect.apply and slice',
    source: `${RUN} { Reflect.apply = () => 'eforged'; String.prototype.slice = () => 'sforged'; throw new Error('own'); }`,
    expect: /own/u,
  },
  {
    name: 'a replaced Array.prototype.map',
    source: `${RUN} { Array.prototype.map = () => ['forged']; (globalThis as any).leak = 1; return 1; }`,
    expect: { output: 1 },
  },
  {
    name: 'a replaced Promise',
    source: `${RUN} { (globalThis as any).Promise = class {}; return Object.assign(Object.create({ constructor: Promise }), { a: 1 }); }`,
    expect: { output: { a: 1 } },
  },
  {
    name: 'an answer that looks like one of the protocol',
    source: `${RUN} { return 's{"output":1}\\n\\u0000\\u0000\\u0000\\u0005'; }`,
    expect: { output: 's{"output":1}\n\u0000\u0000\u0000\u0005' },
  },
];

/** Hostile programs, each with what must come of it. After each of them other programs answer as if nothing had been. */
export const ATTACKS: readonly Attack[] = [...time, ...memory, ...engine, ...escapes, ...tampering];

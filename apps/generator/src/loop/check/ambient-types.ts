/** The types of the modules that tests may import in the sandbox, and of nothing else: what is not declared here is not there. */
export const AMBIENT_TYPES = `
declare module 'node:test' {
  interface TestContext { readonly name: string; test(name: string, body: (context: TestContext) => unknown): Promise<void>; diagnostic(message: string): void; skip(message?: string): void; todo(message?: string): void }
  type Body = (context: TestContext) => unknown;
  interface Options { skip?: boolean | string; todo?: boolean | string; only?: boolean; timeout?: number; concurrency?: boolean | number }
  interface Declare { (body?: Body): void; (name: string, body?: Body): void; (name: string, options: Options, body?: Body): void }
  interface Test extends Declare { readonly skip: Declare; readonly todo: Declare; readonly only: Declare }
  export const test: Test; export const it: Test; export const describe: Test; export const suite: Test;
  export function before(body: Body): void; export function after(body: Body): void;
  export function beforeEach(body: Body): void; export function afterEach(body: Body): void;
  const all: Test & { readonly test: Test; readonly it: Test; readonly describe: Test; readonly suite: Test; readonly before: typeof before; readonly after: typeof after; readonly beforeEach: typeof beforeEach; readonly afterEach: typeof afterEach };
  export default all;
}
declare module 'node:assert/strict' {
  type Expected = RegExp | Error | (abstract new (...args: never[]) => unknown) | ((error: unknown) => boolean) | object;
  interface Assert {
    (value: unknown, message?: string | Error): asserts value;
    ok(value: unknown, message?: string | Error): asserts value;
    equal<T>(actual: unknown, expected: T, message?: string | Error): asserts actual is T; notEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    strictEqual<T>(actual: unknown, expected: T, message?: string | Error): asserts actual is T; notStrictEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    deepEqual<T>(actual: unknown, expected: T, message?: string | Error): asserts actual is T; notDeepEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    deepStrictEqual<T>(actual: unknown, expected: T, message?: string | Error): asserts actual is T; notDeepStrictEqual(actual: unknown, expected: unknown, message?: string | Error): void;
    match(value: string, pattern: RegExp, message?: string | Error): void; doesNotMatch(value: string, pattern: RegExp, message?: string | Error): void;
    throws(run: () => unknown, expected?: Expected | string, message?: string | Error): void; doesNotThrow(run: () => unknown, message?: string | Error): void;
    rejects(run: Promise<unknown> | (() => Promise<unknown>), expected?: Expected | string, message?: string | Error): Promise<void>;
    doesNotReject(run: Promise<unknown> | (() => Promise<unknown>), message?: string | Error): Promise<void>;
    fail(message?: string | Error): never; ifError(value: unknown): asserts value is null | undefined;
    readonly strict: Assert;
  }
  const assert: Assert;
  export default assert;
  export const ok: Assert['ok']; export const equal: Assert['equal']; export const notEqual: Assert['notEqual']; export const strictEqual: Assert['strictEqual'];
  export const notStrictEqual: Assert['notStrictEqual']; export const deepEqual: Assert['deepEqual']; export const notDeepEqual: Assert['notDeepEqual'];
  export const deepStrictEqual: Assert['deepStrictEqual']; export const notDeepStrictEqual: Assert['notDeepStrictEqual']; export const match: Assert['match'];
  export const doesNotMatch: Assert['doesNotMatch']; export const throws: Assert['throws']; export const doesNotThrow: Assert['doesNotThrow'];
  export const rejects: Assert['rejects']; export const doesNotReject: Assert['doesNotReject']; export const fail: Assert['fail']; export const ifError: Assert['ifError'];
  export const strict: Assert;
}
declare module 'node:assert' { export * from 'node:assert/strict'; export { default } from 'node:assert/strict'; }
declare module 'assert' { export * from 'node:assert/strict'; export { default } from 'node:assert/strict'; }
declare module 'assert/strict' { export * from 'node:assert/strict'; export { default } from 'node:assert/strict'; }
declare module 'test' { export * from 'node:test'; export { default } from 'node:test'; }
`;

// Runs in the sandbox in the place of `node:test`: gathers the tests of one file, runs them one after the other, and counts which statements
// of the modules were run. What waits for something that is not in the sandbox never ends, and is reported so.
import { made } from './assert.ts';
import { asserted, printed } from './console.ts';
import { expect } from './expect.ts';
import { changed } from './intrinsics.ts';
// Behind the objects of the language: tests may put timers of their own in the place of these.
import { runNextTimer } from './timers.ts';

type Body = (context: TestContext) => unknown;
type Options = { readonly skip?: boolean | string; readonly todo?: boolean | string; readonly only?: boolean };
/** What a test is given. */
interface TestContext {
  readonly name: string;
  readonly test: (name: string, ...rest: readonly unknown[]) => Promise<void>;
  readonly diagnostic: () => void;
  readonly skip: () => void;
  readonly todo: () => void;
}
interface Result {
  readonly name: string;
  status: 'passed' | 'failed' | 'skipped' | 'unfinished';
  message: string | null;
}
interface Group {
  readonly name: string;
  readonly parent: Group | undefined;
  readonly before: Body[];
  readonly after: Body[];
  readonly beforeEach: Body[];
  readonly afterEach: Body[];
  readonly entries: (() => Promise<void>)[];
}

const RESULTS_LIMIT = 5000;
const results: Result[] = [];
const ran: (number[] | undefined)[] = [];
const root = groupOf('', undefined);
let current = root;
let isDone = false;

Object.defineProperty(globalThis, '__loopwright_ran__', {
  value: (file: number, statement: number): void => {
    (ran[file] ??= [])[statement] = 1;
  },
});

function groupOf(name: string, parent: Group | undefined): Group {
  return { name, parent, before: [], after: [], beforeEach: [], afterEach: [], entries: [] };
}

function argumentsOf(rest: readonly unknown[]): { options: Options; body: Body | undefined } {
  const body = rest.find((item): item is Body => typeof item === 'function');
  const options = rest.find((item): item is Options => item !== null && typeof item === 'object');
  return { options: options ?? {}, body };
}

function add(name: unknown, rest: readonly unknown[], more: Options = {}): void {
  const group = current;
  const { options, body } = argumentsOf(typeof name === 'function' ? [name, ...rest] : rest);
  const title = [...namesOf(group), typeof name === 'string' ? name : 'test'].join(' > ').slice(0, 300);
  const isSkipped = Boolean(more.skip ?? options.skip ?? more.todo ?? options.todo) || body === undefined;
  group.entries.push(() => runTest(title, isSkipped ? undefined : body, group));
}

function namesOf(group: Group): string[] {
  return group.parent === undefined ? [] : [...namesOf(group.parent), group.name];
}

async function runTest(name: string, body: Body | undefined, group: Group | undefined): Promise<void> {
  if (results.length >= RESULTS_LIMIT) throw new Error(`more than ${RESULTS_LIMIT} tests`);
  const result: Result = { name, status: body === undefined ? 'skipped' : 'unfinished', message: null };
  results.push(result);
  if (body === undefined) return;
  const context: TestContext = {
    name,
    test: (inner, ...rest) => runTest(`${name} > ${inner}`, argumentsOf(rest).body, undefined),
    diagnostic: () => undefined,
    skip: () => void (result.status = 'skipped'),
    todo: () => void (result.status = 'skipped'),
  };
  try {
    for (const hook of hooksOf(group, 'beforeEach')) await hook(context);
    await body(context);
    for (const hook of hooksOf(group, 'afterEach').toReversed()) await hook(context);
    if (result.status === 'unfinished') result.status = 'passed';
  } catch (error) {
    result.status = 'failed';
    result.message = describeError(error);
  }
}

function hooksOf(group: Group | undefined, kind: 'beforeEach' | 'afterEach'): Body[] {
  return group === undefined ? [] : [...hooksOf(group.parent, kind), ...group[kind]];
}

function describeError(error: unknown): string {
  try {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : `something else was thrown: ${String(error)}`;
    return message.slice(0, 500);
  } catch {
    return 'something that cannot be shown was thrown';
  }
}

async function runGroup(group: Group): Promise<void> {
  const context = { name: group.name } as TestContext;
  try {
    for (const hook of group.before) await hook(context);
    for (const entry of group.entries) await entry();
    for (const hook of group.after) await hook(context);
  } catch (error) {
    results.push({ name: `${namesOf(group).join(' > ')} (hook)`, status: 'failed', message: describeError(error) });
  }
}

type Declare = ((name: unknown, ...rest: readonly unknown[]) => void) & Record<'skip' | 'todo' | 'only', unknown>;
function withVariants(declare: (name: unknown, rest: readonly unknown[], more?: Options) => void): Declare {
  return Object.assign((name: unknown, ...rest: readonly unknown[]) => declare(name, rest), {
    skip: (name: unknown, ...rest: readonly unknown[]) => declare(name, rest, { skip: true }),
    todo: (name: unknown, ...rest: readonly unknown[]) => declare(name, rest, { todo: true }),
    only: (name: unknown, ...rest: readonly unknown[]) => declare(name, rest),
  });
}

/** Declares a group of tests. */
export const describe: Declare = withVariants(addGroup);
/** Declares a group of tests. */
export const suite: Declare = withVariants(addGroup);

function addGroup(name: unknown, rest: readonly unknown[], more: Options = {}): void {
  const { options, body } = argumentsOf(rest);
  const group = groupOf(String(name), current);
  current.entries.push(() => runGroup(group));
  if (body === undefined || more.skip === true || more.todo === true || Boolean(options.skip ?? options.todo)) {
    group.entries.push(() => runTest(namesOf(group).join(' > '), undefined, undefined));
    return;
  }
  current = group;
  try {
    body({ name: group.name } as TestContext);
  } finally {
    current = group.parent ?? root;
  }
}

/** Declares a test. */
export const it: Declare = withVariants(add);
/** Declares a test. */
export const test: Declare = withVariants(add);
/** Runs before the tests of a group. */
export const before = (body: Body): void => void current.before.push(body);
/** Runs after the tests of a group. */
export const after = (body: Body): void => void current.after.push(body);
/** Runs before each test of a group. */
export const beforeEach = (body: Body): void => void current.beforeEach.push(body);
/** Runs after each test of a group. */
export const afterEach = (body: Body): void => void current.afterEach.push(body);
const members = { describe, it, test: it, suite, before, after, beforeEach, afterEach };
/** `node:test` itself, a function with the others as its members. */
export const testModule: Declare & typeof members = Object.freeze(Object.assign(withVariants(add), members));

/** What stands for Vitest and Jest. */
export const expectModule: typeof members & {
  readonly expect: typeof expect;
  readonly beforeAll: typeof before;
  readonly afterAll: typeof after;
} = Object.freeze({ ...members, expect, beforeAll: before, afterAll: after });
for (const [name, value] of Object.entries(expectModule))
  Object.defineProperty(globalThis, name, { value, writable: name !== 'expect' });

/**
 * What the sandbox calls, in parts: first the file is loaded and its tests run, as far as nothing outside is waited for; then the result is asked for.
 * What is thrown while the file loads or by a timer, and a `console.assert` that fails, are failures of the file itself.
 */
export function begin(load: () => Promise<unknown>): () => () => unknown {
  return () => {
    void start(load);
    return collect;
  };
}

async function start(load: () => Promise<unknown>): Promise<void> {
  try {
    await load();
  } catch (error) {
    results.push({ name: '', status: 'failed', message: describeError(error) });
    isDone = true;
    return;
  }
  await runGroup(root);
  isDone = true;
}

function collect(): unknown {
  try {
    if (runNextTimer()) return collect;
  } catch (error) {
    // As Node ends there.
    results.push({ name: '', status: 'failed', message: describeError(error) });
    isDone = true;
  }
  if (isDone && asserted.failure !== undefined) results.push({ name: '', status: 'failed', message: asserted.failure });
  const change = changed();
  // A text, because nothing of the language can be trusted to write anything else.
  if (change !== undefined) return `changed ${change}`;
  const statements = ran.flatMap((marks, file) => (marks === undefined ? [] : [[file, Object.keys(marks).map(Number)]]));
  return { done: isDone, tests: results, assertions: made.count + asserted.count, printed: printed(), statements };
}

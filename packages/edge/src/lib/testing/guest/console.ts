// Runs in the sandbox in the place of the console of Node. What is printed is kept for whoever reads the result; it decides nothing, save a failed
// `console.assert`, by which many suites of small problems test.

const LIMIT = 65_536;
const lines: string[] = [];
let size = 0;

/** What `console.assert` has been asked, and the first thing that was not so. */
export const asserted: { count: number; failure: string | undefined } = { count: 0, failure: undefined };

/** What was printed, cut at 64 Ki characters. */
export function printed(): string {
  return lines.join('');
}

function print(...values: readonly unknown[]): void {
  if (size >= LIMIT) return;
  const line = `${values.map(show).join(' ')}\n`.slice(0, LIMIT - size);
  size += line.length;
  lines.push(line);
}

function show(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return 'a value that cannot be shown';
  }
}

function check(isRight: unknown, ...values: readonly unknown[]): void {
  asserted.count += 1;
  if (isRight) return;
  const failure = values.length === 0 ? 'Assertion failed' : `Assertion failed: ${values.map(show).join(' ')}`;
  asserted.failure ??= failure.slice(0, 500);
  print(failure);
}

const nothing = (): void => undefined;
Object.defineProperty(globalThis, 'console', {
  value: Object.freeze({
    assert: check,
    log: print,
    info: print,
    debug: print,
    warn: print,
    error: print,
    trace: print,
    dir: print,
    table: print,
    group: print,
    groupEnd: nothing,
    time: nothing,
    timeEnd: nothing,
    count: nothing,
  }),
});

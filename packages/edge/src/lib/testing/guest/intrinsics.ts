// Runs in the sandbox before the tests and what they test. Both share the language's own objects: a program that changes one of them could make any assertion
// hold, or take a failure out of the list. What is added to them is nobody's business, save what would change how the result is written.

const { ownKeys, getOwnPropertyDescriptor } = Reflect;
const { is } = Object;
const show = String;

interface Entry {
  readonly owner: object;
  readonly key: PropertyKey;
  readonly value: unknown;
  readonly get: unknown;
}

const entries: Entry[] = [];
watch(globalThis);
for (const whole of [
  Math,
  JSON,
  Reflect,
  Object.getPrototypeOf([][Symbol.iterator]()) as object,
  Object.getPrototypeOf(Uint8Array) as object,
])
  watch(whole);
for (const key of ownKeys(globalThis)) {
  const value: unknown = getOwnPropertyDescriptor(globalThis, key)?.value;
  if (typeof value !== 'function') continue;
  watch(value);
  if (typeof value.prototype === 'object' && value.prototype !== null) watch(value.prototype as object);
}

/** What tests put in the place of chance and time, and which decides nothing here. */
function isReplacedByTests(owner: object, key: PropertyKey): boolean {
  return (owner === Math && key === 'random') || (owner === Date && key === 'now') || (owner === globalThis && key === 'Date');
}

function watch(owner: object): void {
  for (const key of ownKeys(owner)) {
    if (isReplacedByTests(owner, key)) continue;
    const { value, get } = getOwnPropertyDescriptor(owner, key) ?? {};
    // Numbers and texts are settings (`Error.stackTraceLimit`), not what anything is done with.
    if (typeof value === 'function' || typeof value === 'object' || get !== undefined) entries.push({ owner, key, value, get });
  }
}

/** The name of the first thing of the language that is not what it was; nothing where all is. */
export function changed(): string | undefined {
  for (let index = 0; index < entries.length; index += 1) {
    const entry = entries[index];
    if (entry === undefined) return 'the list of what there was';
    const now = getOwnPropertyDescriptor(entry.owner, entry.key);
    if (now === undefined || !is(now.value, entry.value) || !is(now.get, entry.get)) return show(entry.key);
  }
  if ('toJSON' in Array.prototype || 'toJSON' in Object.prototype || 'toJSON' in String.prototype) return 'toJSON';
  return undefined;
}

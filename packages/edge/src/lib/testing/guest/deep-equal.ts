// Runs in the sandbox, beside the tests of a workspace. It knows the language and nothing of Node.

/** Whether two values are equal as `assert.deepStrictEqual` of Node says: of the same kind, with the same content. */
export function deepEqual(left: unknown, right: unknown): boolean {
  return equalAt(left, right, { mode: 'strict', pairs: new Map() });
}

/** Whether two values are equal as `assert.deepEqual` of Node's legacy mode says: `==` for what is no object, whatever the prototypes. */
export function looseDeepEqual(left: unknown, right: unknown): boolean {
  return equalAt(left, right, { mode: 'loose', pairs: new Map() });
}

/** Whether two values have the same content as `toEqual` of Jest says: members that are undefined are none, prototypes do not matter. */
export function equalContent(left: unknown, right: unknown): boolean {
  return equalAt(left, right, { mode: 'content', pairs: new Map() });
}

/** How it is compared, and what is being compared around the values: a circle is equal to a circle. */
interface Open {
  readonly mode: 'strict' | 'loose' | 'content';
  readonly pairs: Map<object, object>;
}

function equalAt(left: unknown, right: unknown, open: Open): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) {
    if (open.mode !== 'loose' || isObject(left) || isObject(right)) return false;
    return left == right;
  }
  if (open.mode === 'strict' && Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  if (open.mode !== 'strict' && tagOf(left) !== tagOf(right)) return false;
  if (open.pairs.get(left) === right) return true;
  open.pairs.set(left, right);
  const isEqual = sameContent(left, right, open) && sameMembers(left, right, open);
  open.pairs.delete(left);
  return isEqual;
}

function sameContent(left: object, right: object, open: Open): boolean {
  if (left instanceof Date) return right instanceof Date && Object.is(left.getTime(), right.getTime());
  if (left instanceof RegExp) return right instanceof RegExp && String(left) === String(right);
  if (left instanceof Error) return right instanceof Error && left.message === right.message && left.name === right.name;
  if (left instanceof Map) {
    if (!(right instanceof Map) || left.size !== right.size) return false;
    return [...left].every(([key, value]) =>
      [...right].some(([other, held]) => equalAt(key, other, open) && equalAt(value, held, open)),
    );
  }
  if (left instanceof Set) {
    if (!(right instanceof Set) || left.size !== right.size) return false;
    return [...left].every((value) => right.has(value) || [...right].some((other) => equalAt(value, other, open)));
  }
  if (isBox(left)) return isBox(right) && Object.is(left.valueOf(), right.valueOf());
  return true;
}

function sameMembers(left: object, right: object, open: Open): boolean {
  if (Array.isArray(left) && Array.isArray(right) && left.length !== right.length) return false;
  const keys = membersOf(left, open);
  const others = membersOf(right, open);
  if (keys.length !== others.length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && equalAt(Reflect.get(left, key), Reflect.get(right, key), open));
}

/** The legacy mode looks at no symbols. */
function membersOf(value: object, { mode }: Open): PropertyKey[] {
  return Reflect.ownKeys(value).filter(
    (key) =>
      Object.prototype.propertyIsEnumerable.call(value, key) &&
      !(mode === 'loose' && typeof key === 'symbol') &&
      !(mode === 'content' && Reflect.get(value, key) === undefined),
  );
}

function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value);
}

/** Whether a value is a number, a text or a truth in an object. */
function isBox(value: object): boolean {
  return ['[object Number]', '[object String]', '[object Boolean]'].includes(tagOf(value));
}

/** What stands for `node:util`. */
export const utilModule: { readonly isDeepStrictEqual: typeof deepEqual } = Object.freeze({ isDeepStrictEqual: deepEqual });

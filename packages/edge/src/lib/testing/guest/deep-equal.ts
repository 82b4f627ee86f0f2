// Runs in the sandbox, beside the tests of a workspace. It knows the language and nothing of Node.

/** Whether two values are equal as `assert.deepStrictEqual` of Node says: of the same kind, with the same content. */
export function deepEqual(left: unknown, right: unknown): boolean {
  return equalAt(left, right, new Map());
}

/** What is being compared around the values: a circle is equal to a circle. */
type Open = Map<object, object>;

function equalAt(left: unknown, right: unknown, open: Open): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  if (open.get(left) === right) return true;
  open.set(left, right);
  const isEqual = sameContent(left, right, open) && sameMembers(left, right, open);
  open.delete(left);
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
  const keys = Reflect.ownKeys(left).filter((key) => Object.prototype.propertyIsEnumerable.call(left, key));
  const others = Reflect.ownKeys(right).filter((key) => Object.prototype.propertyIsEnumerable.call(right, key));
  if (keys.length !== others.length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && equalAt(Reflect.get(left, key), Reflect.get(right, key), open));
}

/** Whether a value is a number, a text or a truth in an object. */
function isBox(value: object): boolean {
  return ['[object Number]', '[object String]', '[object Boolean]'].includes(Object.prototype.toString.call(value));
}

// Runs in the sandbox, beside the tests of a workspace. It knows the language and nothing of Node.

/** Whether two values are equal as `assert.deepStrictEqual` of Node says: of the same kind, with the same content. */
export function deepEqual(left: unknown, right: unknown, isLoose = false): boolean {
  return equalAt(left, right, { isLoose, open: new Map() });
}

interface Comparison {
  readonly isLoose: boolean;
  /** What is being compared around the values: a circle is equal to a circle. */
  readonly open: Map<object, object>;
}

function equalAt(left: unknown, right: unknown, at: Comparison): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null)
    // oxlint-disable-next-line eqeqeq -- what the loose assertions of Node do
    return at.isLoose && left == right && typeof left !== 'object' && typeof right !== 'object';
  if (!at.isLoose && Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  if (at.open.get(left) === right) return true;
  at.open.set(left, right);
  const isEqual = sameContent(left, right, at) && sameMembers(left, right, at);
  at.open.delete(left);
  return isEqual;
}

function sameContent(left: object, right: object, at: Comparison): boolean {
  if (left instanceof Date) return right instanceof Date && Object.is(left.getTime(), right.getTime());
  if (left instanceof RegExp) return right instanceof RegExp && String(left) === String(right);
  if (left instanceof Error) return right instanceof Error && left.message === right.message && left.name === right.name;
  if (left instanceof Map) {
    if (!(right instanceof Map) || left.size !== right.size) return false;
    return [...left].every(([key, value]) =>
      [...right].some(([other, held]) => equalAt(key, other, at) && equalAt(value, held, at)),
    );
  }
  if (left instanceof Set) {
    if (!(right instanceof Set) || left.size !== right.size) return false;
    return [...left].every((value) => right.has(value) || [...right].some((other) => equalAt(value, other, at)));
  }
  if (left instanceof Number || left instanceof String || left instanceof Boolean)
    return Object.is(left.valueOf(), right.valueOf());
  return true;
}

function sameMembers(left: object, right: object, at: Comparison): boolean {
  const keys = Reflect.ownKeys(left).filter((key) => Object.prototype.propertyIsEnumerable.call(left, key));
  const others = Reflect.ownKeys(right).filter((key) => Object.prototype.propertyIsEnumerable.call(right, key));
  if (keys.length !== others.length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && equalAt(Reflect.get(left, key), Reflect.get(right, key), at));
}

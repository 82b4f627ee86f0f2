import type { Json, JsonObject } from '@loopwright/protocol';
import { JqError } from '../run/jq-error.ts';
import { kindOf, preview } from './kind.ts';
import { getKey, sliceBounds } from './member.ts';
import { isObject, setMember } from './object.ts';
import { beginningOf } from './text.ts';

/** The way from the root of a value to a part of it. */
export interface Path {
  readonly parent: Path | undefined;
  readonly key: Json;
}

/** The root itself. */
export const ROOT: Path = { parent: undefined, key: null };
/** The path of what is not a part of the input. */
export const NO_PATH: Path = { parent: undefined, key: 'none' };

/** The path of a member; `undefined` where paths are not collected. */
export function childPath(path: Path | undefined, key: Json, value: Json): Path | undefined {
  if (path === undefined) return undefined;
  if (path === NO_PATH) {
    throw new JqError(`Invalid path expression near attempt to access element ${beginningOf(key, 100)} of ${preview(value)}`);
  }
  return { parent: path, key };
}

/** The keys of a path, from the root. */
export function pathKeys(path: Path): Json[] {
  const keys: Json[] = [];
  for (let current: Path = path; current.parent !== undefined; current = current.parent) keys.push(current.key);
  return keys.toReversed();
}

/** The part at a path; `null` where the way ends early. */
export function getPath(value: Json, keys: readonly Json[]): Json {
  let current = value;
  for (const key of keys) {
    if (current === null) return null;
    current = getKey(current, key);
  }
  return current;
}

/** The value with the part at a path replaced by what `change` makes of it. */
export function updatePath(value: Json, keys: readonly Json[], change: (part: Json) => Json): Json {
  const key = keys[0];
  if (key === undefined) return change(value);
  return setKey(value, key, updatePath(getKey(value, key), keys.slice(1), change));
}

function setKey(value: Json, key: Json, part: Json): Json {
  if (typeof key === 'string' && (value === null || isObject(value))) {
    const copy: JsonObject = { ...value };
    setMember(copy, key, part);
    return copy;
  }
  if (typeof key === 'number' && (value === null || Array.isArray(value))) return setItem(value ?? [], key, part);
  if (isObject(key) && (value === null || Array.isArray(value))) {
    if (!Array.isArray(part)) throw new JqError('A slice of an array can only be assigned another array');
    const array = value ?? [];
    const [from, to] = sliceBounds(array.length, key['start'] ?? null, key['end'] ?? null);
    return [...array.slice(0, from), ...part, ...array.slice(to)];
  }
  getKey(value, key);
  throw new JqError(`Cannot update field at ${kindOf(key)} index of ${kindOf(value)}`);
}

/** Items an array may be grown to by setting one. */
const INDEX_MAX = 1_000_000;

function setItem(array: readonly Json[], key: number, part: Json): Json {
  const index = Math.trunc(key < 0 ? key + array.length : key);
  if (index < 0) throw new JqError('Out of bounds negative array index');
  if (index > INDEX_MAX) throw new JqError('Array index too large');
  const copy = [...array];
  while (copy.length < index) copy.push(null);
  copy[index] = part;
  return copy;
}

/** The value without the parts at these paths. */
export function deletePaths(value: Json, paths: readonly (readonly Json[])[]): Json {
  const here = new Set<Json>();
  const slices: JsonObject[] = [];
  const below = new Map<string, { key: Json; paths: (readonly Json[])[] }>();
  for (const path of paths) {
    const [key, ...rest] = path;
    if (key === undefined) return null;
    if (rest.length > 0) {
      const id = typeof key === 'object' ? beginningOf(key, 1000) : JSON.stringify(key);
      const group = below.get(id) ?? { key, paths: [] };
      group.paths.push(rest);
      below.set(id, group);
    } else if (isObject(key)) slices.push(key);
    else here.add(key);
  }
  if (value === null) return null;
  let current: Json = value;
  for (const group of below.values()) {
    const part = getKey(current, group.key);
    if (part !== null) current = setKey(current, group.key, deletePaths(part, group.paths));
  }
  return deleteKeys(current, here, slices);
}

function deleteKeys(value: Json, keys: ReadonlySet<Json>, slices: readonly JsonObject[]): Json {
  if (keys.size === 0 && slices.length === 0) return value;
  if (Array.isArray(value)) {
    const dropped = new Set<number>();
    for (const key of keys) {
      if (typeof key !== 'number') throw new JqError(`Cannot delete field at object index of array`);
      dropped.add(Math.trunc(key < 0 ? key + value.length : key));
    }
    for (const slice of slices) {
      const [from, to] = sliceBounds(value.length, slice['start'] ?? null, slice['end'] ?? null);
      for (let index = from; index < to; index += 1) dropped.add(index);
    }
    return value.filter((_, index) => !dropped.has(index));
  }
  if (!isObject(value)) throw new JqError(`Cannot delete field at object index of ${kindOf(value)}`);
  if (slices.length > 0 || [...keys].some((key) => typeof key !== 'string')) {
    throw new JqError('Cannot delete field at array index of object');
  }
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.has(key)));
}

import type { Json, JsonObject } from '@loopwright/protocol';
import { isCatalogued } from '../catalogue/function-reference.ts';
import { explainInvalidExpression, isExpression } from '../expression/expression.ts';
import { secretNamesIn } from '../expression/secret-names.ts';
import { VARIABLE_NAMES } from '../interpreter/frame.ts';
import type { Issue } from './read-source.ts';

/** Keys whose text is an expression even without `${ }`. */
const CONDITIONS = new Set(['if', 'when', 'exceptWhen', 'while', 'until']);
const TRANSFORMS = new Set(['input.from', 'output.as', 'export.as', 'for.in']);
/** Keys below which there is data of the user: only `${ }` makes an expression there. */
const DATA = new Set(['with', 'set']);
/** Keys below which nothing is evaluated. */
const INERT = new Set(['metadata', 'schema', 'document']);

function isInData(path: readonly string[]): boolean {
  return path.some((part) => DATA.has(part));
}

function isBareExpression(path: readonly string[]): boolean {
  const key = path.at(-1) ?? '';
  const isCorrelation = key === 'from' && path.at(-3) === 'correlate';
  return !isInData(path) && (CONDITIONS.has(key) || TRANSFORMS.has(`${path.at(-2) ?? ''}.${key}`) || isCorrelation);
}

/** Keys of lists whose items have one key, a name. */
const LISTS = new Set(['do', 'try', 'branches', 'before', 'after', 'switch', 'extensions']);

/** Whether the keys of an object are names that the author chose. */
function hasNames(place: readonly string[]): boolean {
  if (isInData(place)) return false;
  if (place[0] === 'use' && place.length === 2) return true;
  if (place.at(-1) === 'correlate') return true;
  return LISTS.has(place.at(-2) ?? '') && /^\d+$/.test(place.at(-1) ?? '');
}

/** The names that expressions can use at a place, and the secrets that the definition names. */
interface Sight {
  readonly names: readonly string[];
  readonly secrets: readonly string[] | undefined;
}

/**
 * Every expression below a value that cannot be compiled, or that uses a name which is not there. `place` is the path in which what the author
 * named is left blank, so that a task called "set" is no `set`.
 */
export function* checkExpressions(
  value: Json,
  sight: Sight,
  path: readonly string[] = [],
  place: readonly string[] = path,
): Generator<Issue> {
  if (typeof value === 'string') {
    if (!isExpression(value) && !isBareExpression(place)) return;
    const reason = explainInvalidExpression(value, sight.names) ?? explainUnknownSecret(value, sight.secrets ?? []);
    if (reason !== undefined) yield { path, message: `Cannot use the expression "${value}": ${reason}` };
    return;
  }
  if (value === null || typeof value !== 'object') return;
  const isNamed = hasNames(place);
  const isPlain = isInData(place) || isNamed || Array.isArray(value);
  const isCataloguedFunction = path.length === 3 && path[1] === 'functions' && isCatalogued(path[2] ?? '');
  if (isCataloguedFunction) sight = { names: VARIABLE_NAMES, secrets: undefined };
  const inside = isPlain ? sight : { ...sight, names: [...sight.names, ...introducedNames(value, place)] };
  for (const [key, item] of Object.entries(value)) {
    // Before an execution there is nothing that a variable could hold.
    const visible = path.length === 0 && key === 'schedule' ? { names: [], secrets: undefined } : inside;
    if (isNamed || isInData(place) || !INERT.has(key))
      yield* checkExpressions(item, visible, [...path, key], [...place, isNamed ? '' : key]);
  }
}

function explainUnknownSecret(expression: string, secrets: readonly string[]): string | undefined {
  const unknown = secretNamesIn(expression).find((name) => !secrets.includes(name));
  return unknown === undefined ? undefined : `use.secrets does not name the secret "${unknown}"`;
}

/** Names that a part of a definition gives to expressions inside it: the caught error, the item of a loop and its index. */
function introducedNames(value: JsonObject, path: readonly string[]): string[] {
  if (path.at(-1) === 'catch') return typeof value['as'] === 'string' ? [value['as']] : [];
  if (path.at(-1) === 'foreach')
    return [value['item'] ?? 'item', value['at'] ?? 'index'].filter((name) => typeof name === 'string');
  const loop = value['for'];
  if (loop === undefined || loop === null || typeof loop !== 'object' || Array.isArray(loop)) return [];
  return [loop['each'] ?? 'item', loop['at'] ?? 'index'].filter((name) => typeof name === 'string');
}

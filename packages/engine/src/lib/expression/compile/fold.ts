import type { Json } from '@loopwright/protocol';
import type { Path } from '../value/path.ts';
import type { Filter, Scope } from '../run/filter.ts';
import { JqError } from '../run/jq-error.ts';
import type { Node, Pattern } from '../syntax/node.ts';
import { getKey } from '../value/member.ts';
import { type Names, bindName } from './names.ts';

type Compile = (node: Node, names: Names) => Filter;
type Then = (scope: Scope) => boolean;
type Binder = (value: Json, scope: Scope, then: Then) => boolean;

function variablesOf(pattern: Pattern): string[] {
  if (pattern.kind === 'variable') return [pattern.name];
  if (pattern.kind === 'array') return pattern.items.flatMap(variablesOf);
  return pattern.members.flatMap(({ variable, value }) => [
    ...(variable === undefined ? [] : [variable]),
    ...(value === undefined ? [] : variablesOf(value)),
  ]);
}

/** Binds every variable of all alternatives, those of the others to null, in the order of `all`. */
function binder(pattern: Pattern, all: readonly string[], names: Names, compile: Compile): Binder {
  const bindAll = (found: ReadonlyMap<string, Json>, scope: Scope, then: Then): boolean => {
    let inner = scope;
    for (const name of all) inner = { run: scope.run, parent: inner, bound: found.get(name) ?? null };
    return then(inner);
  };
  const match = matcher(pattern, names, compile);
  return (value, scope, then) => match(value, { root: value, scope, found: new Map() }, (found) => bindAll(found, scope, then));
}

interface Match {
  readonly root: Json;
  readonly scope: Scope;
  readonly found: ReadonlyMap<string, Json>;
}
type Matcher = (value: Json, match: Match, then: (found: ReadonlyMap<string, Json>) => boolean) => boolean;

function matcher(pattern: Pattern, names: Names, compile: Compile): Matcher {
  if (pattern.kind === 'variable') return (value, { found }, then) => then(new Map(found).set(pattern.name, value));
  if (pattern.kind === 'array') {
    return chain(
      pattern.items.map((item, at) => {
        const inner = matcher(item, names, compile);
        return (value, match, then) => inner(getKey(value, at), match, then);
      }),
    );
  }
  return chain(
    pattern.members.map(({ key, variable, value: sub }) => {
      const keys = compile(key, names);
      const inner = sub === undefined ? undefined : matcher(sub, names, compile);
      return (value, match, then) =>
        keys(value, undefined, match.scope, (name) => {
          if (typeof name !== 'string') throw new JqError('Cannot index object with a key that is not a string');
          const part = getKey(value, name);
          const found = variable === undefined ? match.found : new Map(match.found).set(variable, part);
          return inner === undefined ? then(found) : inner(part, { ...match, found }, then);
        });
    }),
  );
}

function chain(matchers: readonly Matcher[]): Matcher {
  return (value, match, then) => {
    const step = (at: number, found: ReadonlyMap<string, Json>): boolean => {
      const next = matchers[at];
      return next === undefined ? then(found) : next(value, { ...match, found }, (more) => step(at + 1, more));
    };
    return step(0, match.found);
  };
}

/** The variables of patterns and how a value is bound to them; an alternative follows when the one before it raises an error. */
function prepare(patterns: readonly Pattern[], names: Names, compile: Compile): { inner: Names; bind: Binder } {
  const all = [...new Set(patterns.flatMap(variablesOf))];
  const binders = patterns.map((pattern) => binder(pattern, all, names, compile));
  const inner = all.reduce((around, name) => bindName(around, 'variable', name), names);
  const bind: Binder = (value, scope, then) => {
    const { depth } = scope.run.budget;
    for (const [at, one] of binders.entries()) {
      try {
        return one(value, scope, then);
      } catch (error) {
        if (at === binders.length - 1 || !(error instanceof JqError)) throw error;
        scope.run.budget.depth = depth;
      }
    }
    return false;
  };
  return { inner, bind };
}

/** `source as patterns | body`. */
export function bindPatterns(node: Extract<Node, { kind: 'bind' }>, names: Names, compile: Compile): Filter {
  const source = compile(node.source, names);
  const { inner, bind } = prepare(node.patterns, names, compile);
  const body = compile(node.body, inner);
  return (input, path, scope, emit) =>
    source(input, undefined, scope, (value) => bind(value, scope, (bound) => body(input, path, bound, emit)));
}

/** `reduce` keeps the last output of each update, `null` if there was none; `foreach` emits them all. */
export function fold(node: Extract<Node, { kind: 'reduce' | 'foreach' }>, names: Names, compile: Compile): Filter {
  const source = compile(node.source, names);
  const init = compile(node.init, names);
  const { inner, bind } = prepare(node.patterns, names, compile);
  const update = compile(node.update, inner);
  const extract = node.kind === 'foreach' && node.extract !== undefined ? compile(node.extract, inner) : undefined;
  const reduces = node.kind === 'reduce';
  return (input, path, scope, emit) =>
    init(input, path, scope, (first, firstPath) => {
      let state: Json = first;
      let at: Path | undefined = firstPath;
      const stopped = source(input, undefined, scope, (value) =>
        bind(value, scope, (bound) => {
          scope.run.budget.spend(1);
          const [before, beforePath] = [state, at];
          if (reduces) state = null;
          return update(before, beforePath, bound, (next, nextPath) => {
            state = next;
            at = nextPath;
            if (reduces) return false;
            return extract === undefined ? emit(next, nextPath) : extract(next, nextPath, bound, emit);
          });
        }),
      );
      return stopped || (reduces && emit(state, at));
    });
}

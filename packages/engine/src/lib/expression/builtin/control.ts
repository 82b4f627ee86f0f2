import type { Json } from '@loopwright/protocol';
import { pathsOf } from '../compile/assign.ts';
import type { Filter } from '../run/filter.ts';
import { JqError } from '../run/jq-error.ts';
import { NO_PATH, type Path, childPath, getPath } from '../value/path.ts';

/** Functions that steer evaluation or keep paths, by name and number of parameters. */
export const CONTROLS: Readonly<Record<string, (args: readonly Filter[]) => Filter>> = {
  'empty/0': () => () => false,
  'error/0': () => (input) => {
    throw new JqError(input);
  },
  'not/0': () => (input, path, _, emit) => emit(input === null || input === false, path === undefined ? undefined : NO_PATH),
  'path/1': (args) => (input, path, scope, emit) => {
    const at = path === undefined ? undefined : NO_PATH;
    const [target] = args;
    return target === undefined ? false : pathsOf(target, input, scope).some((keys) => emit(keys, at));
  },
  'getpath/1':
    ([keys]) =>
    (input, path, scope, emit) =>
      keys?.(input, undefined, scope, (value) => {
        if (!Array.isArray(value)) throw new JqError('Path must be specified as an array');
        return emit(
          getPath(input, value),
          value.reduce<Path | undefined>((at, key) => childPath(at, key, input), path),
        );
      }) ?? false,
  'first/1':
    ([body]) =>
    (input, path, scope, emit) => {
      let stopped = false;
      body?.(input, path, scope, (value, at) => {
        stopped = emit(value, at);
        return true;
      });
      return stopped;
    },
  'limit/2':
    ([count, body]) =>
    (input, path, scope, emit) =>
      count?.(input, undefined, scope, (limit) => {
        if (typeof limit !== 'number') throw new JqError('Invalid limit: a number is needed');
        if (limit === 0) return false;
        let left = limit;
        let stopped = false;
        body?.(input, path, scope, (value, at) => {
          left -= 1;
          stopped = emit(value, at);
          return stopped || left === 0;
        });
        return stopped;
      }) ?? false,
  'recurse/0': () => recurse(children),
  'recurse/1': ([step]) => recurse(step ?? children),
  '_range/3':
    ([from, to, by]) =>
    (input, path, scope, emit) => {
      const at = path === undefined ? undefined : NO_PATH;
      return (
        from?.(
          input,
          undefined,
          scope,
          (a) =>
            to?.(
              input,
              undefined,
              scope,
              (b) =>
                by?.(input, undefined, scope, (c) => {
                  if (typeof a !== 'number' || typeof b !== 'number' || typeof c !== 'number')
                    throw new JqError('Range bounds must be numeric');
                  for (let value = a; c > 0 ? value < b : c < 0 && value > b; value += c) {
                    scope.run.budget.spend(1);
                    if (emit(value, at)) return true;
                  }
                  return false;
                }) ?? false,
            ) ?? false,
        ) ?? false
      );
    },
};

const children: Filter = (input, path, _, emit) => {
  if (input === null || typeof input !== 'object') return false;
  if (Array.isArray(input)) return input.some((item, at) => emit(item, childPath(path, at, input)));
  return Object.keys(input).some((key) => emit(input[key] ?? null, childPath(path, key, input)));
};

/** Depth first, with a list of its own instead of the call stack. */
function recurse(step: Filter): Filter {
  return (input, path, scope, emit) => {
    const open: { value: Json; at: Path | undefined; error?: unknown }[] = [{ value: input, at: path }];
    for (let item = open.pop(); item !== undefined; item = open.pop()) {
      scope.run.budget.spend(1);
      if (item.error instanceof Error) throw item.error;
      if (emit(item.value, item.at)) return true;
      const next: typeof open = [];
      try {
        step(item.value, item.at, scope, (value, at) => {
          scope.run.budget.spend(1);
          next.push({ value, at });
          return false;
        });
      } catch (error) {
        next.push({ value: null, at: undefined, error });
      }
      open.push(...next.toReversed());
    }
    return false;
  };
}

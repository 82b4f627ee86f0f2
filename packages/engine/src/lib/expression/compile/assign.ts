import type { Json } from '@loopwright/protocol';
import type { Filter, Scope } from '../run/filter.ts';
import type { ArithmeticOperator } from '../syntax/node.ts';
import { calculate } from '../value/arithmetic.ts';
import { NO_PATH, ROOT, deletePaths, pathKeys, updatePath } from '../value/path.ts';
import { JqError } from '../run/jq-error.ts';
import { preview } from '../value/kind.ts';

/** The paths of what an expression finds. */
export function pathsOf(filter: Filter, input: Json, scope: Scope): Json[][] {
  const paths: Json[][] = [];
  filter(input, ROOT, scope, (value, path) => {
    if (path === undefined || path === NO_PATH) throw new JqError(`Invalid path expression with result ${preview(value)}`);
    paths.push(pathKeys(path));
    scope.run.budget.spend(1);
    return false;
  });
  return paths;
}

/** `=`, `|=`, `+=` and their kin. Where `|=` yields nothing, the part is deleted. */
export function assign(operator: '=' | '|=' | '//=' | ArithmeticOperator, target: Filter, source: Filter): Filter {
  if (operator === '|=') return modify(target, source);
  return (input, path, scope, emit) =>
    source(input, undefined, scope, (right) => {
      const change = (left: Json): Json => {
        if (operator === '=') return right;
        if (operator === '//=') return left === null || left === false ? right : left;
        return calculate(operator, left, right, scope.run.budget);
      };
      let result = input;
      for (const keys of pathsOf(target, input, scope)) result = updatePath(result, keys, change);
      return emit(result, path === undefined ? undefined : NO_PATH);
    });
}

function modify(target: Filter, source: Filter): Filter {
  return (input, path, scope, emit) => {
    const gone: Json[][] = [];
    let result = input;
    for (const keys of pathsOf(target, input, scope)) {
      result = updatePath(result, keys, (part) => {
        let changed: Json | undefined;
        source(part, undefined, scope, (value) => {
          changed = value;
          return true;
        });
        if (changed === undefined) gone.push(keys);
        return changed === undefined ? part : changed;
      });
    }
    return emit(gone.length === 0 ? result : deletePaths(result, gone), path === undefined ? undefined : NO_PATH);
  };
}

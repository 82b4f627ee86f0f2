import type { Json } from '@loopwright/protocol';
import type { Path } from '../value/path.ts';
import type { Budget } from './budget.ts';

/** Takes one output; `true` means that no more are wanted, and whoever emits must return it at once. */
type Emit = (value: Json, path: Path | undefined) => boolean;

/**
 * A compiled expression: gives its outputs to `emit` and returns whether it was stopped. `path` is where the input was
 * found, when paths are being collected; outputs that are not parts of the input have the path `NO_PATH`.
 */
export type Filter = (input: Json, path: Path | undefined, scope: Scope, emit: Emit) => boolean;

/** What one evaluation shares. */
interface Run {
  readonly budget: Budget;
  readonly globals: Readonly<Record<string, Json>>;
}

/** An argument that is an expression, with the variables it was written among. */
export interface Closure {
  readonly filter: Filter;
  readonly scope: Scope;
}

/** One binding and those around it; found by counting upwards, as the compiler did. */
export interface Scope {
  readonly run: Run;
  readonly parent: Scope | undefined;
  readonly bound: Json | Closure | Label;
}

/** Where `break` leads. */
interface Label {
  broken: boolean;
}

/** The scope `count` bindings further up. */
export function ancestor(scope: Scope, count: number): Scope {
  let current = scope;
  for (let left = count; left > 0; left -= 1) current = current.parent ?? current;
  return current;
}

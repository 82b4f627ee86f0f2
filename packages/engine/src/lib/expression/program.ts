import type { Json } from '@loopwright/protocol';
import { compileNode } from './compile/compile.ts';
import type { Names } from './compile/names.ts';
import { Budget, JqLimitError } from './run/budget.ts';
import { parse } from './syntax/parse.ts';

/** A compiled jq program. */
export type JqProgram = (input: Json, globals: Readonly<Record<string, Json>>, emit: (value: Json) => boolean) => void;

/** Compiles jq. Throws `JqSyntaxError` for what is not jq and for names that do not exist. */
export function compileJq(source: string, globals: readonly string[]): JqProgram {
  const names: Names = {
    entry: undefined,
    parent: undefined,
    depth: 0,
    program: { globals: new Set(globals), prelude: new Map() },
  };
  const filter = compileNode(parse(source), names);
  return (input, values, emit) => {
    const scope = { run: { budget: new Budget(), globals: values }, parent: undefined, bound: null };
    try {
      filter(input, undefined, scope, emit);
    } catch (error) {
      if (error instanceof RangeError)
        throw new JqLimitError('the expression or a value in it is nested too deeply or too large', { cause: error });
      throw error;
    }
  };
}

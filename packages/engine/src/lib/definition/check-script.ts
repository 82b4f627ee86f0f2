import { Script } from 'node:vm';
import { messageOf } from '@loopwright/protocol';
import { isExpression } from '../expression/expression.ts';

/** The names that a script's arguments give to its code: the members of an object; a list is in `process.argv`. */
export function argumentNames(args: readonly unknown[] | Readonly<Record<string, unknown>> | undefined): string[] {
  return args === undefined || Array.isArray(args) ? [] : Object.keys(args);
}

/**
 * Says why a script cannot be run, or `undefined`. The code is compiled as the body of a function and never run here. It is not known
 * before the execution when an expression gives it.
 */
export function explainInvalidScript(code: string, names: readonly string[]): string | undefined {
  if (isExpression(code)) return undefined;
  const odd = names.find((name) => !/^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name));
  if (odd !== undefined) return `the argument "${odd}" is no name of a variable`;
  try {
    void new Script(`(function (${names.join(', ')}) {${code}\n})`);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

import { type Json, messageOf } from '@loopwright/protocol';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import { type JqProgram, compileJq } from './program.ts';
import { checkResult } from './run/check-result.ts';

/** The variables of the standard that an expression can read, by name without the `$`. */
export type Variables = Readonly<Record<string, Json>>;

const WRAPPED = /^\s*\$\{([\s\S]*)\}\s*$/;

/** Whether a text is a runtime expression, `${ … }`. */
export function isExpression(text: string): boolean {
  return WRAPPED.test(text);
}

/** The jq source of a runtime expression; a text without `${ }` is taken as jq itself (conditions may be written bare). */
export function expressionSource(text: string): string {
  return WRAPPED.exec(text)?.[1]?.trim() ?? text.trim();
}

/**
 * Says why an expression cannot be used, or `undefined`. The engine replays executions, so what would read the clock,
 * the environment or further input (`now`, `env`, `input`) does not exist, nor does a variable that is not among `variables`.
 */
export function explainInvalidExpression(text: string, variables: readonly string[]): string | undefined {
  try {
    compileJq(expressionSource(text), variables);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Evaluates runtime expressions; compiled filters are kept, at most {@link CACHE_LIMIT} of them. */
export class ExpressionEvaluator {
  readonly #filters = new Map<string, JqProgram>();

  /** The first result of an expression, `null` when it has none. Throws the standard's `expression` error. */
  evaluate(text: string, input: Json, variables: Variables): Json {
    try {
      const names = Object.keys(variables);
      const filter = this.#filter(expressionSource(text), names);
      let result: Json = null;
      filter(input, variables, (value) => {
        result = value;
        return true;
      });
      return checkResult(result);
    } catch (error) {
      throw new WorkflowError({
        type: 'expression',
        status: 400,
        title: 'The expression cannot be evaluated',
        detail: `Cannot evaluate "${text.trim()}": ${messageOf(error)}`,
      });
    }
  }

  /** Whether a condition holds: its first result is neither `false` nor `null`. */
  holds(text: string, input: Json, variables: Variables): boolean {
    const value = this.evaluate(text, input, variables);
    return value !== false && value !== null;
  }

  /** Replaces every `${ … }` inside a value; a value without one comes back equal. */
  resolve(value: Json, input: Json, variables: Variables): Json {
    if (typeof value === 'string') return isExpression(value) ? this.evaluate(value, input, variables) : value;
    if (Array.isArray(value)) return value.map((item) => this.resolve(item, input, variables));
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.resolve(item, input, variables)]));
    }
    return value;
  }

  #filter(source: string, names: readonly string[]): JqProgram {
    const key = `${names.join(',')}|${source}`;
    let filter = this.#filters.get(key);
    if (filter === undefined) {
      if (this.#filters.size >= CACHE_LIMIT) this.#filters.clear();
      filter = compileJq(source, names);
      this.#filters.set(key, filter);
    }
    return filter;
  }
}

const CACHE_LIMIT = 10_000;

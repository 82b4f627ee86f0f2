import { type Json, messageOf } from '@loopwright/protocol';
import { compile } from '@michaelhomer/jqjs';
import { WorkflowError } from '../interpreter/workflow-error.ts';

/** The variables of the standard that an expression can read, by name without the `$`. */
export type Variables = Readonly<Record<string, Json>>;

type Filter = (input: Json) => Iterable<Json>;

const WRAPPED = /^\s*\$\{([\s\S]*)\}\s*$/;
const STRING_OR_COMMENT = /"(?:\\.|[^"\\])*"|#[^\n]*/g;
const VARIABLE = /\$([A-Za-z_][A-Za-z0-9_]*)/g;
const BOUND = /\bas\s+\$([A-Za-z_][A-Za-z0-9_]*)|\bdef\s+\w+\s*\(([^)]*)\)/g;

/** Whether a text is a runtime expression, `${ … }`. */
export function isExpression(text: string): boolean {
  return WRAPPED.test(text);
}

/** The jq source of a runtime expression; a text without `${ }` is taken as jq itself (conditions may be written bare). */
function expressionSource(text: string): string {
  return WRAPPED.exec(text)?.[1]?.trim() ?? text.trim();
}

/**
 * Says why an expression cannot be used, or `undefined`. The engine replays executions, so an expression must not read
 * the clock (`now`); `//` is refused because the jq library yields the left null as well as the right side, and
 * a variable that does not exist because the library would silently take it for null.
 */
export function explainInvalidExpression(text: string, variables: readonly string[]): string | undefined {
  const source = expressionSource(text);
  const code = source.replaceAll(STRING_OR_COMMENT, '""');
  if (code.includes('//')) return 'the operator "//" is not supported: write if … then … else … end';
  if (/(?<![.\w$"])now\b(?!\s*:)/.test(code)) return '"now" is not supported: use $workflow.startedAt';
  const bound = new Set(
    [...code.matchAll(BOUND)].flatMap((match) => match[1] ?? (match[2] ?? '').replaceAll('$', '').split(/[;\s]+/)),
  );
  const unknown = [...code.matchAll(VARIABLE)].find((match) => !variables.includes(match[1] ?? '') && !bound.has(match[1] ?? ''));
  if (unknown !== undefined) return `the variable "${unknown[0]}" does not exist here`;
  try {
    compileFilter(source, variables);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Evaluates runtime expressions; compiled filters are kept, at most {@link CACHE_LIMIT} of them. */
export class ExpressionEvaluator {
  readonly #filters = new Map<string, Filter>();

  /** The first result of an expression, `null` when it has none. Throws the standard's `expression` error. */
  evaluate(text: string, input: Json, variables: Variables): Json {
    try {
      const names = Object.keys(variables);
      const filter = this.#filter(expressionSource(text), names);
      for (const value of filter([input, ...names.map((name) => variables[name] ?? null)])) return value ?? null;
      return null;
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

  #filter(source: string, names: readonly string[]): Filter {
    const key = `${names.join(',')}|${source}`;
    let filter = this.#filters.get(key);
    if (filter === undefined) {
      if (this.#filters.size >= CACHE_LIMIT) this.#filters.clear();
      filter = compileFilter(source, names);
      this.#filters.set(key, filter);
    }
    return filter;
  }
}

const CACHE_LIMIT = 10_000;

/** The library has no way to pass variables, so they come in as an array and are bound in front of the expression. */
function compileFilter(source: string, names: readonly string[]): Filter {
  const bindings = names.map((name, index) => `.[${index + 1}] as $${name} | `).join('');
  return compile(`${bindings}.[0] | (${source}\n)`);
}

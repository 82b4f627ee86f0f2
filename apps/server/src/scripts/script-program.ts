import type { ScriptRun } from '@loopwright/engine';

/** What the sandbox gets as the input of a script's program. */
export type ScriptInput = Pick<ScriptRun, 'arguments' | 'environment' | 'stdin'>;

/**
 * The program that runs a script: the body of a function that returns `input → { stdout, stderr, code, result }`. The code of the script
 * goes in as a text, so it is compiled in the sandbox and nowhere else; what it throws becomes its standard error and the code 1.
 */
export function scriptProgram(code: string): string {
  return `"use strict";
const code = ${JSON.stringify(code)};
${PRELUDE}
return run;
`;
}

/** What a script finds around it: `console`, `process` with argv, env, stdin and exit, and nothing else of a process. */
const PRELUDE = `
const Stop = class {};
const show = (value) => {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return value.name + ': ' + value.message;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
};
const run = (input) => {
  const out = [];
  const err = [];
  const line = (lines) => (...values) => void lines.push(values.map(show).join(' ') + '\\n');
  const write = (lines) => ({ write: (text) => void lines.push(String(text)) });
  let exitCode = 0;
  const isList = Array.isArray(input.arguments);
  const process = {
    argv: ['node', 'script', ...(isList ? input.arguments : [])],
    env: input.environment,
    stdin: input.stdin,
    stdout: write(out),
    stderr: write(err),
    exit: (status = 0) => {
      exitCode = Number.isInteger(status) ? status : 1;
      throw new Stop();
    },
  };
  const [toOut, toErr] = [line(out), line(err)];
  const console = { log: toOut, info: toOut, debug: toOut, warn: toErr, error: toErr };
  const given = isList ? {} : input.arguments;
  const names = Object.keys(given);
  let result;
  try {
    const body = Function('process', 'console', ...names, code);
    result = body(process, console, ...names.map((name) => given[name]));
    if (result instanceof Promise) throw new Error('a script must not return a promise: it runs to its end at once');
  } catch (error) {
    if (!(error instanceof Stop)) {
      err.push(show(error) + '\\n');
      exitCode = 1;
    }
  }
  const streams = { stdout: out.join(''), stderr: err.join(''), code: exitCode };
  return result === undefined || exitCode !== 0 ? streams : { ...streams, result };
};`;

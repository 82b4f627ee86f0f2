import type { Json, JsonObject } from '@loopwright/protocol';
import { z } from 'zod';
import type { ProcessReturn, ScriptRunForm } from '../definition/run-form.ts';
import { RUN_SCRIPT } from '../script/script-function.ts';
import { type TaskFrame, type TaskRunner, configurationError } from './frame.ts';
import { invoke } from './invoke.ts';
import { WorkflowError } from './workflow-error.ts';

/**
 * Runs `run: script`. Its output is what the script returned, or what `return` names of its process. A script that ends with another code
 * than 0 is an error, unless `return` asks for what tells so. With `await: false` it is started and the output is the input; whether
 * it ends, and how, is then nobody's matter: it is dropped when the execution ends first.
 */
export async function runScript(interpreter: TaskRunner, run: ScriptRunForm, frame: TaskFrame): Promise<Json> {
  const { functions, expressions } = interpreter.parts;
  const { script, await: isAwaited, return: form } = run;
  const called = functions[RUN_SCRIPT];
  if (called === undefined) throw configurationError('Cannot run the script: nothing runs scripts here', frame.reference);
  const resolve = (value: Json): Json => expressions.resolve(value, frame.input, frame.variables);
  const args: JsonObject = {
    arguments: resolve(script.arguments ?? []),
    environment: resolve(script.environment ?? {}),
    stdin: textOf(resolve(script.stdin ?? '')),
    ...(script.code === undefined ? {} : { code: resolve(script.code) }),
    ...(script.source === undefined ? {} : { source: resolve(sourceOf(script.source.endpoint)) }),
  };
  const ended = invoke(interpreter, { name: RUN_SCRIPT, called, args }, frame);
  if (!isAwaited) {
    ended.catch(() => undefined);
    return frame.input;
  }
  return outputOf(resultSchema.parse(await ended), form);
}

const resultSchema = z.object({ stdout: z.string(), stderr: z.string(), code: z.number(), result: z.json().optional() });

/** How much of the standard error an error shows, in characters. */
const EXCERPT_CHARACTERS = 1000;

function outputOf({ stdout, stderr, code, result }: z.infer<typeof resultSchema>, form: ProcessReturn): Json {
  if (form === 'code') return code;
  if (form === 'stderr') return stderr;
  if (form === 'all') return { code, stdout, stderr };
  if (code !== 0) {
    const detail = `Cannot run the script: it ended with the code ${code}: ${stderr.slice(0, EXCERPT_CHARACTERS)}`;
    throw new WorkflowError({ type: 'runtime', status: 500, title: 'SCRIPT_FAILED', detail });
  }
  return form === 'none' ? null : (result ?? stdout);
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function sourceOf({ uri, authentication }: { uri: string; authentication?: unknown }): Json {
  return authentication === undefined ? uri : { uri, authentication: authentication as Json };
}

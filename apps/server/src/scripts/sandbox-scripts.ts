import type { Sandbox, SandboxResult } from '@loopwright/edge';
import { type ScriptResult, type ScriptRun, type ScriptRunner, WorkflowError } from '@loopwright/engine';
import { PlatformError, type Random } from '@loopwright/protocol';
import { z } from 'zod';
import { type ScriptInput, scriptProgram } from './script-program.ts';

/** The largest input of a script (arguments, environment and standard input), in characters of JSON. */
const INPUT_LIMIT_CHARACTERS = 4 * 1024 * 1024;

const resultSchema = z.object({ stdout: z.string(), stderr: z.string(), code: z.int(), result: z.json().optional() });

/**
 * Runs the scripts of definitions in the sandbox that programs run in. Its workers start with the first script: most servers never run
 * one. Each run has an isolate of its own, so nothing that a script leaves behind is seen by another one.
 */
export class SandboxScripts implements ScriptRunner, AsyncDisposable {
  readonly #open: () => Promise<Sandbox>;
  readonly #random: Random;
  #sandbox: Promise<Sandbox> | undefined;
  #isClosed = false;

  /** `open` opens the sandbox, which this object then owns. */
  constructor(open: () => Promise<Sandbox>, random: Random) {
    this.#open = open;
    this.#random = random;
  }

  /**
   * Runs a script to its end, or until `signal` is aborted: then nobody waits for it, and its time limit ends it.
   *
   * @throws WorkflowError `timeout` past the time limit, `runtime` past the limit of memory or output, or when it was stopped;
   * PlatformError LIMIT_EXCEEDED, OVERLOADED or SERVICE_UNAVAILABLE.
   */
  async run({ code, arguments: args, environment, stdin, signal }: ScriptRun): Promise<ScriptResult> {
    const input: ScriptInput = { arguments: args, environment, stdin };
    const inputJson = JSON.stringify(input);
    if (inputJson.length > INPUT_LIMIT_CHARACTERS) {
      const message = `Cannot run the script: its input has more than ${INPUT_LIMIT_CHARACTERS} characters`;
      throw new PlatformError('LIMIT_EXCEEDED', message);
    }
    const sandbox = await this.#opened();
    signal.throwIfAborted();
    const program = { key: `script:${this.#random.uuid()}`, code: scriptProgram(code) };
    return readResult(await Promise.race([sandbox.run(program, inputJson), aborted(signal)]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await (await this.#sandbox?.catch(() => undefined))?.close();
  }

  #opened(): Promise<Sandbox> {
    if (this.#isClosed) throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot run the script: the server is going down');
    this.#sandbox ??= this.#open().catch((error: unknown) => {
      // The next script tries again.
      this.#sandbox = undefined;
      throw error;
    });
    return this.#sandbox;
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => {
      const detail = 'Cannot finish the script: its step ended before';
      reject(new WorkflowError({ type: 'timeout', status: 408, title: 'STEP_TIMEOUT', detail }));
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

function readResult(outcome: SandboxResult): ScriptResult {
  if (outcome.status === 'success') {
    const { result, ...streams } = resultSchema.parse(JSON.parse(outcome.outputJson));
    return result === undefined ? streams : { ...streams, result };
  }
  const isLate = outcome.status === 'timeout';
  throw new WorkflowError({
    type: isLate ? 'timeout' : 'runtime',
    status: isLate ? 408 : 500,
    title: isLate ? 'STEP_TIMEOUT' : 'SCRIPT_FAILED',
    detail: `Cannot run the script: ${outcome.message}`,
  });
}

import type { BuiltProgram, Sandbox } from '@loopwright/edge';
import { type Clock, type Random, messageOf } from '@loopwright/protocol';
import { z } from 'zod';
import { plainText } from '../loop/finding.ts';
import { buildToolProgram } from './guest-program.ts';
import { TOOL_LIMITS } from './limits.ts';
import { type AnsweredCall, type ToolCaller, callSchema } from './tool-caller.ts';
import type { GrantedTool } from './tool-types.ts';

/** What programs are run with. */
export interface ToolProgramParts {
  readonly sandbox: () => Promise<Sandbox>;
  readonly clock: Clock;
  readonly random: Random;
}

const lookSchema = z.object({
  state: z.enum(['new', 'running', 'done', 'failed']),
  /** Results that it was given. */
  delivered: z.int(),
  calls: z.array(callSchema).max(TOOL_LIMITS.calls),
  printed: z.string().max(TOOL_LIMITS.printedCharacters + 1),
  failure: z.string().max(100_000).nullable(),
});
type Look = z.infer<typeof lookSchema>;

/** How often a program is begun again when its isolate was lost. */
const STARTS = 3;

/**
 * Runs a program that calls tools, and gives what the model is told of it: what it printed, and why it did not end well. No program makes this throw.
 *
 * @throws the reason of the signal; what the sandbox throws when it has no workers
 */
export async function runToolProgram(
  code: string,
  { granted, caller, signal }: { granted: readonly GrantedTool[]; caller: ToolCaller; signal: AbortSignal },
  parts: ToolProgramParts,
): Promise<string> {
  if (code.length > TOOL_LIMITS.codeCharacters)
    return `ERROR: the program has more than ${TOOL_LIMITS.codeCharacters} characters`;
  let built: BuiltProgram;
  try {
    built = await buildToolProgram(code, granted);
  } catch (error) {
    return `ERROR: ${plainText(messageOf(error))}`;
  }
  const limit = new AbortController();
  const cancel = parts.clock.schedule(TOOL_LIMITS.programMs, () => limit.abort());
  try {
    const conversation = new ProgramRun(built, { sandbox: await parts.sandbox(), key: `tools:${parts.random.uuid()}` });
    const within = AbortSignal.any([signal, limit.signal]);
    const outcome = await goOn(conversation, caller, within);
    signal.throwIfAborted();
    return outcome;
  } finally {
    cancel();
  }
}

async function goOn(run: ProgramRun, caller: ToolCaller, signal: AbortSignal): Promise<string> {
  let look = await run.start();
  for (;;) {
    if (typeof look === 'string') return `ERROR: ${plainText(look)}`;
    if (look.state === 'done') return printed(look);
    if (look.state === 'failed') return `${printed(look)}\nERROR: ${plainText(look.failure ?? 'the program failed')}`;
    if (signal.aborted) return `${printed(look)}\nERROR: the program ran longer than ${TOOL_LIMITS.programMs / 1000} s`;
    if (look.calls.length === 0) return `${printed(look)}\nERROR: the program waits for something that never comes`;
    const refusal = caller.refuse(look.calls);
    if (refusal !== undefined) return `${printed(look)}\nERROR: ${refusal}`;
    look = await run.resume(await caller.callAll(look.calls, signal));
  }
}

/** What a program printed, without what could steer a terminal, up to the limit. */
function printed({ printed: text }: Look): string {
  const clean = text.replaceAll(/[^\P{Cc}\n\t]|[\p{Cf}\p{Cs}]/gu, '');
  const cut = text.length > TOOL_LIMITS.printedCharacters;
  if (clean === '') return '(nothing was printed)';
  return cut ? `${clean.slice(0, TOOL_LIMITS.printedCharacters)}\n(more was printed: print less)` : clean;
}

/** A program in the sandbox between its calls. */
class ProgramRun {
  readonly #program: BuiltProgram;
  readonly #sandbox: Sandbox;
  readonly #key: string;
  readonly #history: AnsweredCall[] = [];
  #starts = 0;

  constructor(program: BuiltProgram, { sandbox, key }: { sandbox: Sandbox; key: string }) {
    this.#program = program;
    this.#sandbox = sandbox;
    this.#key = key;
  }

  /** Runs the program to where it waits. A text says why it had to be stopped. */
  async start(): Promise<Look | string> {
    this.#starts += 1;
    if (this.#starts > STARTS) return 'the sandbox could not hold the program between two calls';
    const history: unknown[] = [];
    for (const answered of this.#history) history[answered.id] = answered;
    const problem = await this.#order({
      op: 'start',
      history,
      delivered: this.#history.length,
      printedLimit: TOOL_LIMITS.printedCharacters,
    });
    return problem ?? this.#look();
  }

  /** Brings the results of calls and runs on to where the program waits again. */
  async resume(results: readonly AnsweredCall[]): Promise<Look | string> {
    this.#history.push(...results);
    const problem = await this.#order({ op: 'resume', results });
    return problem ?? this.#look();
  }

  async #look(): Promise<Look | string> {
    const result = await this.#sandbox.run({ key: this.#key, code: this.#program.code }, '{"op":"look"}');
    if (result.status !== 'success') return result.message;
    const look = lookSchema.safeParse(JSON.parse(result.outputJson));
    if (!look.success) return 'the program changed what runs it';
    // The sandbox gave the call to another worker, where nothing has begun or results are missing.
    return look.data.state === 'new' || look.data.delivered !== this.#history.length ? this.start() : look.data;
  }

  async #order(order: object): Promise<string | undefined> {
    const result = await this.#sandbox.run({ key: this.#key, code: this.#program.code }, JSON.stringify(order));
    return result.status === 'success' ? undefined : result.message;
  }
}

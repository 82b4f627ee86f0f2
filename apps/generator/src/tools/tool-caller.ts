import { type Clock, type Json, type JsonObject, jsonObjectSchema, messageOf } from '@loopwright/protocol';
import { Ajv2020, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import { z } from 'zod';
import { plainText } from '../loop/finding.ts';
import { TOOL_LIMITS } from './limits.ts';
import type { GrantedTool } from './tool-types.ts';

/** What a program in the sandbox asks for. It is not trusted: the program can write whatever it likes. */
export const callSchema = z.strictObject({
  id: z.int().min(0).max(TOOL_LIMITS.calls),
  server: z.string().max(64),
  member: z.string().max(100),
  input: z.string().max(TOOL_LIMITS.argumentBytes),
});
export type AskedCall = z.infer<typeof callSchema>;

/** A call with what came of it, as the sandbox is told. */
export interface AnsweredCall {
  readonly id: number;
  /** What was called with what, to know it again when the program is begun again. */
  readonly call: string;
  readonly ok: boolean;
  readonly value: Json;
  readonly message: string;
}

/** What crossed, for the figures of a result. */
export interface ToolTraffic {
  readonly calls: Readonly<Record<string, number>>;
  readonly failed: number;
  readonly argumentCharacters: number;
  readonly resultCharacters: number;
}

/** Calls the granted tools for the programs of one generation, and counts what crosses. */
export class ToolCaller {
  readonly #granted: ReadonlyMap<string, GrantedTool>;
  readonly #checks = new Map<string, ValidateFunction | undefined>();
  readonly #clock: Clock;
  readonly #redact: (text: string) => string;
  readonly #calls = new Map<string, number>();
  #failed = 0;
  #argumentCharacters = 0;
  #resultCharacters = 0;
  /** Of the program that runs now. */
  #ofProgram = { calls: 0, bytes: 0, ids: new Set<number>() };

  constructor(granted: readonly GrantedTool[], parts: { clock: Clock; redact: (text: string) => string }) {
    this.#granted = new Map(granted.map((one) => [`${one.server}.${one.member}`, one]));
    this.#clock = parts.clock;
    this.#redact = parts.redact;
  }

  /** Begins to count for another program. */
  begin(): void {
    this.#ofProgram = { calls: 0, bytes: 0, ids: new Set() };
  }

  get traffic(): ToolTraffic {
    const calls = Object.fromEntries(this.#calls);
    return {
      calls,
      failed: this.#failed,
      argumentCharacters: this.#argumentCharacters,
      resultCharacters: this.#resultCharacters,
    };
  }

  /** Why a program is not run on when it asks for this; `undefined` when it is. */
  refuse(calls: readonly AskedCall[]): string | undefined {
    const now = this.#ofProgram;
    now.calls += calls.length;
    if (now.calls > TOOL_LIMITS.calls) return `the program called tools more than ${TOOL_LIMITS.calls} times`;
    if (now.bytes > TOOL_LIMITS.programBytes) return `more than ${TOOL_LIMITS.programBytes} bytes crossed for the program`;
    for (const { id } of calls) {
      if (now.ids.has(id)) return 'the program changed what runs it';
      now.ids.add(id);
    }
    return undefined;
  }

  /** Calls what was asked for, a few at a time. A call that fails is an answer too. */
  async callAll(calls: readonly AskedCall[], signal: AbortSignal): Promise<AnsweredCall[]> {
    const answers: AnsweredCall[] = [];
    const queue = [...calls];
    const work = async (): Promise<void> => {
      for (let call = queue.shift(); call !== undefined; call = queue.shift()) answers.push(await this.#answer(call, signal));
    };
    await Promise.all(Array.from({ length: TOOL_LIMITS.parallel }, work));
    return answers.toSorted((a, b) => a.id - b.id);
  }

  async #answer({ id, server, member, input }: AskedCall, signal: AbortSignal): Promise<AnsweredCall> {
    const name = `${server}.${member}`;
    const call = `${name} ${input}`;
    try {
      const value = await this.#call(name, input, signal);
      return { id, call, ok: true, value, message: '' };
    } catch (error) {
      this.#failed += 1;
      const message = plainText(this.#redact(messageOf(error)));
      this.#resultCharacters += message.length;
      return { id, call, ok: false, value: null, message };
    }
  }

  async #call(name: string, inputJson: string, signal: AbortSignal): Promise<Json> {
    const granted = this.#granted.get(name);
    if (granted === undefined) throw new Error(`there is no tool ${JSON.stringify(name)}`);
    this.#calls.set(name, (this.#calls.get(name) ?? 0) + 1);
    this.#argumentCharacters += inputJson.length;
    this.#ofProgram.bytes += Buffer.byteLength(inputJson);
    if (Buffer.byteLength(inputJson) > TOOL_LIMITS.argumentBytes)
      throw new Error(`the arguments have more than ${TOOL_LIMITS.argumentBytes} bytes`);
    const input = this.#checkedInput(name, granted, inputJson);
    const value = await this.#inTime(granted, input, signal);
    const json = this.#redact(JSON.stringify(value));
    const bytes = Buffer.byteLength(json);
    if (bytes > TOOL_LIMITS.resultBytes)
      throw new Error(`the result has more than ${TOOL_LIMITS.resultBytes} bytes: ask for less`);
    this.#ofProgram.bytes += bytes;
    this.#resultCharacters += json.length;
    return JSON.parse(json) as Json;
  }

  #checkedInput(name: string, { tool }: GrantedTool, inputJson: string): JsonObject {
    const input = jsonObjectSchema.safeParse(JSON.parse(inputJson));
    if (!input.success) throw new Error('the argument is no object');
    if (!this.#checks.has(name)) this.#checks.set(name, compile(tool.inputSchema));
    const check = this.#checks.get(name);
    if (check !== undefined && !check(input.data)) {
      const [error] = check.errors ?? [];
      throw new Error(`the argument is not as declared: ${error?.instancePath ?? ''} ${error?.message ?? ''}`);
    }
    return input.data;
  }

  /** A tool that does not keep to its signal is left alone: nobody waits for it longer. */
  async #inTime({ tool }: GrantedTool, input: JsonObject, signal: AbortSignal): Promise<Json> {
    const limit = new AbortController();
    const within = AbortSignal.any([signal, limit.signal]);
    const cancel = this.#clock.schedule(TOOL_LIMITS.callMs, () =>
      limit.abort(new Error(`the tool did not answer within ${TOOL_LIMITS.callMs / 1000} s`)),
    );
    const { promise, reject } = Promise.withResolvers<never>();
    const stop = (): void => reject(within.reason);
    within.addEventListener('abort', stop, { once: true });
    try {
      within.throwIfAborted();
      return await Promise.race([tool.call(input, within), promise]);
    } finally {
      cancel();
      within.removeEventListener('abort', stop);
    }
  }
}

/** Patterns are left to the server: one of its could take forever on an argument that a program chose. */
const NO_PATTERNS = Object.assign(() => ({ test: () => true }), { code: 'noPatterns' });

const OPTIONS: Options = { strict: false, validateFormats: false, logger: false, code: { regExp: NO_PATTERNS } };

/** Whether something is a JSON Schema is one and the same check for all: its compilation takes longer than that of most schemas. It keeps nothing of what it checks. */
let metaCheck: Ajv2020 | undefined;

/** The check of a schema; `undefined` for one that cannot be read, which the server has to check itself. */
function compile(schema: JsonObject): ValidateFunction | undefined {
  try {
    metaCheck ??= new Ajv2020(OPTIONS);
    // The meta-schema is no asynchronous one: it throws at once.
    void metaCheck.validateSchema(schema, true);
    return new Ajv2020({ ...OPTIONS, validateSchema: false }).compile(schema);
  } catch {
    return undefined;
  }
}

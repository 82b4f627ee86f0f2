import { PlatformError, type JsonObject, toJson } from '@loopwright/protocol';
import type { ToolServer } from './host-tool.ts';
import { type ToolProgramParts, runToolProgram } from './run-tool-program.ts';
import { ToolCaller } from './tool-caller.ts';
import { type GrantedTool, memberNames, toolTypes } from './tool-types.ts';

/** The granted tools of one generation: what a model is told of them, its programs, and the figures. */
export class ToolSession {
  readonly #granted: readonly GrantedTool[];
  readonly #caller: ToolCaller;
  readonly #parts: ToolProgramParts;
  readonly #redact: (text: string) => string;
  readonly types: string;
  #programs = 0;
  #codeCharacters = 0;
  #printedCharacters = 0;

  constructor(granted: readonly GrantedTool[], parts: ToolProgramParts & { redact: (text: string) => string }) {
    this.#granted = granted;
    this.#parts = parts;
    this.#redact = parts.redact;
    this.#caller = new ToolCaller(granted, parts);
    this.types = toolTypes(granted);
  }

  /** Runs a program of the model and gives what it printed. */
  async run(code: string, signal: AbortSignal): Promise<string> {
    this.#programs += 1;
    this.#caller.begin();
    const outcome = this.#redact(
      await runToolProgram(code, { granted: this.#granted, caller: this.#caller, signal }, this.#parts),
    );
    this.#codeCharacters += code.length;
    this.#printedCharacters += outcome.length;
    return outcome;
  }

  /**
   * What was called, and what it saved: with ordinary tool calls, each argument and each result stands in the conversation; here, the program and what it printed do. Each is counted once, though ordinary
   * calls send the conversation again for every step; so the saving is a lower bound. Negative where a program cost more than it saved.
   */
  report(tokensPerCharacter: number | null): JsonObject {
    const { calls, failed, argumentCharacters, resultCharacters } = this.#caller.traffic;
    const ordinary = argumentCharacters + resultCharacters;
    const programmatic = this.#codeCharacters + this.#printedCharacters;
    const tokens = (characters: number): number | null =>
      tokensPerCharacter === null ? null : Math.round(characters * tokensPerCharacter);
    return toJson({
      programs: this.#programs,
      calls,
      failed_calls: failed,
      argument_characters: argumentCharacters,
      result_characters: resultCharacters,
      code_characters: this.#codeCharacters,
      printed_characters: this.#printedCharacters,
      tokens_ordinary: tokens(ordinary),
      tokens_used: tokens(programmatic),
      tokens_saved: tokens(ordinary - programmatic),
      share_saved: ordinary === 0 ? null : 1 - programmatic / ordinary,
      reason: tokensPerCharacter === null ? 'no provider said how many tokens a prompt had' : null,
    }) as JsonObject;
  }
}

/**
 * The tools that a plan wants, out of those that are granted.
 *
 * @throws VALIDATION_ERROR for a server that is not granted; SERVICE_UNAVAILABLE when one cannot be reached
 */
export async function grantTools(
  wanted: readonly string[],
  servers: readonly ToolServer[],
  signal: AbortSignal,
): Promise<readonly GrantedTool[]> {
  const chosen = wanted.map((name) => grantedServer(name, servers));
  const serverNames = memberNames(chosen.map(({ name }) => name));
  const granted = await Promise.all(
    chosen.map(async (server, index) => {
      const tools = await server.tools(signal);
      const members = memberNames(tools.map(({ name }) => name));
      return tools.map((tool, at): GrantedTool => ({ server: serverNames[index] ?? '', member: members[at] ?? '', tool }));
    }),
  );
  return granted.flat();
}

/** The server of a name. Throws VALIDATION_ERROR when it is not granted. */
export function grantedServer(name: string, servers: readonly ToolServer[]): ToolServer {
  const server = servers.find((one) => one.name === name);
  if (server !== undefined) return server;
  throw new PlatformError(
    'VALIDATION_ERROR',
    `Cannot give the model the tools of "${name.slice(0, 64)}": the operator grants none of this name`,
    {
      details: { granted: servers.map((one) => one.name) },
    },
  );
}

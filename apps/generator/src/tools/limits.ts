/** Limits of programs that call tools. */
export const TOOL_LIMITS = {
  /** Tool servers of one generator, tools of one server, characters of one tool's schema. */
  servers: 32,
  tools: 200,
  schemaCharacters: 50_000,
  /** Calls of one program, and those under way at a time. */
  calls: 200,
  parallel: 8,
  /** Time of one call and of one program, in milliseconds. */
  callMs: 30_000,
  programMs: 120_000,
  /** Bytes of the arguments of one call, of the result of one call, and of all that crosses for one program. */
  argumentBytes: 64 * 1024,
  resultBytes: 1024 * 1024,
  programBytes: 16 * 1024 * 1024,
  /** Characters of a program, and of what it prints that goes back to the model. */
  codeCharacters: 100_000,
  printedCharacters: 20_000,
  /** How long a tool server may take to start and to name its tools, in milliseconds. */
  connectMs: 20_000,
} as const;

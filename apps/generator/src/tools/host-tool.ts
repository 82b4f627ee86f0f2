import type { Json, JsonObject } from '@loopwright/protocol';

/** A function of the host that programs of a model may call. */
export interface HostTool {
  /** Its name within its server. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the one argument, an object; what does not fit it is not called. */
  readonly inputSchema: JsonObject;
  /** JSON Schema of the result; `null` when it is a text or nobody knows. */
  readonly outputSchema: JsonObject | null;
  /** Throws an Error whose message may be shown to the model. */
  readonly call: (input: JsonObject, signal: AbortSignal) => Promise<Json>;
}

/** Tools that are granted together under a name. Whoever made it closes it. */
export interface ToolServer extends AsyncDisposable {
  readonly name: string;
  /**
   * The tools, asked for when they are needed.
   *
   * @throws SERVICE_UNAVAILABLE when the server cannot be reached
   */
  readonly tools: (signal: AbortSignal) => Promise<readonly HostTool[]>;
}

/** Functions of this process as a server: nothing to connect, nothing to close. */
export function localTools(name: string, tools: readonly HostTool[]): ToolServer {
  return { name, tools: async () => tools, [Symbol.asyncDispose]: async () => undefined };
}

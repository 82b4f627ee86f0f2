/** A request over IPC. */
export interface IpcRequest {
  readonly method: string;
  /** Path and query. */
  readonly uri: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: Uint8Array | ReadableStream<Uint8Array> | null | undefined;
  readonly signal?: AbortSignal;
  /** Instead of that of the client. */
  readonly timeoutMs?: number;
}

/** An answer over IPC. */
export interface IpcResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** A stream must be read to its end or cancelled. */
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
}

/** A request as a module gets it. */
export interface IpcServerRequest {
  readonly method: string;
  /** Path and query, as the orchestrator wrote them. */
  readonly uri: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Handles requests as plain records: for modules to which the cost of `Request` and `Response` (some 30 µs) matters. */
export type IpcHandler = (request: IpcServerRequest) => IpcResponse | Promise<IpcResponse>;

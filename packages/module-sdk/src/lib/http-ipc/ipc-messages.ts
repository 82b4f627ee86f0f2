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

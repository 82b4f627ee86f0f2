import type { IpcRequest, IpcResponse } from './ipc-messages.ts';

/** What `fetch` of a {@link ModuleHttp} takes besides the words of `fetch`. */
export type ModuleRequestInit = RequestInit & { readonly timeoutMs?: number };

/** Requests to one module, whichever way they go. */
export interface ModuleHttp {
  /** Requests that are under way or wait. */
  readonly pending: number;
  /**
   * Sends a request and resolves with the head of its answer. Errors of the catalogue whose details say `sent: false` are of requests that never went to the module,
   * and whose body nobody has touched.
   */
  request(request: IpcRequest): Promise<IpcResponse>;
  /** The same in the words of `fetch`. Relative URLs are paths of the module. */
  fetch(input: string | Request, init?: ModuleRequestInit): Promise<Response>;
}

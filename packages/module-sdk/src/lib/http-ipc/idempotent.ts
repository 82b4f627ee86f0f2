import type { IpcRequest } from './ipc-messages.ts';

/** Methods that may be done twice (RFC 9110 §9.2.2). */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Whether a request may be sent twice: by its method, or because it carries an `Idempotency-Key`. */
export function isIdempotent({ method, headers = {} }: IpcRequest): boolean {
  return METHODS.has(method.toUpperCase()) || Object.keys(headers).some((name) => name.toLowerCase() === 'idempotency-key');
}

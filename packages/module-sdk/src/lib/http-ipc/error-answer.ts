import { errorCodeOf } from './api-response.ts';
import type { IpcResponse } from './ipc-messages.ts';

/** The answer of an error as a record; see `errorResponse`. */
export function errorAnswer(status: number, message: string): IpcResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-error-code': errorCodeOf(status) },
    body: Buffer.from(JSON.stringify({ status: 'error', message })),
  };
}

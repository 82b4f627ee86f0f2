import { type Json, jsonSchema, PlatformError } from '@loopwright/protocol';
import { WholeResponse } from './whole-response.ts';

/** Body of the answers that the helpers make; the source's form. */
export interface ApiResponse {
  readonly status: 'success' | 'error';
  readonly data?: Json;
  readonly message?: string;
}

/** Codes that the source puts into `X-Error-Code`, by status. */
const ERROR_CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  408: 'TIMEOUT',
  413: 'PAYLOAD_TOO_LARGE',
  502: 'IPC_COMMUNICATION_ERROR',
  503: 'OVERLOADED',
};
/** Bytes of a JSON body that {@link parseJsonBody} reads when it is not told otherwise. */
const BODY_LIMIT_BYTES = 1024 * 1024;

/** An answer with any JSON. */
export function jsonResponse(value: Json | ApiResponse, { status = 200, headers = {} }: ResponseOptions = {}): Response {
  return new WholeResponse(JSON.stringify(value), { status, headers: { 'content-type': 'application/json', ...headers } });
}

/** Status and further headers of an answer. */
export interface ResponseOptions {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `{"status":"success","data":…}`. */
export function success(data: Json, message?: string): Response {
  return jsonResponse({ status: 'success', data, ...(message === undefined ? {} : { message }) });
}

/** `{"status":"error","message":…}` with `X-Error-Code`. */
export function errorResponse(status: number, message: string, code = errorCodeOf(status)): Response {
  return jsonResponse({ status: 'error', message }, { status, headers: { 'x-error-code': code } });
}

/** The code that the source gives to a status. */
export function errorCodeOf(status: number): string {
  return ERROR_CODES[status] ?? (status >= 500 ? 'INTERNAL_ERROR' : 'BAD_REQUEST');
}

export function notFound(message = 'There is no such route'): Response {
  return errorResponse(404, message);
}

export function badRequest(message: string): Response {
  return errorResponse(400, message);
}

export function internalError(message = 'The module failed'): Response {
  return errorResponse(500, message);
}

/** Reads a JSON body. @throws SyntaxError When it is none. @throws `PAYLOAD_TOO_LARGE` */
export async function parseJsonBody(request: Request, limitBytes = BODY_LIMIT_BYTES): Promise<Json> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.length;
    if (size > limitBytes)
      throw new PlatformError('PAYLOAD_TOO_LARGE', `Cannot read the body: it has more than ${limitBytes} bytes`, {
        details: { limit_bytes: limitBytes },
      });
    parts.push(part);
  }
  return jsonSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts))));
}

/** The query of a request; of a name that is there twice the last value. */
export function getQueryParams(request: Request): Record<string, string> {
  return Object.fromEntries(new URL(request.url).searchParams);
}

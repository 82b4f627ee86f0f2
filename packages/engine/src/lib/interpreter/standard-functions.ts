import type { HttpCallOptions } from '../http-call/http-client.ts';
import { httpCall } from '../http-call/http-call.ts';
import { openapiCall } from '../http-call/openapi-call.ts';
import type { FunctionCatalogue } from './call-function.ts';
import { accept, clarify } from './human-functions.ts';

/** The functions that definitions may call on any engine. */
export function standardFunctions(httpCalls: HttpCallOptions): FunctionCatalogue {
  return { clarify, accept, http: httpCall(httpCalls), openapi: openapiCall(httpCalls) };
}

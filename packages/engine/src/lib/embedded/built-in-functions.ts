import type { HttpCallOptions } from '../http-call/http-client.ts';
import { httpCall } from '../http-call/http-call.ts';
import { openapiCall } from '../http-call/openapi-call.ts';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';
import { accept, clarify } from '../interpreter/human-functions.ts';

/** The functions that every engine has. */
export function builtInFunctions(httpCalls: HttpCallOptions = {}): FunctionCatalogue {
  return { clarify, accept, http: httpCall(httpCalls), openapi: openapiCall(httpCalls) };
}

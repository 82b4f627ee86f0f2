import type { HttpCallOptions } from '../http-call/http-client.ts';
import { httpCall } from '../http-call/http-call.ts';
import { openapiCall } from '../http-call/openapi-call.ts';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';
import { accept, clarify } from '../interpreter/human-functions.ts';
import { RUN_SCRIPT, scriptFunction } from '../script/script-function.ts';
import type { EngineOptions } from './engine-options.ts';

/** The functions that every engine has. */
export function builtInFunctions(httpCalls: HttpCallOptions = {}): FunctionCatalogue {
  return { clarify, accept, http: httpCall(httpCalls), openapi: openapiCall(httpCalls) };
}

/** All functions of an engine: its own, those it was given, and scripts where something runs them. `admit` lets requests wait for their turn. */
export function functionsOf(
  { httpCalls, functions, scripts }: Pick<EngineOptions, 'httpCalls' | 'functions' | 'scripts'>,
  admit: NonNullable<HttpCallOptions['admit']>,
): FunctionCatalogue {
  const calls: HttpCallOptions = { ...httpCalls, admit };
  const script = scripts === undefined ? {} : { [RUN_SCRIPT]: scriptFunction(scripts, calls) };
  return { ...builtInFunctions(calls), ...functions, ...script };
}

import { type CallFunction, defineFunction } from '../interpreter/call-function.ts';
import { httpArgumentsSchema } from './call-arguments.ts';
import { type HttpCallOptions, HttpClient } from './http-client.ts';
import { appendQuery, encodeBody, setIdempotencyKey, toHeaders } from './request-message.ts';
import { toOutput } from './response-output.ts';
import { expandUri, parseUrl } from './uri-template.ts';

/**
 * `call: http` of the Serverless Workflow DSL 1.0, to be put into an engine's functions as `http`.
 *
 * The call is one recorded step: an answer that was recorded is never asked for again. A call that was under way when the
 * process went down is sent again, with the same `Idempotency-Key` for all methods but GET, HEAD and OPTIONS.
 */
export function httpCall(options: HttpCallOptions = {}): CallFunction {
  const client = new HttpClient(options);
  return defineFunction({
    description: 'Sends an HTTP request and gives its content',
    arguments: httpArgumentsSchema,
    accessToken: (policy, input, signal) => client.accessToken(policy, input, signal),
    run: (invocation) =>
      invocation.step(async (attempt) => {
        const { method, endpoint, query, body, output, redirect, ...given } = invocation.args;
        const url = parseUrl(expandUri(endpoint.uri, invocation.input));
        appendQuery(url.searchParams, query);
        const headers = toHeaders(given.headers);
        const text = encodeBody(body, headers, method);
        setIdempotencyKey(headers, method, attempt.idempotencyKey);
        const message = { method, url, headers, body: text };
        const response = await client.send({ message, authentication: endpoint.authentication, redirect }, invocation, attempt);
        return toOutput(response, output, redirect);
      }),
  });
}

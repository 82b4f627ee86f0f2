import { createHash } from 'node:crypto';
import { systemClock } from '@loopwright/protocol';
import type { StepAttempt } from '../context/durable-context.ts';
import { type CallFunction, type Invocation, defineFunction } from '../interpreter/call-function.ts';
import { type Endpoint, openapiArgumentsSchema } from './call-arguments.ts';
import { type HttpCallOptions, HttpClient } from './http-client.ts';
import { type OpenapiDocument, OpenapiDocuments } from './openapi-document.ts';
import { findOperation } from './openapi-operation.ts';
import { toRequest } from './openapi-request.ts';
import { setIdempotencyKey } from './request-message.ts';
import { toOutput } from './response-output.ts';
import { expandUri, parseUrl } from './uri-template.ts';

/**
 * `call: openapi` of the Serverless Workflow DSL 1.0 for OpenAPI 3 and Swagger 2.0, to be put into an engine's functions
 * as `openapi`. Reading the document and calling its operation are one recorded step, with the guarantees of `call: http`.
 *
 * Not supported, and refused when it is called: bodies of multipart forms, references to other documents, and path
 * parameters of the styles `label` and `matrix`. Values are not checked against the schemas of the document.
 */
export function openapiCall(options: HttpCallOptions = {}): CallFunction {
  const client = new HttpClient(options);
  const documents = new OpenapiDocuments(options.clock ?? systemClock);
  const load = (endpoint: Endpoint, invocation: Invocation<unknown>, attempt: StepAttempt): Promise<OpenapiDocument> => {
    const { uri, authentication } = endpoint;
    const url = parseUrl(expandUri(uri, invocation.input));
    // Policies by name may differ between workflows, so who asks is a part of the key.
    const reader =
      authentication === undefined ? null : [authentication, invocation.execution.projectId, invocation.execution.workflowName];
    const key = createHash('sha256')
      .update(JSON.stringify([url.href, reader]))
      .digest('base64');
    return documents.get(key, (headers) =>
      client.send({ message: { method: 'GET', url, headers }, authentication, redirect: true }, invocation, attempt),
    );
  };
  return defineFunction({
    description: 'Calls an operation of a service that an OpenAPI document describes',
    arguments: openapiArgumentsSchema,
    accessToken: (policy, input, signal) => client.accessToken(policy, input, signal),
    run: (invocation) =>
      invocation.step(async (attempt) => {
        const { document: resource, operationId, parameters, authentication, output, redirect } = invocation.args;
        const document = await load(resource.endpoint, invocation, attempt);
        const message = toRequest(findOperation(document, operationId), parameters);
        setIdempotencyKey(message.headers, message.method, attempt.idempotencyKey);
        return toOutput(await client.send({ message, authentication, redirect }, invocation, attempt), output, redirect);
      }),
  });
}

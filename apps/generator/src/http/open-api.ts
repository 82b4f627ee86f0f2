import {
  type Json,
  type JsonObject,
  artifactResultSchema,
  errorResponseSchema,
  executionPlanSchema,
  generationEventSchema,
  gradeMetadataSchema,
  inductionMetadataSchema,
  jsonSchema,
  toJson,
} from '@loopwright/protocol';
import { z } from 'zod';

const SCHEMAS = {
  PTCExecutionPlan: { schema: executionPlanSchema, io: 'input' },
  PTCArtifactResult: { schema: artifactResultSchema, io: 'input' },
  StreamMessage: { schema: generationEventSchema, io: 'input' },
  GradeMetadata: { schema: gradeMetadataSchema, io: 'input' },
  InductionMetadata: { schema: inductionMetadataSchema, io: 'input' },
  Error: { schema: errorResponseSchema, io: 'output' },
} as const;

/** The service as an OpenAPI 3.1 document, its schemas made of those that read and write the wire. */
export function openApiDocument(version: string): JsonObject {
  const json = (schema: Json): JsonObject => ({ 'application/json': { schema } });
  const ref = (name: keyof typeof SCHEMAS): JsonObject => ({ $ref: `#/components/schemas/${name}` });
  const stream: JsonObject = {
    'text/event-stream': { schema: { type: 'string', description: 'Server-sent events; `data` of each is a StreamMessage' } },
  };
  const failure = (description: string): JsonObject => ({ description, content: json(ref('Error')) });
  const retry = { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' } } };
  const secured: JsonObject = { security: [{ token: [] }, {}] };
  const id: Json = { name: 'id', in: 'path', required: true, schema: { type: 'string', minLength: 1, maxLength: 200 } };
  const any = (description: string): JsonObject => ({ responses: { '200': { description, content: json({ type: 'object' }) } } });
  return {
    openapi: '3.1.0',
    info: { title: 'Loopwright generation service', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths: {
      '/': { get: { operationId: 'getService', summary: 'What the service is and which agents it has', ...any('The service') } },
      '/health': { get: { operationId: 'getHealth', summary: 'Whether the service answers', ...any('It does') } },
      '/openapi.json': { get: { operationId: 'getOpenApi', summary: 'This document', ...any('The document') } },
      '/stats': { get: { operationId: 'getStats', summary: 'Counts since the start', ...secured, ...any('The counts') } },
      '/execute': {
        post: {
          operationId: 'execute',
          summary: 'Works on a plan; `Accept: text/event-stream` gives the progress, and the result in the last event',
          ...secured,
          requestBody: { required: true, content: json(ref('PTCExecutionPlan')) },
          responses: {
            '200': { description: 'The result, whatever its status', content: { ...json(ref('PTCArtifactResult')), ...stream } },
            '400': failure('The plan is not valid; `details.issues` points into it'),
            '401': failure('The token is missing or wrong'),
            '413': failure('The plan is too large'),
            '422': failure('Another plan has this execution_id'),
            '429': { ...failure('Too many plans of this caller wait'), headers: retry },
            '503': { ...failure('Too many plans wait, or a part that is needed is not there'), headers: retry },
          },
        },
      },
      '/executions/{id}': {
        get: {
          operationId: 'getExecution',
          summary: 'The result of an execution, or how far it is',
          ...secured,
          parameters: [id],
          responses: {
            '200': { description: 'The result', content: json(ref('PTCArtifactResult')) },
            '202': { description: 'It waits or runs', content: json({ type: 'object' }) },
            '404': failure('There is no such execution'),
          },
        },
      },
      '/executions/{id}/events': {
        get: {
          operationId: 'getExecutionEvents',
          summary: 'The events of an execution until it ends, from the one behind `Last-Event-ID`',
          ...secured,
          parameters: [id, { name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string', maxLength: 200 } }],
          responses: { '200': { description: 'The events', content: stream }, '404': failure('There is no such execution') },
        },
      },
    },
    components: { schemas: componentSchemas(), securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
}

/** The schemas; what several of them refer to, any JSON value, is one of its own. */
function componentSchemas(): JsonObject {
  const all: [string, Json][] = Object.entries(SCHEMAS).map(([name, { schema, io }]) => [name, schemaOf(schema, io)]);
  const { $defs } = z.toJSONSchema(z.object({ json: jsonSchema }));
  return { ...Object.fromEntries(all), Json: named(toJson($defs?.['__schema0'] ?? {})) };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, $defs: _shared, ...own } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return named(toJson(own));
}

function named(schema: Json): Json {
  return JSON.parse(JSON.stringify(schema).replaceAll('#/$defs/__schema0', '#/components/schemas/Json')) as Json;
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Clock, type JsonObject, systemClock } from '@loopwright/protocol';
import { errorTypeOf, runCall, sendJson, startServer } from './http-fixture.ts';
import { openapiCall } from './openapi-call.ts';

const SWAGGER = {
  swagger: '2.0',
  basePath: '/v2',
  schemes: ['http'],
  paths: {
    '/pet/findByStatus': {
      get: {
        operationId: 'findPetsByStatus',
        produces: ['application/xml', 'application/json'],
        parameters: [{ name: 'status', in: 'query', required: true, type: 'array', collectionFormat: 'multi' }],
      },
    },
    '/pet/{petId}': {
      parameters: [{ $ref: '#/parameters/petId' }],
      get: { operationId: 'getPetById' },
      post: {
        operationId: 'updateForm',
        consumes: ['application/x-www-form-urlencoded'],
        parameters: [{ name: 'name', in: 'formData', type: 'string' }],
      },
    },
    '/pet': {
      post: {
        operationId: 'addPet',
        parameters: [
          { name: 'pet', in: 'body', required: true },
          { name: 'tags', in: 'query', type: 'array' },
        ],
      },
    },
  },
  parameters: { petId: { name: 'petId', in: 'path', required: true, type: 'integer' } },
};

const OPENAPI = `
openapi: 3.1.0
servers: [{ url: '../{version}', variables: { version: { default: v3 } } }]
paths:
  /search/{ids}:
    get:
      operationId: search
      parameters:
        - { name: ids, in: path, required: true, schema: { type: array } }
        - { name: tag, in: query, schema: { type: array } }
        - { name: sort, in: query, explode: false, schema: { type: array } }
        - { name: page, in: query, style: deepObject, schema: { type: object } }
        - { name: X-Trace, in: header, schema: { type: string } }
        - { name: session, in: cookie, schema: { type: string } }
      responses: { '200': { content: { application/json: {} } } }
  /orders:
    post:
      operationId: order
      requestBody: { $ref: '#/components/requestBodies/Order' }
    put:
      operationId: upload
      requestBody: { content: { multipart/form-data: {} } }
components:
  requestBodies:
    Order: { required: true, content: { application/xml: {}, application/json: {} } }
`;

/** A server that offers both documents, counts how often, and gives everything else back as it came. */
function startService() {
  return startServer((request, response) => {
    if (request.url === '/v2/swagger.json') return sendJson(response, SWAGGER);
    if (request.url === '/docs/openapi.yaml') {
      if (request.headers['if-none-match'] === '"e1"') return response.writeHead(304).end();
      return response.writeHead(200, { 'content-type': 'application/yaml', etag: '"e1"' }).end(OPENAPI);
    }
    const { method, url, body, headers } = request;
    return sendJson(response, {
      method,
      url,
      body,
      accept: headers.accept ?? null,
      trace: headers['x-trace'] ?? null,
      cookie: headers.cookie ?? null,
    });
  });
}

const argumentsFor = (endpoint: string, operationId: string, parameters: object = {}): object => ({
  document: { endpoint },
  operationId,
  parameters,
});

describe('openapiCall()', () => {
  it('calls operations of Swagger 2.0 with path, query, form and body', async () => {
    await using server = await startService();
    const called = openapiCall();
    const run = async (operationId: string, parameters: object): Promise<JsonObject> =>
      (await runCall(called, argumentsFor(`${server.origin}/v2/swagger.json`, operationId, parameters))).execution
        .output as JsonObject;
    const found = await run('findPetsByStatus', { status: ['available', 'sold out'] });
    assert.deepEqual(
      [found['method'], found['url'], found['accept']],
      ['GET', '/v2/pet/findByStatus?status=available&status=sold+out', 'application/json'],
    );
    assert.equal((await run('findPetsByStatus', { status: 'available' }))['url'], '/v2/pet/findByStatus?status=available');
    assert.equal((await run('getPetById', { petId: 1 }))['url'], '/v2/pet/1');
    assert.equal((await run('updateForm', { petId: 1, name: 'a b' }))['body'], 'name=a+b');
    for (const name of ['pet', 'body']) assert.equal((await run('addPet', { [name]: { id: 1 } }))['body'], '{"id":1}');
    assert.equal((await run('addPet', { pet: { id: 1 }, tags: ['a', 'b'] }))['url'], '/v2/pet?tags=a%2Cb');
    assert.equal(server.seen.filter(({ url }) => url === '/v2/swagger.json').length, 1);
  });

  it('calls operations of OpenAPI 3 in YAML, with its styles and its server', async () => {
    await using server = await startService();
    const endpoint = `${server.origin}/docs/openapi.yaml`;
    const search = argumentsFor(endpoint, 'search', {
      ids: ['a/b', 2],
      tag: ['x', 'y'],
      sort: ['name', 'age'],
      page: { size: 5 },
      'X-Trace': 't1',
      session: 'a b',
    });
    const { output } = (await runCall(openapiCall(), search)).execution;
    assert.deepEqual(output, {
      method: 'GET',
      url: '/v3/search/a%2Fb,2?tag=x&tag=y&sort=name%2Cage&page%5Bsize%5D=5',
      body: '',
      accept: 'application/json',
      trace: 't1',
      cookie: 'session=a%20b',
    });
    for (const parameters of [{ body: { n: 1 } }, { n: 1 }]) {
      const { execution } = await runCall(openapiCall(), argumentsFor(endpoint, 'order', parameters));
      assert.equal((execution.output as JsonObject)['body'], '{"n":1}');
      assert.equal(server.seen.at(-1)?.headers['idempotency-key'], `${execution.id}:ask`);
    }
  });

  it('has the outputs, the authentication and the errors of call: http', async () => {
    await using server = await startService();
    const args = {
      ...argumentsFor(`${server.origin}/v2/swagger.json`, 'getPetById', { petId: 1 }),
      authentication: { bearer: { token: 's3cret' } },
    };
    const { execution } = await runCall(openapiCall(), { ...args, output: 'response' });
    const output = execution.output as JsonObject;
    assert.deepEqual(Object.keys(output), ['request', 'headers', 'statusCode', 'content']);
    assert.ok(!JSON.stringify(output).includes('s3cret'));
    assert.deepEqual(
      server.seen.map(({ url, headers }) => [url, headers.authorization]),
      [
        ['/v2/swagger.json', undefined],
        ['/v2/pet/1', 'Bearer s3cret'],
      ],
    );
    const raw = await runCall(openapiCall(), { ...args, output: 'raw' });
    assert.ok(typeof raw.execution.output === 'string');
    assert.match(Buffer.from(raw.execution.output, 'base64').toString(), /"\/v2\/pet\/1"/);
    const refused = await runCall(openapiCall({ allowHost: () => false }), args);
    assert.equal((refused.execution.error as JsonObject)['status'], 403);
  });

  it('refuses what the document does not have or does not take', async () => {
    await using server = await startService();
    const called = openapiCall();
    const [swagger, openapi] = [`${server.origin}/v2/swagger.json`, `${server.origin}/docs/openapi.yaml`];
    const check = async (type: string, ...args: Parameters<typeof argumentsFor>): Promise<void> => {
      const { execution } = await runCall(called, argumentsFor(...args));
      assert.equal(errorTypeOf(execution), type, args[1]);
    };
    await check('configuration', swagger, 'noSuch');
    await check('validation', swagger, 'getPetById');
    await check('validation', swagger, 'getPetById', { petId: 1, other: 2 });
    await check('validation', swagger, 'getPetById', { petId: '..' });
    await check('validation', swagger, 'addPet');
    await check('validation', openapi, 'order');
    await check('configuration', openapi, 'upload', { body: { file: 'x' } });
    await check('communication', `${server.origin}/other.json`, 'getPetById');
    assert.deepEqual(
      new Set(server.seen.map(({ url }) => url)),
      new Set(['/v2/swagger.json', '/docs/openapi.yaml', '/other.json']),
    );
  });

  it('asks after a minute whether the document changed', async () => {
    let now = 1_000_000;
    const clock: Clock = { ...systemClock, now: () => now };
    await using server = await startService();
    const called = openapiCall({ clock });
    const search = argumentsFor(`${server.origin}/docs/openapi.yaml`, 'search', { ids: 1 });
    const asked = (): (string | undefined)[] =>
      server.seen.filter(({ url }) => url.startsWith('/docs')).map(({ headers }) => headers['if-none-match']);
    await runCall(called, search);
    await runCall(called, search);
    assert.deepEqual(asked(), [undefined]);
    now += 60_000;
    assert.equal((await runCall(called, search)).execution.status, 'completed');
    assert.deepEqual(asked(), [undefined, '"e1"']);
  });
});

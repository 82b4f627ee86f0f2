import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { supervise } from '../modules/supervisor-fixture.ts';
import { executionIn, openServer, untilStatus } from '../http/app-fixture.ts';
import { callModuleRoute } from './module.ts';

const DEFINITION = `
document: { dsl: '1.0.0', namespace: test, name: asks, version: '1.0.0' }
do:
  - ask:
      call: module
      with: { module: child, method: POST, path: /echo, body: { text: hello } }
      output: { as: '\${ { status: .status, text: .text } }' }
`;

describe('call: module', () => {
  it('asks an open route of a module from a workflow', async () => {
    await using run = supervise('well', {}, { permissions: { routes: ['POST /echo'] } });
    await using server = await openServer({ functions: { module: callModuleRoute(run.supervisor) }, definitions: {} });
    await server.register(DEFINITION, 'p');
    const started = executionIn(await server.post('/api/v1/workflows/asks/start', { project_id: 'p' }), 201);
    const ended = await untilStatus(server, started.execution_id, 'completed');
    assert.deepEqual(ended.output, { status: 200, text: '{"text":"hello"}' });
  });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { moduleInitSchema } from './init.ts';
import { readModuleMessage, readOrchestratorMessage } from './read-message.ts';

// Written from the field tables of the source by hand; the dialects of its Python side included.
const linesOf = (name: string): string[] =>
  readFileSync(join(import.meta.dirname, 'fixtures', `${name}.ndjson`), 'utf8')
    .trimEnd()
    .split('\n');

describe('transcripts of the source', () => {
  it('takes every line of a Rust module', () => {
    const messages = linesOf('rust-module').map((line) => readModuleMessage(line));
    assert.deepEqual(
      messages.filter(({ kind }) => kind !== 'message'),
      [],
    );
    assert.deepEqual(
      messages.map((read) => (read.kind === 'message' ? read.message.op : '')).filter((op, at, all) => all.indexOf(op) === at),
      [
        'identify',
        'announce',
        'get_secret',
        'rotation_ack',
        'register_service_provider',
        'discover_service_providers',
        'service_request',
        'service_operation',
        'http_response',
        'port_request',
        'route_to_module',
        'heartbeat_ack',
      ],
    );
  });

  it('takes every line of a Rust orchestrator', () => {
    const messages = linesOf('rust-orchestrator').map((line) => readOrchestratorMessage(line));
    assert.deepEqual(
      messages.filter(({ kind }) => kind !== 'message'),
      [],
    );
    assert.equal(messages.length, 17);
  });

  it('takes every line of a Python module as the Rust form of it', () => {
    const messages = linesOf('python-module').map((line) => readModuleMessage(line));
    assert.deepEqual(
      messages.map((read) => (read.kind === 'message' ? read.message : read)),
      [
        { op: 'announce', listen: '127.0.0.1:8082', endpoints: [{ path: '/score', methods: ['POST'], auth: null }] },
        { op: 'announce', listen: '/run/score.sock', endpoints: [] },
        { op: 'get_secret', name: 'API_KEY' },
        { op: 'rotation_ack', rotation_id: 'r-1', status: 'success', message: null },
        {
          op: 'register_service_provider',
          service_type: { Custom: 'scoring' },
          name: 'score',
          version: '1.0',
          address: '127.0.0.1:8082',
          metadata: null,
        },
        {
          op: 'service_operation',
          connection_id: 'c-1',
          service_type: 'Database',
          operation: 'query',
          params: { sql: 'select 1' },
        },
        {
          op: 'http_response',
          request_id: 'h-1',
          status_code: 404,
          headers: { 'X-Error-Code': 'NOT_FOUND' },
          body: [123, 125],
        },
        { op: 'port_request', request_id: 'p-1', specific_port: 8085 },
        { op: 'heartbeat_ack' },
      ],
    );
  });

  it('takes the init lines of both, with their defaults', () => {
    const common = { orchestrator_api: 'http://127.0.0.1:9900', module_id: 'm', env: {} };
    const rest = { security_level: 'None', debug_mode: false, log_level: 'info', protocol_version: 1 };
    assert.deepEqual(moduleInitSchema.parse({ ...common, listen: '127.0.0.1:0' }), {
      ...common,
      listen: '127.0.0.1:0',
      ...rest,
    });
    assert.deepEqual(
      moduleInitSchema.parse({
        ...common,
        listen: { Unix: '/run/m.sock' },
        tcp_channel: { host: '127.0.0.1', port: 9901, tls_enabled: true, required: true },
      }),
      {
        ...common,
        listen: '/run/m.sock',
        tcp_channel: { address: '127.0.0.1:9901', tls_enabled: true, required: true },
        ...rest,
      },
    );
  });
});

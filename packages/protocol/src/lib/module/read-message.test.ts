import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MODULE_DEPTH_LIMIT } from './limits.ts';
import { readModuleMessage, readOrchestratorMessage } from './read-message.ts';

/** What each line of a module is. */
const FROM_MODULE: Record<string, unknown> = {
  '{"op":"heartbeat_ack"}': { kind: 'message', message: { op: 'heartbeat_ack' } },
  '{"op":"heartbeat_ack","since":1}': { kind: 'message', message: { op: 'heartbeat_ack' } },
  '  {"op":"heartbeat_ack"}\r': { kind: 'message', message: { op: 'heartbeat_ack' } },
  '{"op":"identify","module_id":"m","protocol_version":2}': {
    kind: 'message',
    message: { op: 'identify', module_id: 'm', protocol_version: 2 },
  },
  '{"op":"service_operation","id":"7","connection_id":"c","service_type":{"Custom":"x"},"operation":"o","params":null}': {
    kind: 'message',
    message: {
      op: 'service_operation',
      id: '7',
      connection_id: 'c',
      service_type: { Custom: 'x' },
      operation: 'o',
      params: null,
    },
  },
  '{"op":"http_response","request_id":"1","status_code":200,"headers":{"set-cookie":["a=1","b=2"]},"body":"aGk="}': {
    kind: 'message',
    message: { op: 'http_response', request_id: '1', status_code: 200, headers: { 'set-cookie': ['a=1', 'b=2'] }, body: 'aGk=' },
  },
  '{"op":"http_body","request_id":"1","data":"aGk=","last":true}': {
    kind: 'message',
    message: { op: 'http_body', request_id: '1', data: 'aGk=', last: true },
  },
  '{"op":"http_window","request_id":"1","bytes":65536}': {
    kind: 'message',
    message: { op: 'http_window', request_id: '1', bytes: 65_536 },
  },
  '{"op":"http_cancel","request_id":"1"}': { kind: 'message', message: { op: 'http_cancel', request_id: '1' } },
  '{"op":"spans","spans":[],"dropped":0}': { kind: 'message', message: { op: 'spans', spans: [], dropped: 0 } },
  '{"op":"teleport"}': { kind: 'unknown_op', op: 'teleport' },
  '{"op":"heartbeat"}': { kind: 'unknown_op', op: 'heartbeat' },
  '{"op":"__proto__"}': { kind: 'unknown_op', op: '__proto__' },
  '{"op":"get_secret"}': { kind: 'malformed', op: 'get_secret', issues: 'name' },
  '{"op":"http_response","request_id":"1","status_code":99}': { kind: 'malformed', op: 'http_response', issues: 'status_code' },
  '{"op":"http_response","request_id":"1","status_code":200,"body":[256]}': {
    kind: 'malformed',
    op: 'http_response',
    issues: 'body',
  },
  '{"op":"http_window","request_id":"1","bytes":-1}': { kind: 'malformed', op: 'http_window', issues: 'bytes' },
  '{"op":1}': { kind: 'noise' },
  '{"level":"info","msg":"listening"}': { kind: 'noise' },
  'listening on port 1': { kind: 'noise' },
  '{"op":"heartbeat_ack"': { kind: 'noise' },
  '[{"op":"heartbeat_ack"}]': { kind: 'noise' },
  null: { kind: 'noise' },
  '': { kind: 'noise' },
};

/** What each line of an orchestrator is. */
const FROM_ORCHESTRATOR: Record<string, unknown> = {
  '{"op":"heartbeat"}': { kind: 'message', message: { op: 'heartbeat' } },
  '{"op":"shutdown"}': { kind: 'message', message: { op: 'shutdown' } },
  '{"op":"service_operation_result","id":"7","success":true,"result":1}': {
    kind: 'message',
    message: { op: 'service_operation_result', id: '7', success: true, result: 1 },
  },
  '{"op":"service_operation_result","success":true,"result":1}': {
    kind: 'message',
    message: { op: 'service_operation_result', success: true, result: 1 },
  },
  '{"op":"secret_error","name":"K","error":"not_found"}': {
    kind: 'message',
    message: { op: 'secret_error', name: 'K', error: 'not_found' },
  },
  '{"op":"secret","name":"K","value":{"hidden":"hunter2"}}': { kind: 'malformed', op: 'secret', issues: 'value' },
  '{"op":"http_request","request_id":"1","method":"GET /","uri":"/"}': {
    kind: 'malformed',
    op: 'http_request',
    issues: 'method',
  },
  '{"op":"heartbeat_ack"}': { kind: 'unknown_op', op: 'heartbeat_ack' },
};

describe('readModuleMessage()', () => {
  it('reads each line for what it is', () => {
    for (const [line, expected] of Object.entries(FROM_MODULE)) assert.deepEqual(readModuleMessage(line), expected, line);
  });

  it('takes what is as deep as allowed, and says of the next level that it is too deep', () => {
    const operation = (depth: number): string =>
      `{"op":"service_operation","connection_id":"c","service_type":"Cache","operation":"o","params":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    assert.equal(readModuleMessage(operation(MODULE_DEPTH_LIMIT - 1)).kind, 'message');
    assert.equal(readModuleMessage(operation(MODULE_DEPTH_LIMIT)).kind, 'too_deep');
    assert.equal(readModuleMessage(operation(500_000)).kind, 'too_deep');
  });

  it('keeps nothing of names that belong to every object', () => {
    const read = readModuleMessage(
      '{"op":"http_response","request_id":"1","status_code":200,"headers":{"__proto__":"x","constructor":"y"},"__proto__":{"body":"z"}}',
    );
    assert.ok(read.kind === 'message' && read.message.op === 'http_response');
    assert.equal(read.message.body, undefined);
    assert.equal(Object.getPrototypeOf(read.message.headers), Object.prototype);
  });
});

describe('readOrchestratorMessage()', () => {
  it('reads each line for what it is, and repeats no value of a wrong one', () => {
    for (const [line, expected] of Object.entries(FROM_ORCHESTRATOR))
      assert.deepEqual(readOrchestratorMessage(line), expected, line);
  });
});

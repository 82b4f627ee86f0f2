import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { documentOf, pointersOf } from '../embedded/engine-fixture.ts';
import { httpCall } from '../http-call/http-call.ts';
import { openapiCall } from '../http-call/openapi-call.ts';
import { loadDefinition } from './load-definition.ts';

const FUNCTIONS = { http: httpCall(), openapi: openapiCall() };

/** Checks that a definition is refused, with these pointers and for this reason. */
function checkRefused(body: string, pointers: readonly string[], reason: RegExp): void {
  assert.throws(
    () => loadDefinition(documentOf('wrong', body), FUNCTIONS),
    (error: unknown) => {
      assert.ok(error instanceof PlatformError);
      assert.deepEqual(pointersOf(error), pointers);
      assert.match(JSON.stringify(error.details), reason);
      return true;
    },
  );
}

const checkTaken = (body: string): void => void loadDefinition(documentOf('right', body), FUNCTIONS);

describe('loadDefinition, reusable parts', () => {
  it('knows the policies and secrets that calls name', () => {
    const call = (policy: string): string =>
      `do: [{ ask: { call: http, with: { method: get, endpoint: { uri: 'http://h', authentication: ${policy} } } } }]`;
    const use = 'use: { secrets: [key], authentications: { office: { bearer: { use: key } } } }\n';
    checkTaken(use + call('{ use: office }'));
    checkTaken(use + call('{ basic: { use: key } }'));
    checkRefused(use + call('{ use: home }'), ['/do/0/ask/with/endpoint/authentication/use'], /use.authentications has none/);
    checkRefused(call('{ basic: { use: key } }'), ['/do/0/ask/with/endpoint/authentication/basic/use'], /use.secrets does not/);
    checkRefused(
      `use: { authentications: { a: { use: b } } }\ndo: [{ a: { set: { b: 1 } } }]`,
      ['/use/authentications/a'],
      /cannot be the name of another/,
    );
  });

  it('knows the secrets that expressions read', () => {
    const text = (names: string): string =>
      `use: { secrets: ${names} }\ndo: [{ a: { set: { b: '\${ $secrets["b"] + $secrets.a.c }' } } }]`;
    checkTaken(text('[a, b]'));
    checkRefused(text('[a]'), ['/do/0/a/set/b'], /does not name the secret \\"b\\"/);
    checkRefused(`do: [{ a: { set: { b: '\${ $secrets.a }' } } }]`, ['/do/0/a/set/b'], /variable \\"\$secrets\\" does not exist/);
  });

  it('refuses functions that call themselves or take the name of a standard one', () => {
    checkRefused(
      `use: { functions: { a: { do: [{ x: { call: b } }] }, b: { call: a }, http: { set: { n: 1 } } } }\ndo: [{ go: { call: a } }]`,
      ['/use/functions/a', '/use/functions/b', '/use/functions/http'],
      /calls itself.*the standard has one/,
    );
  });

  it('checks the tasks inside functions and extensions', () => {
    checkRefused(
      `
use:
  functions: { f: { do: [{ x: { call: nobody } }] } }
  extensions: [{ log: { extend: all, before: [{ y: { set: { n: '\${ $nope }' } } }], after: [{ z: { wait: { days: 1 }, then: y } }] } }]
do: [{ go: { call: f } }]`,
      ['/use/extensions/0/log/after/0/z', '/use/extensions/0/log/before/0/y/set/n', '/use/functions/f/do/0/x/call'],
      /there is no such function/,
    );
  });

  it('checks the arguments of the standard calls as far as they are certain', () => {
    checkRefused(`do: [{ a: { call: http, with: { method: get } } }]`, ['/do/0/a/with/endpoint'], /Cannot call/);
    checkRefused(
      `do: [{ a: { call: http, with: { methud: get, endpoint: '\${ .url }' } } }]`,
      ['/do/0/a/with', '/do/0/a/with/method'],
      /Unrecognized key: \\"methud\\"/,
    );
    checkTaken(
      `do: [{ a: { call: http, with: { method: '\${ .method }', endpoint: '\${ .url }', headers: '\${ .headers }' } } }]`,
    );
  });
});

describe('loadDefinition, what the standard has and this engine does not', () => {
  it('says why each cannot run, by its key', () => {
    checkRefused(
      `do: [{ a: { call: grpc, with: { proto: { endpoint: 'http://h/p' }, service: { name: S, host: h }, method: M } } }]`,
      ['/do/0/a/call'],
      /gRPC is not supported/,
    );
    checkRefused(`do: [{ a: { run: { shell: { command: ls } } } }]`, ['/do/0/a/run/shell'], /not run for definitions/);
    checkRefused(`do: [{ a: { run: { container: { image: i } } } }]`, ['/do/0/a/run/container'], /not run for definitions/);
  });

  it('says first what is wrong with their form', () => {
    checkRefused(
      `do: [{ a: { run: { shell: { cmd: ls } } } }]`,
      ['/do/0/a/run/shell', '/do/0/a/run/shell/command'],
      /Unrecognized/,
    );
    checkRefused(
      `do: [{ a: { call: asyncapi, with: { document: { endpoint: 'http://h' }, operation: o } } }]`,
      ['/do/0/a/with'],
      /either a message or a subscription/,
    );
  });
});

describe('loadDefinition, tasks that no way leads to', () => {
  it('refuses what stands after an end, an error or a jump', () => {
    const text = `
do:
  - a: { set: { n: 1 }, then: c }
  - b: { set: { n: 2 } }
  - c: { try: [{ x: { raise: { error: { type: 'http://e', status: 400 } } } }, { y: { set: { n: 3 } } }], catch: {} }
  - d: { switch: [{ one: { then: end } }] }
  - e: { set: { n: 4 } }`;
    checkRefused(text, ['/do/1/b', '/do/2/c/try/1/y', '/do/4/e'], /Cannot reach the task \\"b\\"/);
  });

  it('takes what a condition, a missing default, a loop or a caught error can lead to', () => {
    checkTaken(`
do:
  - a: { if: .stop, set: { n: 1 }, then: end }
  - b: { switch: [{ one: { when: .n, then: d } }] }
  - c: { for: { in: .items }, do: [{ x: { raise: { error: { type: 'http://e', status: 400 } } } }] }
  - d: { try: [{ x: { raise: { error: { type: 'http://e', status: 400 } } } }], catch: { do: [{ y: { set: { n: 1 }, then: exit } }] } }
  - e: { fork: { compete: true, branches: [{ x: { raise: { error: { type: 'http://e', status: 400 } } } }, { y: { set: { n: 1 } } }] } }
  - f: { set: { n: 5 } }`);
  });
});

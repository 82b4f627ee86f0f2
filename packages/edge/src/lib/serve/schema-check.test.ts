import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Json, type JsonObject, systemClock } from '@loopwright/protocol';
import { noJail } from '../sandbox/jail/jail.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { isNestedTooDeep } from './nesting.ts';
import { isPlainSchema } from './plain-schema.ts';
import { compileSchema } from './schema-check.ts';

let sandbox: Sandbox;

async function check(schema: JsonObject, value: Json): Promise<unknown> {
  const compiled = await compileSchema(schema, sandbox);
  return compiled(value, JSON.stringify(value));
}

describe('compileSchema', () => {
  before(async () => {
    sandbox = await openSandbox({ clock: systemClock, jail: noJail, workers: 1, timeoutMs: 1000 });
  });
  after(() => sandbox.close());

  it('gives the same issues here and in the sandbox', async () => {
    const plain = {
      type: 'object',
      properties: { a: { type: 'string', minLength: 2 } },
      required: ['a', 'b'],
      additionalProperties: false,
    };
    const guarded = { ...plain, properties: { a: { $ref: '#/$defs/text' } }, $defs: { text: { type: 'string', minLength: 2 } } };
    assert.deepEqual([isPlainSchema(plain), isPlainSchema(guarded)], [true, false]);
    const issues = [
      { pointer: '', message: "must have required property 'b'" },
      { pointer: '', message: 'must NOT have additional properties: "c"' },
      { pointer: '/a', message: 'must NOT have fewer than 2 characters' },
    ];
    assert.deepEqual(await check(plain, { a: 'x', c: 1 }), issues);
    assert.deepEqual(await check(guarded, { a: 'x', c: 1 }), issues);
    assert.deepEqual(await check({ type: 'array', uniqueItems: true }, [{ a: 1 }, { a: 1 }]), [
      { pointer: '', message: 'must NOT have duplicate items (items ## 0 and 1 are identical)' },
    ]);
    assert.deepEqual(await check({ type: 'string', pattern: '^\\p{L}+$' }, 'straße'), []);
  });

  it('is not held up by a pattern that backtracks', async () => {
    const compiled = await compileSchema({ type: 'string', pattern: '^(a+)+$' }, sandbox);
    const value = `${'a'.repeat(40)}b`;
    const started = compiled(value, JSON.stringify(value));
    const beat = await new Promise<string>((resolve) => {
      setImmediate(() => resolve('the event loop goes on'));
    });
    assert.equal(beat, 'the event loop goes on');
    assert.match(JSON.stringify(await started), /cannot be checked/u);
  });

  it('takes draft 7 and the empty schema, and refuses what is no schema', async () => {
    assert.deepEqual(await check({ $schema: 'http://json-schema.org/draft-07/schema#', type: 'number' }, 1), []);
    assert.deepEqual(await check({}, [1, 'x']), []);
    await assert.rejects(compileSchema({ type: 'strin' }, sandbox), { code: 'INVALID_PROGRAM' });
    await assert.rejects(compileSchema({ pattern: '(' }, sandbox), { code: 'INVALID_PROGRAM' });
    await assert.rejects(compileSchema({ $ref: 'https://example.com/other.json' }, sandbox), { code: 'INVALID_PROGRAM' });
  });
});

describe('isNestedTooDeep', () => {
  it('counts brackets outside of strings', () => {
    assert.equal(isNestedTooDeep(`${'['.repeat(500)}${']'.repeat(500)}`), false);
    assert.equal(isNestedTooDeep(`${'['.repeat(501)}${']'.repeat(501)}`), true);
    assert.equal(isNestedTooDeep(JSON.stringify(['\\"[{'.repeat(1000)])), false);
    assert.equal(isNestedTooDeep(JSON.stringify(Array.from({ length: 1000 }, () => [{}]))), false);
  });
});

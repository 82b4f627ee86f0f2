import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FormField, draftsOf, fits, formOf, parseJson, valueOf } from './schema-form.ts';

const schema = {
  type: 'object',
  required: ['text', 'amount', 'kind'],
  properties: {
    text: { type: 'string', title: 'Text' },
    amount: { type: 'integer', minimum: 1, maximum: 9 },
    kind: { enum: ['a', 2, null] },
    urgent: { type: 'boolean' },
    'a/b~': { type: 'object', properties: { inner: { type: 'number' } } },
    list: { type: 'array', items: { type: 'string' } },
  },
};
const form: FormField = formOf(schema);

describe('the form of a JSON Schema', () => {
  it('makes the value that was typed, and leaves out what is optional and empty', () => {
    const drafts = { '/text': '', '/amount': '3', '/kind': '2', '/a~1b~0/inner': '1.5', '/list': '["x"]' };
    const { value, problems } = valueOf(form, drafts);
    assert.deepEqual([...problems], []);
    assert.deepEqual(value, { text: '', amount: 3, kind: null, 'a/b~': { inner: 1.5 }, list: ['x'] });
    assert.ok(fits(form, value ?? null));
    assert.deepEqual(valueOf(form, draftsOf(form, value)).value, value);
  });

  it('says what is wrong, field by field', () => {
    const problem = (drafts: Record<string, string>): Record<string, string> =>
      Object.fromEntries(valueOf(form, drafts).problems);
    assert.deepEqual(problem({ '/amount': '1.5', '/kind': '0' }), { '/amount': 'A whole number is needed' });
    assert.deepEqual(problem({ '/amount': '10', '/list': '[', '/a~1b~0/inner': 'x' }), {
      '/amount': 'At most 9',
      '/kind': 'A value is needed',
      '/a~1b~0/inner': 'This is no number',
      '/list': 'This is no JSON',
    });
  });

  it('has controls for what may be missing and for scalars of several kinds, as learned programs take them', () => {
    const scalars = ['string', 'number', 'boolean', 'null'];
    const record = formOf({
      type: 'object',
      required: ['age'],
      properties: { age: { type: ['number', 'null'] }, city: { type: ['string', 'null'] }, any: { type: scalars } },
    });
    const kinds = record.kind === 'object' ? record.fields.map(({ field }) => field.kind) : [];
    assert.deepEqual(kinds, ['number', 'text', 'scalar']);
    const made = (drafts: Record<string, string>): unknown => valueOf(record, drafts).value;
    assert.deepEqual(made({}), { age: null });
    assert.deepEqual(made({ '/age': '7', '/city': 'Rome', '/any': '12' }), { age: 7, city: 'Rome', any: 12 });
    assert.deepEqual(made({ '/any': '"12"' }), { age: null, any: '12' });
    assert.deepEqual(made({ '/any': 'twelve' }), { age: null, any: 'twelve' });
    for (const any of ['12', 12, true, 'true', 'x', '"x"']) assert.ok(fits(record, { age: null, any }), JSON.stringify(any));
    const whole = formOf({ type: ['integer', 'boolean'] });
    assert.deepEqual([...valueOf(whole, { '': '1.5' }).problems.values()], ['One of: integer, boolean']);
  });

  it('takes JSON for what it has no control for, and says when a value has no place in it', () => {
    for (const odd of [
      {},
      { type: ['object', 'string'] },
      { anyOf: [] },
      { $ref: '#/x' },
      { type: 'array' },
      null,
      { type: 'object' },
    ])
      assert.equal(formOf(odd).kind, 'json', JSON.stringify(odd));
    let deep: object = { type: 'string' };
    for (let level = 0; level < 50; level++) deep = { type: 'object', properties: { deep } };
    assert.equal(formOf(deep).kind, 'object');
    assert.equal(fits(form, { text: 'x', amount: 1, kind: 'a', more: 1 }), false);
    assert.equal(fits(form, 'text'), false);
    assert.equal(formOf({ type: 'object', properties: JSON.parse('{"__proto__":{"type":"string"}}') }).kind, 'json');
    assert.equal(parseJson('{'), undefined);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type JsonSchema, exampleOf, schemaRows, typeOf } from './schema-rows.ts';

const NAMED: Readonly<Record<string, JsonSchema>> = {
  Json: { anyOf: [{ type: 'string' }, { type: 'array', items: { $ref: '#/components/schemas/Json' } }] },
  Tree: {
    type: 'object',
    properties: { name: { type: 'string' }, below: { $ref: '#/components/schemas/Tree' } },
    required: ['name'],
  },
};
const rows = (schema: JsonSchema): readonly (readonly [string, string, boolean, string])[] =>
  schemaRows(schema, NAMED).map(({ name, type, required, notes }) => [name, type, required, notes]);

describe('schemaRows()', () => {
  it('has a row for each field, those of lists and of objects below objects too', () => {
    const limits = {
      type: 'object',
      properties: { tokens: { type: ['integer', 'null'], minimum: 0, maximum: 9_007_199_254_740_991 } },
    };
    const schema: JsonSchema = {
      type: 'object',
      required: ['name', 'runs'],
      properties: {
        name: { type: 'string', minLength: 1, maxLength: 63, description: 'What it is called' },
        mode: { type: 'string', enum: ['manual', 'auto'], default: 'manual' },
        limits,
        runs: {
          type: 'array',
          items: { type: 'object', required: ['id'], properties: { id: { type: 'string', format: 'date-time' } } },
        },
        inputs: { type: 'object', additionalProperties: { $ref: '#/components/schemas/Json' } },
      },
    };
    assert.deepEqual(rows(schema), [
      ['name', 'text', true, 'What it is called; 1 to 63 characters'],
      ['mode', '"manual" or "auto"', false, 'left out: "manual"'],
      ['limits', 'object', false, ''],
      ['limits.tokens', 'whole number or null', false, '0 at the least'],
      ['runs', 'list of object', true, ''],
      ['runs[].id', 'instant', true, ''],
      ['inputs', 'object', false, ''],
    ]);
  });

  it('puts the forms of a value together, in which only what all need is needed', () => {
    const form = (kind: string, more: JsonSchema): JsonSchema => ({
      type: 'object',
      required: ['kind', ...Object.keys(more)],
      properties: { kind: { const: kind }, ...more },
    });
    assert.deepEqual(rows({ anyOf: [form('a', { size: { type: 'number' } }), form('b', {}), { type: 'null' }] }), [
      ['kind', '"a" or "b"', true, ''],
      ['size', 'number', false, ''],
    ]);
  });

  it('ends where a schema contains itself, and says any JSON for what may be anything', () => {
    const tree = rows({ $ref: '#/components/schemas/Tree' });
    assert.deepEqual(tree.slice(0, 2), [
      ['name', 'text', true, ''],
      ['below', 'object', false, ''],
    ]);
    assert.ok(tree.length < 20);
    assert.deepEqual(rows({ $ref: '#/components/schemas/Json' }), [['', 'any JSON', true, '']]);
    assert.equal(typeOf({ type: 'array', items: { $ref: '#/components/schemas/Json' } }, NAMED), 'list of any JSON');
  });
});

describe('exampleOf()', () => {
  it('gives what must be there only, of the kind that is expected', () => {
    const properties = { name: { type: 'string' }, count: { type: 'integer', minimum: 3 }, note: { type: 'string' } };
    assert.deepEqual(exampleOf({ type: 'object', required: ['name', 'count'], properties }, NAMED), { name: '…', count: 3 });
    assert.deepEqual(exampleOf({ anyOf: [{ type: 'null' }, { type: 'string' }], default: 'x' }, NAMED), 'x');
    assert.deepEqual(exampleOf({ $ref: '#/components/schemas/Tree' }, NAMED), { name: '…' });
  });
});

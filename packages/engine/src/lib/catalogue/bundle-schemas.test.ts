import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PlatformError } from '@loopwright/protocol';
import { loadDefinition } from '../definition/load-definition.ts';
import { documentOf, journalDir, openEngine, pointersOf, startOne, untilStatus } from '../embedded/engine-fixture.ts';
import { loadWithCatalogues } from './load-with-catalogues.ts';

const ORDER = 'https://schemas.example/order.yaml';
const BODY = `
input: { schema: { resource: { name: order, endpoint: { uri: '${ORDER}' } } } }
do:
  - with: { do: [{ set: { set: { n: '\${ .n }' }, output: { schema: { format: 'json:draft-07', resource: { endpoint: '${ORDER}' } } } } }] }`;

/** A place where schemas lie, and what was read from it. */
function resources(files: Record<string, string>): { read: (uri: string) => Promise<string>; asked: string[] } {
  const asked: string[] = [];
  const read = async (uri: string): Promise<string> => {
    asked.push(uri);
    const text = files[uri];
    if (text === undefined) throw new Error('it answered 404');
    return text;
  };
  return { read, asked };
}

const yaml = (most: number): string => `type: object\nproperties: { n: { type: integer, maximum: ${most} } }\nrequired: [n]\n`;

describe('schemas of resources', () => {
  it('are read once with the definition, in YAML too, and are a part of it that later changes do not touch', async () => {
    const { read, asked } = resources({ [ORDER]: yaml(5) });
    const definition = await loadWithCatalogues(documentOf('orders', BODY), {}, read);
    assert.deepEqual(asked, [ORDER]);
    assert.deepEqual((definition.source['input'] as { schema: unknown }).schema, {
      document: { type: 'object', properties: { n: { type: 'integer', maximum: 5 } }, required: ['n'] },
    });
    const later = await loadWithCatalogues(documentOf('orders', BODY), {}, resources({ [ORDER]: yaml(9) }).read);
    assert.notEqual(later.digest, definition.digest);
    await using engine = await openEngine(journalDir(), {}, {});
    await engine.register(definition);
    const { execution } = await startOne(engine, 'orders', { n: 5 });
    assert.deepEqual((await untilStatus(engine, execution.id, 'completed')).output, { n: 5 });
    await assert.rejects(startOne(engine, 'orders', { n: 6 }), { code: 'VALIDATION_ERROR' });
  });

  it('are refused where they stand when they cannot be read, or ask for what is only known later', async () => {
    const schema = (resource: string): string => `do: [{ a: { set: {}, output: { schema: { resource: ${resource} } } } }]`;
    const { read } = resources({ 'https://h/list': '[1]', 'https://h/wrong': 'type: 5', 'https://h/deep': '{"a":'.repeat(2000) });
    for (const [resource, reason] of [
      [`{ endpoint: 'https://h/none' }`, /it answered 404/],
      [`{ endpoint: 'https://h/list' }`, /is not an object/],
      [`{ endpoint: 'https://h/deep' }`, /nested deeper/],
      [`{ endpoint: 'https://h/{version}' }`, /before there is any data/],
      [`{ endpoint: '\${ $secrets.uri }' }`, /before there is any data/],
      [`{ endpoint: { uri: 'https://h/list', authentication: { use: x } } }`, /a URI without authentication/],
      [`{ uri: 'https://h/list' }`, /a resource has an endpoint/],
    ] as const) {
      await assert.rejects(loadWithCatalogues(documentOf('w', schema(resource)), {}, read), (error: unknown) => {
        assert.ok(error instanceof PlatformError);
        assert.match(error.message, reason);
        assert.deepEqual(pointersOf(error), ['/do/0/a/output/schema/resource']);
        return true;
      });
    }
    await assert.rejects(
      loadWithCatalogues(documentOf('w', schema(`{ endpoint: 'https://h/wrong' }`)), {}, read),
      /Cannot use the schema/,
    );
    assert.throws(() => loadDefinition(documentOf('w', BODY), {}), /is not among those that were read with the definition/);
  });
});

describe('the format of a schema', () => {
  const load = (format: string, document: string): unknown =>
    loadDefinition(
      documentOf('w', `output: { schema: { format: '${format}', document: ${document} } }\ndo: [{ a: { set: '\${ .x }' } }]`),
      {},
    );

  it('names the draft of JSON Schema that data is checked by', async () => {
    const drafts = [
      // A list of schemas for the items of an array, in the words of each draft.
      ['json:draft-06', '{ items: [{ type: string }], additionalItems: false }'],
      ['json:draft-07', '{ items: [{ type: string }], additionalItems: false }'],
      ['json:2019-09', '{ items: [{ type: string }], additionalItems: false }'],
      ['json:2020-12', '{ prefixItems: [{ type: string }], items: false }'],
      ['json', '{ $schema: "http://json-schema.org/draft-07/schema#", items: [{ type: string }], additionalItems: false }'],
      ['json', '{ prefixItems: [{ type: string }], items: false }'],
    ] as const;
    const bodies = drafts.map(([format, document], index) => [
      `w${index}`,
      `output: { schema: { format: '${format}', document: ${document} } }\ndo: [{ a: { set: '\${ .x }' } }]`,
    ]);
    await using engine = await openEngine(journalDir(), {}, Object.fromEntries(bodies));
    for (const [index, [format]] of drafts.entries()) {
      const { execution: fits } = await startOne(engine, `w${index}`, { x: ['a'] });
      await untilStatus(engine, fits.id, 'completed');
      const { execution: longer } = await startOne(engine, `w${index}`, { x: ['a', 1] });
      assert.match(JSON.stringify((await untilStatus(engine, longer.id, 'failed')).error), /errors\/validation/, format);
    }
  });

  it('is refused when there is no such draft, or the schema says another one', () => {
    for (const format of ['xml', 'json:', 'json:draft-04', 'json:9', 'avro:1.0', 'jsonschema'])
      assert.throws(() => load(format, '{ type: object }'), /is not supported: it is/, format);
    const seven = '{ $schema: "http://json-schema.org/draft-07/schema#" }';
    assert.throws(() => load('json:2020-12', seven), /its format says 2020-12 and its "\$schema" draft-07/);
    assert.throws(
      () => load('json', '{ $schema: "http://json-schema.org/draft-04/schema#" }'),
      /its "\$schema" is not supported/,
    );
  });

  it('is checked in what is done with each event too', () => {
    const each = `do: [{ a: { listen: { to: { one: { with: { type: t } } } }, foreach: { output: { schema: { format: xml, document: {} } } } } }]`;
    assert.throws(() => loadDefinition(documentOf('w', each), {}), /Cannot use the schema: the format "xml"/);
  });
});

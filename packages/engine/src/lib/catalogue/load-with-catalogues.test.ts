import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Json, PlatformError } from '@loopwright/protocol';
import { documentOf, journalDir, openEngine, pointersOf, startOne, untilStatus } from '../embedded/engine-fixture.ts';
import { httpCall } from '../http-call/http-call.ts';
import { documentUri } from './function-reference.ts';
import { loadWithCatalogues } from './load-with-catalogues.ts';

/** A catalogue that can be changed, and what was read from it. */
function catalogue(files: Record<string, string>): { read: (uri: string) => Promise<string>; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    read: async (uri) => {
      asked.push(uri);
      const text = files[uri];
      if (text === undefined) throw new Error('it answered 404');
      return text;
    },
  };
}

const BODY = `
use: { catalogs: { global: { endpoint: { uri: 'http://c/root' } } }, secrets: [key], functions: { own: { set: { n: 0 } } } }
do: [{ a: { call: 'add:1.0.0@global', with: { n: 1 } } }]`;
const ADD = 'http://c/root/functions/add/1.0.0/function.yaml';

describe('loadWithCatalogues', () => {
  it('makes the functions a part of the definition, which a change of the catalogue does not touch', async () => {
    const files = { [ADD]: `{ do: [{ x: { call: 'http://c/inc' } }] }`, 'http://c/inc': `{ set: { n: '\${ .n + 1 }' } }` };
    const { read, asked } = catalogue({
      ...files,
      'http://c/inc': `{ input: { from: '\${ { n: 5 } }' }, set: { n: '\${ .n + 1 }' } }`,
    });
    const definition = await loadWithCatalogues(documentOf('adds', BODY), {}, read);
    assert.deepEqual(asked, [ADD, 'http://c/inc']);
    const after = await loadWithCatalogues(documentOf('adds', BODY), {}, catalogue(files).read);
    assert.notEqual(after.digest, definition.digest);
    await using engine = await openEngine(journalDir(), {}, {}, { secrets: () => 'k' });
    await engine.register(definition);
    const { execution } = await startOne(engine, 'adds');
    assert.deepEqual((await untilStatus(engine, execution.id, 'completed')).output, { n: 6 });
  });

  it('refuses what cannot be read, at the call', async () => {
    const { read } = catalogue({});
    await assert.rejects(loadWithCatalogues(documentOf('adds', BODY), {}, read), (error: unknown) => {
      assert.ok(error instanceof PlatformError);
      assert.deepEqual(pointersOf(error), ['/do/0/a/call']);
      assert.match(error.message, /it answered 404/);
      return true;
    });
    const unknown = documentOf('adds', `do: [{ a: { call: 'add:1.0.0@other' } }]`);
    await assert.rejects(loadWithCatalogues(unknown, {}, read), /use.catalogs has no catalogue of that name/);
  });

  it('gives such a function neither secrets nor policies', async () => {
    for (const [text, reason] of [
      [`{ set: { leak: '\${ $secrets.key }' } }`, /"\$secrets" does not exist/],
      [
        `{ call: http, with: { method: get, endpoint: { uri: 'http://h', authentication: { basic: { use: key } } } } }`,
        /use.secrets does not name it/,
      ],
      [`{ call: own }`, /there is no such function/],
    ] as const) {
      const { read } = catalogue({ [ADD]: text });
      await assert.rejects(loadWithCatalogues(documentOf('adds', BODY), { http: httpCall() }, read), reason);
    }
  });

  it('gives it none by the name of a policy that an expression makes', async () => {
    const ask = `{ call: http, with: { method: get, endpoint: '\${ { uri: "http://127.0.0.1:1/", authentication: { basic: { use: "key" } } } }' } }`;
    const definition = await loadWithCatalogues(documentOf('adds', BODY), { http: httpCall() }, catalogue({ [ADD]: ask }).read);
    const secrets = (): Json => ({ username: 'u', password: 'p' });
    await using engine = await openEngine(journalDir(), {}, {}, { secrets });
    await engine.register(definition);
    const { execution } = await startOne(engine, 'adds');
    const { error } = await untilStatus(engine, execution.id, 'failed');
    assert.match(JSON.stringify(error), /Cannot authenticate with the secret \\"key\\": there is none/);
  });

  it('asks for the raw document of a page on GitHub', () => {
    const root = new Map([['g', 'https://github.com/o/r/tree/dev']]);
    assert.equal(
      documentUri('f:1.0.0@g', root),
      'https://raw.githubusercontent.com/o/r/refs/heads/dev/functions/f/1.0.0/function.yaml',
    );
    assert.equal(documentUri('f:1.0.0@h', root), undefined);
  });
});

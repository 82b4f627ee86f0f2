import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Json, type JsonObject, PlatformError } from '@loopwright/protocol';
import { loadDefinition, loadWovenDefinition } from './load-definition.ts';

const HEAD = "document: { dsl: '1.0.3', namespace: test, name: places, version: '1.0.0' }\n";

function issuesOf(text: string): Json {
  try {
    loadDefinition(text, {});
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'INVALID_DEFINITION') {
      const issues = error.details?.['issues'];
      assert.ok(Array.isArray(issues));
      return issues.map((issue) => {
        assert.ok(issue !== null && typeof issue === 'object' && !Array.isArray(issue));
        return [issue['pointer'] ?? null, issue['line'] ?? null, issue['column'] ?? null];
      });
    }
    throw error;
  }
  throw new Error('Cannot check the issues: the definition was taken');
}

describe('loadDefinition', () => {
  it('says where each issue stands, by the key that is wrong', () => {
    const text = `${HEAD}do:\n  - look:\n      call: nobody\n  - pick:\n      set:\n        a: "\${ $nobody }"\n`;
    assert.deepEqual(issuesOf(text), [
      ['/do/0/look/call', 4, 7],
      ['/do/1/pick/set/a', 7, 9],
    ]);
  });

  it('points to the part around a member that is missing', () => {
    assert.deepEqual(issuesOf(HEAD), [['/do', 1, 1]]);
  });

  it('counts lines and columns in JSON as well', () => {
    const head = '{"document":{"dsl":"1.0.3","namespace":"test","name":"places","version":"1.0.0"},\n';
    assert.deepEqual(issuesOf(`${head} "do":[{"go":{"set":{},"then":"nowhere"}}]}`), [['/do/0/go', 2, 9]]);
  });

  it('checks tasks whose names are keys of the language, and takes no name for a key', () => {
    const named = (name: string): string => `  - ${name}: { if: '$nobody', set: { a: '\${ $noone }', if: '$data' } }\n`;
    const names = ['set', 'with', 'schema', 'metadata', 'document', 'for', 'catch'];
    assert.deepEqual(
      issuesOf(`${HEAD}do:\n${names.map(named).join('')}`),
      names.flatMap((name, index) => [
        [`/do/${index}/${name}/if`, index + 3, 9 + name.length],
        [`/do/${index}/${name}/set/a`, index + 3, 31 + name.length],
      ]),
    );
  });

  it('escapes names in its pointers', () => {
    const text = `${HEAD}do:\n  - a/b~c:\n      do:\n        - in: { set: { x: '\${ $nobody }' } }\n`;
    assert.deepEqual(issuesOf(text), [['/do/0/a~1b~0c/do/0/in/set/x', 5, 24]]);
    assert.deepEqual(issuesOf(`${HEAD}do:\n  - a/b:\n      call: nobody\n`), [['/do/0/a~1b/call', 4, 7]]);
  });

  it('refuses a million brackets before it reads them', () => {
    assert.throws(() => loadDefinition('['.repeat(1024 * 1024), {}), /nested deeper than 100 levels/);
    assert.throws(() => loadDefinition(`${'{"a":'.repeat(1001)}1`, {}), /nested deeper than 100 levels/);
  });

  it('points into text that is not YAML, and to the start of what is no object', () => {
    assert.deepEqual(issuesOf('do: [1,\n'), [['', 2, 1]]);
    assert.deepEqual(issuesOf('- 1'), [['', 1, 1]]);
  });
});

describe('loadWovenDefinition', () => {
  it('gives what the text of the same document gives', () => {
    const loaded = loadDefinition(`${HEAD}do: [{ one: { set: { a: "\${ .b }" } } }]`, {});
    assert.deepEqual(loadWovenDefinition(loaded.source, {}), loaded);
  });

  it('refuses what weaving can break, with its place: the form, a name that is twice there, a function that is not', () => {
    const { source } = loadDefinition(`${HEAD}do: [{ one: { set: { a: 1 } } }]`, {});
    const weave = (...tasks: JsonObject[]): JsonObject => ({ ...source, do: [...(source['do'] as Json[]), ...tasks] });
    assert.deepEqual(refusedAt(weave({ one: { set: { a: 2 } } })), ['/do/1/one']);
    assert.deepEqual(refusedAt(weave({ two: { call: 'nobody' } })), ['/do/1/two/call']);
    assert.deepEqual(refusedAt(weave({ two: { nothing: 1 } })), ['/do/1/two']);
  });
});

function refusedAt(document: JsonObject): Json[] {
  try {
    loadWovenDefinition(document, {});
  } catch (error) {
    assert.ok(error instanceof PlatformError && error.code === 'INVALID_DEFINITION');
    const issues = error.details?.['issues'];
    assert.ok(Array.isArray(issues));
    return issues.map((issue) =>
      issue !== null && typeof issue === 'object' && !Array.isArray(issue) ? (issue['pointer'] ?? null) : null,
    );
  }
  return [];
}

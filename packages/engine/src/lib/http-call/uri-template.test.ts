import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WorkflowError } from '../interpreter/workflow-error.ts';
import { expandUri, parseUrl } from './uri-template.ts';

const failsAs = (type: string) => (error: unknown) => error instanceof WorkflowError && error.document.type.endsWith(`/${type}`);

describe('expandUri()', () => {
  it('fills top-level members and encodes all but unreserved characters', () => {
    const values = { id: 7, name: "a b/c?d#é!'()*", on: true, none: null, 'pet.id': 'x' };
    assert.equal(expandUri('http://h/{id}/{on}', values), 'http://h/7/true');
    assert.equal(expandUri('http://h/{name}', values), 'http://h/a%20b%2Fc%3Fd%23%C3%A9%21%27%28%29%2A');
    assert.equal(expandUri('http://h/{pet.id}?q={none}{missing}', values), 'http://h/x?q=');
    assert.equal(expandUri('http://h/{length}', ['array']), 'http://h/');
    assert.equal(expandUri('http://h/{toString}', {}), 'http://h/');
  });

  it('refuses objects, and values that would climb out of their segment', () => {
    assert.throws(() => expandUri('http://h/{pet}', { pet: { id: 1 } }), failsAs('expression'));
    assert.throws(() => expandUri('http://h/pets/{id}', { id: '..' }), failsAs('expression'));
    assert.throws(() => expandUri('http://h/pets/{a}{b}/x', { a: '.', b: '.' }), failsAs('expression'));
    assert.equal(expandUri('http://h/pets/{id}', { id: '..x' }), 'http://h/pets/..x');
  });
});

describe('parseUrl()', () => {
  it('takes http and https only, and no credentials', () => {
    assert.equal(parseUrl('https://h/a?b').href, 'https://h/a?b');
    for (const uri of ['file:///etc/passwd', '/relative', 'data:text/plain,x', 'http://', `http://h/${'a'.repeat(8192)}`]) {
      assert.throws(() => parseUrl(uri), failsAs('configuration'), uri);
    }
    assert.throws(
      () => parseUrl('http://ann:s3cret@h/'),
      (error: Error) => failsAs('configuration')(error) && !error.message.includes('s3cret'),
    );
  });
});

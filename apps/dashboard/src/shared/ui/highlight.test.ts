import assert from 'node:assert/strict';
import { it } from 'node:test';
import { highlightedLines } from './highlight.ts';

const textOf = (name: string, text: string): string =>
  highlightedLines(name, text)
    .map((line) => line.map((token) => token.text).join(''))
    .join('\n');

it('colours what it knows, and loses no sign of any text', () => {
  for (const name of ['a.ts', 'a.py', 'a.json', 'a.yaml', 'a.unknown', 'constructor', 'a.__proto__']) {
    const text = 'const a: number = 1; // "x"\n\n\tdef f(): return {\n"b": [1, null]}\n<>&\u{1F600}';
    assert.equal(textOf(name, text), text, name);
  }
  const [first = []] = highlightedLines('a.ts', 'const a = 1;');
  assert.deepEqual(first.find(({ text }) => text === 'const')?.classes, 'tok-keyword');
});

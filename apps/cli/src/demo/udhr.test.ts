import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UDHR_LANGUAGES, readUdhr } from './udhr.ts';

describe('readUdhr', () => {
  it('gives at least 40 sentences for each of at least 16 languages', async () => {
    const { examples, languages } = await readUdhr();
    assert.ok(languages.length >= 16);
    for (const language of languages) {
      const count = examples.filter((example) => example.output === language).length;
      assert.ok(count >= 40, `${language}: ${count}`);
    }
  });

  it('gives single sentences without markup, numbering and repetition', async () => {
    const { examples } = await readUdhr();
    const texts = examples.map((example) => example.input.text);
    assert.equal(new Set(texts).size, texts.length);
    assert.deepEqual(
      texts.filter((text) => /<|&(?:amp|lt|#\d+);|^\(?\d+[).]/u.test(text)),
      [],
    );
    assert.ok(texts.includes('Everyone has the right to life, liberty and the security of person.'));
  });

  it('reads only the languages that are asked for', async () => {
    const { examples, languages } = await readUdhr({ languages: ['en', 'ja'] });
    assert.deepEqual(languages, ['en', 'ja']);
    assert.deepEqual(new Set(examples.map((example) => example.output)), new Set(['en', 'ja']));
    assert.ok(UDHR_LANGUAGES.includes('ja'));
  });

  it('refuses a language that it does not know', async () => {
    await assert.rejects(readUdhr({ languages: ['xx'] }), RangeError);
  });
});

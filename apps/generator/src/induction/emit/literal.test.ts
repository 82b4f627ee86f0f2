import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { commentText, literal, markdownText } from './literal.ts';

const HOSTILE = 'a"b\'c`${d}\\e\n\r\t\u2028\u2029\u202e\ufeff\0\ud800</script>*/<!--é日🙂';

describe('literal', () => {
  it('reads back as the same value, on one line, with nothing invisible', () => {
    const text = literal([HOSTILE, { [HOSTILE]: -0.5 }, null, true]);
    assert.deepEqual(JSON.parse(text), [HOSTILE, { [HOSTILE]: -0.5 }, null, true]);
    assert.deepEqual(runInNewContext(`JSON.stringify(${text})`), JSON.stringify([HOSTILE, { [HOSTILE]: -0.5 }, null, true]));
    assert.doesNotMatch(text, /[\n\r\u2028\u2029\u202e\ufeff\0]|<\/|\*\//u);
    assert.match(text, /é日🙂/u);
  });
});

describe('commentText', () => {
  it('is one line without an end of a comment', () => {
    assert.doesNotMatch(commentText(HOSTILE), /<\/|[\n\r\u2028\u2029\u202e\0]|\*\//u);
    assert.equal(commentText('a'.repeat(300)).length, 201);
  });
});

describe('markdownText', () => {
  it('escapes what has a meaning in Markdown', () => {
    assert.equal(markdownText('[a](b) | <i>*c*'), String.raw`\[a\]\(b\) \| \<i\>\*c\*`);
    assert.doesNotMatch(markdownText('# a\n\n- b'), /\n/u);
  });
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Question } from '@loopwright/protocol';
import { answerOf, initialValue, problemOf } from './answer-values.ts';

const question = (answer_type: Question['answer_type'], more: Partial<Question> = {}): Question => ({
  id: 'ONE',
  text: 'Which?',
  priority: 'must',
  answer_type,
  required: true,
  blocking: true,
  ...more,
});

it('each kind of answer is sent as what it is', () => {
  assert.equal(answerOf(question('number'), '0.95'), 0.95);
  assert.equal(answerOf(question('yes_no'), 'yes'), true);
  assert.deepEqual(answerOf(question('multi_choice'), ['a', 'b']), ['a', 'b']);
  assert.deepEqual(answerOf(question('json_object'), '{"a":1}'), { a: 1 });
  assert.equal(answerOf(question('free_text'), 'words'), 'words');
  assert.equal(answerOf(question('free_text', { required: false }), ''), undefined);
});

it('a default stands in the form before anybody types', () => {
  assert.equal(initialValue(question('number', { default: 0.95 })), '0.95');
  assert.equal(initialValue(question('yes_no', { default: false })), 'no');
  assert.deepEqual(initialValue(question('multi_choice', { default: ['a'] })), ['a']);
});

it('says what is wrong before it is sent', () => {
  assert.equal(problemOf(question('free_text'), undefined), 'An answer is needed');
  assert.equal(problemOf(question('number'), 'many'), 'This is no number');
  assert.equal(problemOf(question('number', { minimum: 1 }), '0'), 'At least 1');
  assert.equal(problemOf(question('json_object'), '[1]'), 'This is no JSON object');
  assert.equal(problemOf(question('free_text', { required: false }), undefined), undefined);
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LabelledExample } from '@loopwright/protocol';
import { classScores, verdictsOf } from '../judge.ts';
import { crossValidateBaselines, judgeBaselines } from './baselines.ts';
import { measureData } from './measure-data.ts';
import { measureShape } from './measure-shape.ts';
import { nearDuplicates } from './near-duplicates.ts';
import { runAnalysis } from './run-analysis.ts';
import { scriptOf } from './script-of.ts';

const texts = (...pairs: readonly (readonly [string, string])[]): LabelledExample[] =>
  pairs.map(([input, output]) => ({ input, output }));
const LONG = 'your parcel could not be delivered today because nobody was at home so please call the office before noon';

describe('nearDuplicates', () => {
  it('finds texts that share most of their words in order, and no others', () => {
    const { pairs, texts: count } = nearDuplicates([
      LONG,
      'something else entirely was written in this other message here',
      LONG.replace('noon', 'five'),
      LONG,
    ]);
    assert.deepEqual(pairs, [
      [0, 2],
      [2, 3],
    ]);
    assert.equal(count, 3, 'equal texts are no near ones, but both are near to the third');
  });

  it('does not tell numbers, case and spaces apart', () => {
    assert.equal(nearDuplicates(['Code 1234', 'code   99']).texts, 2);
    assert.equal(nearDuplicates(['Code 1234', 'codes 99']).texts, 0);
  });

  it('copes with thousands of copies of one text', () => {
    const copies = Array.from({ length: 5000 }, (_, index) => `${LONG} ${'x'.repeat(index % 7)}`);
    assert.ok(nearDuplicates(copies).texts > 4000);
  });
});

describe('measureData', () => {
  const train = texts(
    [LONG, 'late'],
    ['this is spam, the label says so', 'spam'],
    ['hello', 'ham'],
    ['hello', 'ham'],
    ['hello', 'spam'],
    ['', 'ham'],
    ['привет, как дела', 'ham'],
    ['bad \uFFFD text', 'ham'],
  );
  const holdout = texts([LONG.replace('noon', 'five'), 'early'], ['is this ham or not', 'spam']);
  const facts = measureData({ train, holdout });

  it('counts what is wrong with texts', () => {
    assert.deepEqual([facts.kind, facts.count, facts.classes, facts.empty, facts.damaged], ['text', 10, 4, 1, 1]);
    assert.deepEqual(facts.duplicates, { exact: 1, near: 2, near_compared: 10, near_over_split: 1, exact_over_split: 0 });
    assert.deepEqual([facts.conflicts.inputs, facts.conflicts.near_pairs], [1, 1]);
    assert.deepEqual([facts.leakage.label_in_text, facts.leakage.other_label_in_text], [1, 1]);
    assert.deepEqual(facts.scripts, [
      { script: 'Latin', count: 8 },
      { script: 'None', count: 1 },
      { script: 'Cyrillic', count: 1 },
    ]);
    assert.deepEqual(
      facts.labels.find(({ label }) => label === 'early'),
      { label: 'early', count: 1, train: 0, holdout: 1 },
    );
    assert.match(facts.warnings.join('\n'), /nearly repeat one that the program learns from/);
  });

  it('finds the field that gives the label away, and not one whose values never repeat', () => {
    const rows = Array.from({ length: 40 }, (_, index) => ({
      input: { id: index, code: index % 2 === 0 ? 'A' : 'B', note: index % 3, gap: index > 5 ? null : 1 },
      output: index % 2 === 0 ? 'yes' : 'no',
    }));
    const { leakage, fields, kind, duplicates } = measureData({ train: rows, holdout: [] });
    assert.deepEqual([kind, leakage.fields, duplicates.near], ['tabular', ['code'], null]);
    assert.deepEqual(
      fields.map(({ name, type, missing }) => `${name} ${type} ${missing}`),
      ['id number 0', 'code text 0', 'note number 0', 'gap number 34'],
    );
  });

  it('takes a record with one text for a text, whatever its member is called', () => {
    const wrapped = train.map(({ input, output }) => ({ input: { message: input }, output }));
    assert.deepEqual(
      { ...measureData({ train: wrapped, holdout: [] }), labels: [] },
      { ...measureData({ train, holdout: [] }), labels: [] },
    );
    assert.equal(
      measureShape(wrapped).characters,
      train.reduce((sum, { input }) => sum + (typeof input === 'string' ? input.length : 0), 0),
    );
  });

  it('runs in a thread, which ends when it is aborted', async () => {
    assert.deepEqual(await runAnalysis({ kind: 'data', train, holdout }, new AbortController().signal), facts);
    const stop = new AbortController();
    const running = runAnalysis({ kind: 'data', train: Array.from({ length: 2000 }, () => train).flat(), holdout }, stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(running, /enough/);
  });
});

describe('the baselines', () => {
  it('are the most frequent label and the best single word', () => {
    const examples = texts(
      ...Array.from(
        { length: 50 },
        (_, index) => [`${index % 5 === 0 ? 'win a prize' : 'see you'} ${index}`, index % 5 === 0 ? 'spam' : 'ham'] as const,
      ),
    );
    const [majority, oneRule] = judgeBaselines(examples, examples);
    assert.deepEqual([majority?.accuracy, majority?.rule], [0.8, 'always "ham"']);
    assert.deepEqual([oneRule?.accuracy, oneRule?.rule], [1, '"spam" when the text has "a", else "ham"']);
    assert.equal(crossValidateBaselines(examples, 1)[1]?.accuracy, 1);
    assert.deepEqual(
      judgeBaselines(examples, texts(['see you', 'spam'])).map(({ accuracy }) => accuracy),
      [0, 0],
    );
  });

  it('look at one field of a record, numbers by their size', () => {
    const rows = Array.from({ length: 60 }, (_, index) => ({
      input: { size: index, noise: index % 2 },
      output: index < 30 ? 'small' : 'large',
    }));
    const [, oneRule] = judgeBaselines(rows, rows);
    assert.deepEqual([oneRule?.accuracy, oneRule?.rule], [1, 'by the value of "size" alone']);
  });
});

describe('scriptOf', () => {
  it('goes by most letters', () =>
    assert.deepEqual(['abc', 'абв x', '日本語', 'ひらがな', '123 !', 'ሰላም'].map(scriptOf), [
      'Latin',
      'Cyrillic',
      'Han',
      'Hiragana',
      'None',
      'Other',
    ]));
});

describe('the judgement', () => {
  const evaluation = {
    examples: 100,
    correct: 90,
    errors: 0,
    accuracy: 0.9,
    interval: { low: 0.82, high: 0.94 },
    latency_ms: { p50: 1, p99: 4 },
    confusion: { a: { a: 80, b: 5 }, b: { b: 10, a: 4, '(error)': 1 } },
    failures: [],
    dataset: 'd',
    active_version: null,
  };
  const criterion = { id: 'S-1', title: 't', label: null, at_least: null, is_strict: false, at_most: null, source: 's' };

  it('gives precision, recall and F1 of each label', () => {
    const [a, b] = classScores(evaluation);
    assert.deepEqual([a?.n, a?.recall, a?.precision], [85, 80 / 85, 80 / 84]);
    assert.deepEqual([b?.n, b?.recall, b?.f1], [15, 10 / 15, 20 / 30]);
  });

  it('says what is met, what is missed, and what is certain', () => {
    const judge = (more: object): unknown[] =>
      verdictsOf([{ ...criterion, metric: 'accuracy', ...more }], { evaluation, sizeBytes: null }).map(({ verdict, certain }) => [
        verdict,
        certain,
      ]);
    assert.deepEqual(judge({ at_least: 0.8 }), [['met', true]]);
    assert.deepEqual(judge({ at_least: 0.88 }), [['met', false]]);
    assert.deepEqual(judge({ at_least: 0.92 }), [['missed', false]]);
    assert.deepEqual(judge({ at_least: 0.99 }), [['missed', true]]);
    assert.deepEqual(judge({ at_least: 0.9, is_strict: true }), [['missed', false]]);
    assert.deepEqual(judge({ metric: 'recall', label: 'b', at_least: 0.9 }), [['missed', true]]);
    assert.deepEqual(judge({ metric: 'recall', label: 'never', at_least: 0.9 }), [['not_measured', null]]);
    assert.deepEqual(judge({ metric: 'latency_ms', at_most: 3 }), [['missed', null]]);
    assert.deepEqual(judge({ metric: 'size_bytes', at_most: 3 }), [['not_measured', null]]);
  });
});

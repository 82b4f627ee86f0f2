import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildProgram } from '@loopwright/edge';
import { type LabelledExample, seededRandom } from '@loopwright/protocol';
import { checkFiles, emit, taskOf } from '../program.suite.ts';
import { learnClassification } from './learn-classification.ts';

const SCRIPTS = ['abcdefghij', 'абвгдежзик', 'あいうえおかきくけこ', 'אבגדהוזחטי', '🙂🙃😀😁😂🤣😃😄😅😆'];

/** Texts with one word of their label among words that all have. */
function texts(labels: number, each: number): LabelledExample[] {
  const random = seededRandom(7);
  const letter = (script: string): string => Array.from(script)[Math.floor(random.next() * 10)] ?? '';
  const makeWord = (script: string): string => Array.from({ length: 6 }, () => letter(script)).join('');
  const words = Array.from({ length: labels }, (_, at) => [0, 1].map(() => makeWord(SCRIPTS[at % SCRIPTS.length] ?? '')));
  const common = Array.from({ length: 40 }, () => makeWord(SCRIPTS[Math.floor(random.next() * 5)] ?? ''));
  return Array.from({ length: labels * each }, (_, at) => {
    const own = words[at % labels]?.[Math.floor(random.next() * 2)] ?? '';
    const others = Array.from({ length: 5 }, () => common[Math.floor(random.next() * 40)] ?? '');
    return { input: [...others, own].sort(() => random.next() - 0.5).join(' '), output: `étiquette "${at % labels}" 日\u2028` };
  });
}

describe('classification with many labels', () => {
  it('packs the table, scores what it says, and builds, compiles and passes its tests', async () => {
    const result = learnClassification(taskOf(texts(32, 8)));
    assert.ok(result.ok && result.report.goal === 'classification', JSON.stringify(result).slice(0, 500));
    const { report, heldOut, files } = result;
    assert.ok(report.holdout.accuracy > 0.8, String(report.holdout.accuracy));
    assert.equal(report.labels.length, 32);
    const source = files[0]?.content ?? '';
    assert.match(source, /readPackedWeights\(PACKED/u);
    assert.doesNotMatch(source, /\u2028/u);
    await buildProgram(source);
    await using emitted = await emit(result);
    const right = heldOut.filter(({ input, output }) => emitted.answer(input) === output).length;
    assert.equal(right / heldOut.length, report.holdout.accuracy);
    await checkFiles(emitted.folder);
  });
});

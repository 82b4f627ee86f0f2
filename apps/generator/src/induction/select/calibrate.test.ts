import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seededRandom } from '@loopwright/protocol';
import {
  type SureAnswer,
  type ValidatedAnswer,
  atTemperature,
  calibrationError,
  chooseTemperature,
  chooseThreshold,
} from './calibrate.ts';

/** Answers whose confidence is the very chance of being right. */
function honest(count: number): SureAnswer[] {
  const random = seededRandom(8);
  return Array.from({ length: count }, () => {
    const confidence = random.next();
    return { confidence, isRight: random.next() < confidence };
  });
}

describe('chooseTemperature', () => {
  it('makes confidence the share of right answers, whatever the scores were multiplied by', () => {
    const random = seededRandom(5);
    for (const factor of [0.1, 1, 30]) {
      const answers = Array.from({ length: 3000 }, (): ValidatedAnswer => {
        const scores = [0, 0, 0].map(() => random.next() * 4);
        const shares = scores.map((score) => Math.exp(score));
        let rest = random.next() * shares.reduce((sum, share) => sum + share, 0);
        const truth = shares.findIndex((share) => (rest -= share) < 0);
        const place = scores.indexOf(Math.max(...scores));
        return { truth, place, scores: scores.map((score) => score * factor), confidence: 0 };
      });
      const temperature = chooseTemperature(answers);
      assert.ok(Math.abs(Math.log2(temperature / factor)) <= 0.375, `${temperature} for ${factor}`);
      const sure = atTemperature(answers, temperature).map(({ confidence, truth, place }) => ({
        confidence,
        isRight: truth === place,
      }));
      assert.ok(calibrationError(sure) < 0.05, String(calibrationError(sure)));
    }
  });
});

describe('chooseThreshold', () => {
  it('finds the lowest threshold above which the asked share is right', () => {
    const answers = honest(4000);
    const { threshold, met, validation } = chooseThreshold(answers, 0.9);
    // Above t the mean confidence of uniform ones is (1 + t) / 2.
    assert.ok(Math.abs(threshold - 0.8) < 0.05, String(threshold));
    assert.equal(met, true);
    assert.ok((validation.precision ?? 0) >= 0.9);
    const lower = answers.filter(({ confidence }) => confidence >= threshold - 0.05);
    assert.ok(lower.filter(({ isRight }) => isRight).length / lower.length < 0.9);
  });

  it('abstains from everything where no threshold reaches the precision', () => {
    const { threshold, met, validation } = chooseThreshold(
      honest(200).map(({ confidence }) => ({ confidence, isRight: false })),
      0.5,
    );
    assert.equal(met, false);
    assert.ok(threshold > 1);
    assert.deepEqual(validation, { answered: 0, precision: null, n: 200 });
  });

  it('gives up at most one right answer in two hundred when no precision is asked for', () => {
    const answers = honest(4000);
    const { threshold } = chooseThreshold(answers, null);
    const right = answers.filter(({ isRight }) => isRight);
    const lost = right.filter(({ confidence }) => confidence < threshold).length;
    assert.ok(threshold > 0);
    assert.ok(lost <= right.length / 200, `${lost} of ${right.length}`);
  });
});

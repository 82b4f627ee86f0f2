import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Random, seededRandom } from '@loopwright/protocol';
import { THRESHOLD } from './judge-rollout.ts';
import { type Counted, type Evidence, NO_EVIDENCE, addBatch, eValue } from './sequential-test.ts';

const LOOKS = 150;

const draw = (random: Random, total: number, rate: number): Counted => {
  let bad = 0;
  for (let n = 0; n < total; n += 1) if (random.next() < rate) bad += 1;
  return { total, bad };
};

/** Looks at which look, if any, the candidate is called worse; the rate of both changes over time, and the share grows as in a rollout. */
function stopsAt(random: Random, worse: number): number | undefined {
  let evidence: Evidence = NO_EVIDENCE;
  for (let look = 0; look < LOOKS; look += 1) {
    const rate = 0.02 * (1 + Math.sin(look / 10)) + 0.005;
    const share = [0.05, 0.25, 0.5][Math.floor((3 * look) / LOOKS)] ?? 0.5;
    const requests = 40;
    const candidate = Math.round(requests * share) + (random.next() < 0.5 ? 1 : 0);
    evidence = addBatch(evidence, draw(random, candidate, rate * worse), draw(random, requests - candidate, rate));
    if (eValue(evidence) >= THRESHOLD) return look;
  }
  return undefined;
}

const stopped = (runs: number, worse: number): number =>
  Array.from({ length: runs }, (_, seed) => stopsAt(seededRandom(seed + 1), worse)).filter((look) => look !== undefined).length;

describe('the sequential test', () => {
  it('is the exact likelihood ratio, whose mean under equal odds is 1', () => {
    // All ways in which 3 of 7 requests can be bad, 4 of which are the candidate's: C(4, x) · C(3, 3 − x) of 35.
    const ways = [1, 12, 18, 4];
    const mean = ways.reduce((sum, count, x) => {
      const evidence = addBatch(NO_EVIDENCE, { total: 4, bad: x }, { total: 3, bad: 3 - x });
      return sum + (count / 35) * eValue(evidence);
    }, 0);
    assert.ok(Math.abs(mean - 1) < 1e-12, String(mean));
    const equal = addBatch(NO_EVIDENCE, { total: 0, bad: 0 }, { total: 50, bad: 9 });
    assert.equal(eValue(equal), 1, 'a batch without a candidate says something');
  });

  it('rolls back wrongly less often than it promises, although somebody looks 150 times', () => {
    const runs = 1000;
    const wrong = stopped(runs, 1);
    // α for one of three metrics: 1 / 60. The promise is an upper bound; far above it would take an error.
    assert.ok(wrong / runs <= 1 / THRESHOLD + 0.005, `${wrong} of ${runs}`);
    assert.equal(stopped(200, 0.3), 0, 'a better candidate was rolled back');
  });

  it('finds a candidate that fails five times as often', () => {
    const found = stopped(100, 5);
    assert.ok(found >= 95, `${found} of 100`);
  });

  it('takes counts of any size', () => {
    const evidence = addBatch(NO_EVIDENCE, { total: 500_000, bad: 5200 }, { total: 9_500_000, bad: 95_000 });
    assert.ok(Number.isFinite(eValue(evidence)));
    const worse = addBatch(NO_EVIDENCE, { total: 1_000_000, bad: 1_000_000 }, { total: 1_000_000, bad: 0 });
    assert.ok(eValue(worse) > 1e100 && Number.isFinite(eValue(worse)));
  });
});

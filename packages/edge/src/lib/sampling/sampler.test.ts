import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Json, type Random, type SampleReason, type SamplingStrategy, seededRandom } from '@loopwright/protocol';
import { leastSure } from './model-uncertainty-sampler.ts';
import { type Candidate, type Sampler, openSampler } from './sampler.ts';

const RATE = 0.1;

function open(
  strategy: SamplingStrategy,
  signals: { failing?: () => number; isDrifting?: () => boolean } = {},
  seed = 5,
): Sampler {
  const { failing = () => 0, isDrifting = () => false } = signals;
  return openSampler({ strategy, rate: RATE, random: seededRandom(seed), signals: { failing, isDrifting } });
}

const WORDS = ['the', 'parcel', 'came', 'late', 'refund', 'please', 'order', 'was', 'wrong', 'thanks', 'for', 'help'];
function usual(random: Random): Candidate {
  const text = Array.from({ length: 8 }, () => WORDS[Math.floor(random.next() * WORDS.length)]).join(' ');
  return candidate({ text }, random.next() < 0.95 ? 'common' : 'scarce');
}
function candidate(input: Json, output: Json): Candidate {
  return { input, inputJson: JSON.stringify(input), output };
}

/** How often each reason was given, and the candidates that were taken. */
function run(sampler: Sampler, candidates: readonly Candidate[]): { reasons: (SampleReason | undefined)[]; taken: Candidate[] } {
  const reasons = candidates.map((one) => sampler.take(one));
  return { reasons, taken: candidates.filter((_, index) => reasons[index] !== undefined) };
}
function many(count: number, make: (random: Random, index: number) => Candidate): Candidate[] {
  const random = seededRandom(9);
  return Array.from({ length: count }, (_, index) => make(random, index));
}

describe('openSampler()', () => {
  it('keeps to the rate, with a quarter of it by pure chance, and repeats itself for a seed', () => {
    const candidates = many(20_000, (random) => {
      const { input, inputJson } = usual(random);
      return { input, inputJson, output: { label: 'a', confidence: random.next() } };
    });
    for (const strategy of ['random', 'stratified', 'uncertainty', 'adaptive'] as const) {
      const { reasons, taken } = run(open(strategy), candidates);
      const share = taken.length / candidates.length;
      assert.ok(Math.abs(share - RATE) < 0.01, `${strategy}: ${share}`);
      const byChance = reasons.filter((reason) => reason === 'random').length / taken.length;
      const expected = strategy === 'random' ? 1 : 0.25;
      assert.ok(Math.abs(byChance - expected) < 0.05, `${strategy}: ${byChance} by chance`);
      assert.deepEqual(run(open(strategy), candidates).reasons, reasons);
      assert.notDeepEqual(run(open(strategy, {}, 6), candidates).reasons, reasons);
    }
  });

  it('uncertainty by a model: considers four times what is wanted, and takes the least sure quarter of what was rated', () => {
    const parts = { rate: RATE, random: seededRandom(5), signals: { failing: () => 0, isDrifting: () => false } };
    const sampler = openSampler({ strategy: 'uncertainty', confidence: 'model', ...parts });
    let byChance = 0;
    let considered = 0;
    for (let index = 0; index < 20_000; index += 1) {
      if (sampler.take(candidate('x', 'ham')) === 'random') byChance += 1;
      else if (sampler.considers?.() === true) considered += 1;
    }
    assert.ok(Math.abs(byChance / 20_000 - RATE / 4) < 0.004, `${byChance} by chance`);
    assert.ok(Math.abs(considered / 20_000 - 3 * RATE) < 0.02, `${considered} considered`);
    const rated = [0.9, 0.1, 0.5, 0.3, 0.7, 0.2].map((confidence) => ({ confidence }));
    const counts = Array.from({ length: 4000 }, () => leastSure(rated, parts.random).length);
    assert.deepEqual(leastSure([...rated, { confidence: 0.8 }, { confidence: 1 }], parts.random), [
      { confidence: 0.1 },
      { confidence: 0.2 },
    ]);
    // One and a half of six, on average.
    assert.ok(Math.abs(counts.reduce((sum, count) => sum + count, 0) / counts.length - 1.5) < 0.05);
  });

  it('takes nothing at the rate 0, whatever the input', () => {
    for (const strategy of ['random', 'stratified', 'uncertainty', 'edge_case', 'adaptive'] as const) {
      const parts = { rate: 0, random: seededRandom(1), signals: { failing: () => 1, isDrifting: () => true } };
      const sampler = openSampler({ strategy, ...parts });
      assert.equal(
        run(
          sampler,
          many(500, (_, index) => candidate({ n: index % 3 }, null)),
        ).taken.length,
        0,
        strategy,
      );
    }
  });

  it('stratified: takes a rare label about as often as a common one', () => {
    const { taken } = run(open('stratified'), many(20_000, usual));
    const scarce = taken.filter(({ output }) => output === 'scarce').length / taken.length;
    // By chance it would be 0.05.
    assert.ok(scarce > 0.3 && scarce < 0.55, String(scarce));
  });

  it('uncertainty: takes those of which the program was the least sure, and by chance from one that does not say', () => {
    const sure = many(20_000, (random) => candidate('x', { label: 'a', confidence: random.next() }));
    const { reasons } = run(open('uncertainty'), sure);
    const least = sure.filter((_, index) => reasons[index] === 'uncertainty').slice(100);
    for (const { output } of least) assert.ok((output as { confidence: number }).confidence < 0.1, JSON.stringify(output));
    const lead = many(5000, (_, index) => candidate('x', { scores: { a: index % 10 === 0 ? 0.51 : 0.9, b: 0.1 } }));
    const { taken } = run(open('uncertainty'), lead);
    const narrow = taken.filter(({ output }) => JSON.stringify(output).includes('0.51')).length / taken.length;
    assert.ok(narrow > 0.6, `a narrow lead is unsure: ${narrow}`);
    assert.ok(run(open('uncertainty'), many(2000, usual)).reasons.every((reason) => reason === undefined || reason === 'random'));
  });

  it('edge_case: takes rare slices, extreme lengths, unseen words and the special values of the source', () => {
    const odd: Record<string, Candidate> = {
      'a null': candidate({ text: null }, 'common'),
      'a zero': candidate({ n: 0 }, 'common'),
      'a huge number': candidate({ n: 2e6 }, 'common'),
      'a tiny number': candidate({ n: 1e-5 }, 'common'),
      'empty text': candidate({ text: '' }, 'common'),
      'unseen words': candidate({ text: 'zygote quasar fjord vexing jumble waltz nymph glyph' }, 'common'),
      'a rare label': candidate({ text: 'the parcel came late refund please' }, 'never before'),
      'extreme length': candidate({ text: 'the parcel '.repeat(80) }, 'common'),
    };
    for (const [what, one] of Object.entries(odd)) {
      const sampler = open('edge_case');
      const { taken } = run(sampler, many(3000, usual));
      assert.ok(taken.length / 3000 < RATE * 0.6, `usual traffic is left alone: ${taken.length}`);
      assert.equal(sampler.take(one), 'edge_case', what);
    }
  });

  it('edge_case: stays within the rate when all traffic is unusual', () => {
    const { taken } = run(
      open('edge_case'),
      many(10_000, (random) => candidate({ n: 0, id: random.next() }, null)),
    );
    assert.ok(taken.length / 10_000 < RATE * 1.3, String(taken.length));
  });

  it('adaptive: takes up to four times as much while things fail or drift, and twice that of what is like what failed', () => {
    const candidates = many(10_000, usual);
    const share = (sampler: Sampler): number => run(sampler, candidates).taken.length / candidates.length;
    const calm = share(open('adaptive'));
    const failing = share(open('adaptive', { failing: () => 0.1 }));
    const drifting = share(open('adaptive', { isDrifting: () => true }));
    assert.ok(failing > calm * 1.7 && drifting > failing * 1.2 && drifting < RATE * 4, `${calm} ${failing} ${drifting}`);
    const sampler = open('adaptive');
    sampler.noteFailure({ text: 'the parcel came late' });
    const alike = many(10_000, () => candidate({ text: 'late came the parcel' }, 'a'));
    const found = run(sampler, alike).taken.length / alike.length;
    assert.ok(found > calm * 1.5, String(found));
  });

  it('looks at a huge or deep input for no longer than at any other', () => {
    let deep: Json = 'x';
    for (let depth = 0; depth < 400; depth += 1) deep = { a: deep };
    const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`k${index}`, index + 1]));
    const sampler = open('edge_case');
    for (const input of [deep, wide, { text: 'word '.repeat(100_000) }, { __proto__: null, toString: 5 } as unknown as Json])
      for (let times = 0; times < 50; times += 1) sampler.take(candidate(input, 'a'));
  });
});

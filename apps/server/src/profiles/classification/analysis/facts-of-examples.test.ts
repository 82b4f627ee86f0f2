import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { ExampleStore } from '../../../examples/example-store.ts';
import { FactsOfExamples } from './facts-of-examples.ts';

/** When it has begun to measure; the thread alone takes longer to start. */
const SOON_MS = 20;

describe('the measuring of examples before there is a run', () => {
  let dir: string;
  let store: ExampleStore;
  let digest: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'loopwright-facts-'));
    store = await ExampleStore.open({ dir });
    const lines = Array.from({ length: 3000 }, (_, at) =>
      JSON.stringify({ input: `The order ${at} is late`, output: `label-${at % 3}` }),
    );
    ({ digest } = await store.put(Readable.from([Buffer.from(lines.join('\n'))]), 'jsonl'));
  });
  after(() => rm(dir, { recursive: true, force: true }));
  const wanted = (seed: number) => ({ digest, holdout: 0.2, seed });

  it('ends when whoever asked for it is gone, and begins anew for the next one', async () => {
    const measured = new FactsOfExamples(store);
    const gone = new AbortController();
    const left = measured.facts(wanted(1), gone.signal);
    setTimeout(() => gone.abort(new Error('gone')), SOON_MS);
    await assert.rejects(left, { message: 'gone' });
    const { holdout } = await measured.facts(wanted(1), new AbortController().signal);
    assert.equal(holdout, 600);
  });

  it('goes on as long as somebody else waits for the same', async () => {
    const measured = new FactsOfExamples(store);
    const gone = new AbortController();
    const both = [measured.facts(wanted(1), gone.signal), measured.facts(wanted(1), new AbortController().signal)];
    setTimeout(() => gone.abort(new Error('gone')), SOON_MS);
    const facts = await Promise.all(both);
    assert.deepEqual(facts[0], facts[1]);
  });

  it('begins nothing for whoever left before its turn came', async () => {
    const measured = new FactsOfExamples(store);
    const gone = new AbortController();
    const first = measured.facts(wanted(1), new AbortController().signal);
    const waiting = Array.from({ length: 7 }, (_, at) => measured.facts(wanted(at + 2), gone.signal));
    setTimeout(() => gone.abort(new Error('gone')), SOON_MS);
    const outcomes = await Promise.allSettled(waiting);
    assert.ok(outcomes.every(({ status }) => status === 'rejected'));
    await first;
    // All eight places are free again.
    assert.equal((await measured.facts(wanted(20), new AbortController().signal)).holdout, 600);
  });
});

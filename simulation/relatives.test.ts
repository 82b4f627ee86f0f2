import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { everyCrashPoint } from './crash-points.ts';
import type { Plan } from './plan.ts';

/** An execution that waits for one, starts another one that listens, and emits what that one listens for. */
const RELATIVES: Plan = {
  flows: [
    {
      list: [
        { name: 'waited', next: 'continue', kind: 'child', flow: 1, awaits: true },
        { name: 'loose', next: 'continue', kind: 'child', flow: 2, awaits: false },
        { name: 'nap', next: 'continue', kind: 'wait', ms: 10 },
        { name: 'said', next: 'continue', kind: 'emit', type: 'e0', colour: 'x' },
      ],
    },
    { list: [{ name: 'short', next: 'continue', kind: 'wait', ms: 10 }] },
    {
      list: [{ name: 'hears', next: 'continue', kind: 'listen', mode: 'one', types: ['e0'], correlate: 'none', envelope: false }],
    },
  ],
  actions: [
    { action: { kind: 'start', execution: 0 }, turns: null },
    { action: { kind: 'advance', times: 4 }, turns: null },
  ],
};

describe('what an execution does for others', () => {
  it('reaches them when its commit is refused, lost, or the end of the process', async () => {
    for await (const { operation, fault, problems } of everyCrashPoint(RELATIVES))
      assert.deepEqual(problems, [], `${fault} at the write ${operation}`);
  });
});

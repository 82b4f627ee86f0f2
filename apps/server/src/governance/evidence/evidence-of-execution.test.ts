import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Engine, defineFunction, isFinal, loadDefinition } from '@loopwright/engine';
import { seededRandom, systemClock } from '@loopwright/protocol';
import { z } from 'zod';
import type { Evidence } from './evidence.ts';
import { evidenceOfExecution } from './evidence-of-execution.ts';

const give = defineFunction({
  description: 'Gives what it is told',
  arguments: z.strictObject({ value: z.json() }),
  run: ({ args, step }) => step(async () => args.value),
});
const RESULT = '{ examples: 4, dataset: d, accuracy: 1, confusion: { a: { a: 2, b: 1 }, b: { b: 1 } } }';

async function evidenceOf(body: string): Promise<Evidence> {
  const dir = await mkdtemp(join(tmpdir(), 'loopwright-evidence-'));
  await using engine = new Engine({
    dir,
    durability: 'process',
    clock: systemClock,
    random: seededRandom(1),
    functions: { evaluate: give, prepare: give, other: give },
  });
  await engine.register(
    loadDefinition(`document: { dsl: '1.0.0', namespace: test, name: flow, version: '1.0.0' }\n${body}`, engine.functions),
  );
  engine.recover();
  await engine.start({ executionId: 'x', workflow: 'flow', projectId: 'p', input: null, startedBy: 'ann' });
  while (!isFinal(engine.read.status('x') ?? 'running')) await new Promise(setImmediate);
  return evidenceOfExecution(engine.read, 'x');
}

describe('evidenceOfExecution()', () => {
  it('takes the last result of what measures, with figures made from the counts', async () => {
    const { evaluation, examples } = await evidenceOf(`
do:
  - first: { call: evaluate, with: { value: { examples: 1, dataset: d, confusion: { a: { a: 1 } } } } }
  - phase: { do: [{ score: { call: evaluate, with: { value: ${RESULT} } } }] }
  - look: { call: prepare, with: { value: { profile: { count: 10, classes: 2, duplicates: 1, conflicts: 0 } } } }`);
    assert.deepEqual([evaluation?.share, evaluation?.examples, evaluation?.majority], [0.75, 4, 0.75]);
    assert.deepEqual(examples, { count: 10, classes: 2, duplicates: 1, conflicts: 0 });
  });

  it('takes no claim of another function, of a function of the definition itself, of a name that stands for two, or that does not add up', async () => {
    const none = { evaluation: null, examples: null };
    assert.deepEqual(
      await evidenceOf(`do: [{ score: { call: other, with: { value: ${RESULT} } } }, { set: { set: ${RESULT} } }]`),
      none,
    );
    assert.deepEqual(
      await evidenceOf(`
use: { functions: { evaluate: { call: other, with: { value: ${RESULT} } } } }
do: [{ score: { call: evaluate, with: { value: 1 } } }]`),
      none,
    );
    assert.deepEqual(
      await evidenceOf(
        `do: [{ a: { do: [{ score: { call: other, with: { value: ${RESULT} } } }] } }, { b: { do: [{ score: { call: evaluate, with: { value: 1 } } }] } }]`,
      ),
      none,
    );
    assert.deepEqual(
      await evidenceOf(
        'do: [{ score: { call: evaluate, with: { value: { examples: 9, dataset: d, confusion: { a: { a: 1 } } } } } }]',
      ),
      none,
    );
  });
});

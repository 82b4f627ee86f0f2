import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { executionRecordSchema } from './execution-record.ts';

const common = { program_id: 'p', task_id: 't', latency_ms: 1.5, status: 'success', executed_at: '2026-11-21T00:00:00.000Z' };

describe('executionRecordSchema', () => {
  it('reads both spellings of the source as one record', () => {
    const written = executionRecordSchema.parse({
      ...common,
      id: 'e',
      input_data: { text: 'a' },
      output_data: { result: 'spam' },
    });
    const sample = executionRecordSchema.parse({ ...common, execution_id: 'e', input: { text: 'a' }, output: 'spam' });
    assert.deepEqual(sample, written);
    assert.equal(written.sampled_for_validation, false);
  });

  it('refuses a line that is no record', () => {
    assert.equal(
      executionRecordSchema.safeParse({ ...common, id: 'e', input_data: 1, output_data: null, status: 'odd' }).success,
      false,
    );
    assert.equal(executionRecordSchema.safeParse('text').success, false);
  });
});

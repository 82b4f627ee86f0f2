import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ExecutionRecord } from '@loopwright/protocol';
import { parseRecord, recordLine } from './record-line.ts';

const hostile = '"},\n{"status":"success"}\r\u2028\ud800\\';
const success: ExecutionRecord = {
  id: 'one',
  program_id: hostile,
  task_id: 'spam',
  version: 3,
  input_data: { text: hostile, [hostile]: [null, 1e-7, true] },
  output_data: { result: { label: hostile, score: 0.5 } },
  latency_ms: 0.125,
  memory_usage_mb: null,
  status: 'success',
  error_message: null,
  sampled_for_validation: true,
  validation_id: hostile,
  executed_at: '2026-03-10T23:59:59.999Z',
};
const failure: ExecutionRecord = { ...success, output_data: null, status: 'error', error_message: hostile, version: null };

describe('recordLine', () => {
  it('is one line that is read as the same record, whatever is in it', () => {
    for (const record of [success, failure, { ...failure, latency_ms: null, memory_usage_mb: 1.5, validation_id: null }]) {
      const line = recordLine(record, JSON.stringify(record.input_data));
      assert.doesNotMatch(line, /[\n\r]/u);
      assert.deepEqual(parseRecord(line), record);
      assert.deepEqual(Object.keys(JSON.parse(line) as object).sort(), Object.keys(record).sort());
    }
  });
});

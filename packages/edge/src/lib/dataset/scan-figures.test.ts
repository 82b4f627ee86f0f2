import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ExecutionRecord, type Json, isoTime } from '@loopwright/protocol';
import fc from 'fast-check';
import { recordLine } from './record-line.ts';
import { FiguresScan } from './scan-figures.ts';

const anyRecord = fc.record({
  id: fc.string({ maxLength: 10 }),
  program_id: fc.constant('p'),
  task_id: fc.constant('t'),
  version: fc.option(fc.integer({ min: 1, max: 9 })),
  input_data: fc.json({ maxDepth: 2 }).map((text) => JSON.parse(text) as Json),
  output_data: fc.constant(null),
  latency_ms: fc.option(
    fc.oneof(
      fc.integer({ min: 0, max: 5_000_000 }).map((n) => n / 1000),
      fc.double({ min: 0, max: 1e21, noNaN: true }),
    ),
  ),
  memory_usage_mb: fc.constant(null),
  status: fc.constantFrom('success', 'error', 'timeout'),
  error_message: fc.option(fc.string({ unit: 'binary', maxLength: 20 })),
  sampled_for_validation: fc.boolean(),
  validation_id: fc.constant(null),
  executed_at: fc.integer({ min: 0, max: 4e12 }).map(isoTime),
});

/** What the source's way of reading would count. */
function expected(records: readonly ExecutionRecord[]): Record<string, number> {
  const successes = records.filter(({ status }) => status === 'success');
  const latencies = successes.flatMap(({ latency_ms }) => (latency_ms === null ? [] : [latency_ms])).toSorted((a, b) => a - b);
  const at = (p: number): number => latencies[Math.trunc(latencies.length * p)] ?? 0;
  return {
    total: records.length,
    successful: successes.length,
    sampled: records.filter(({ sampled_for_validation: isSampled }) => isSampled).length,
    p50: at(0.5),
    p99: at(0.99),
  };
}

describe('FiguresScan', () => {
  it('counts what parsing every line would, however the bytes are cut and in which spelling they are written', () => {
    fc.assert(
      fc.property(
        fc.array(anyRecord, { maxLength: 20 }),
        fc.integer({ min: 1, max: 200 }),
        fc.boolean(),
        (records, cut, isOurs) => {
          const lines = records.map((record) =>
            isOurs ? recordLine(record, JSON.stringify(record.input_data)) : JSON.stringify(record),
          );
          const bytes = Buffer.from(`${lines.map((line) => `${line}\n`).join('')}{"executed_at":"torn`);
          const scan = new FiguresScan();
          for (let at = 0; at < bytes.length; at += cut) scan.feed(bytes.subarray(at, at + cut));
          scan.endFile();
          const { total_executions: total, successful_executions: successful, sampled_count: sampled, ...rest } = scan.summary();
          assert.deepEqual({ total, successful, sampled, p50: rest.p50_latency_ms, p99: rest.p99_latency_ms }, expected(records));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('leaves out lines that are no records', () => {
    const scan = new FiguresScan();
    scan.feed(Buffer.from('\n{}\nnull\n{"executed_at":"2026-03-10T12:00:00.000Z","status":"success","latency_ms":}\n'));
    assert.equal(scan.summary().total_executions, 0);
  });
});

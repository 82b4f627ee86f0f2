import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DailyAnalytics, DriftVerdict } from '@loopwright/protocol';
import { healthOf } from './health.ts';

const served = { active_version: 2, edge_url: 'http://127.0.0.1:1' };
const day = (total: number, failed: number): DailyAnalytics => ({
  date: '2026-11-21',
  total_executions: total,
  successful_executions: total - failed,
  failed_executions: failed,
  success_rate: total === 0 ? 0 : (total - failed) / total,
  sampled_count: 0,
  sampling_rate: 0,
  avg_latency_ms: 1,
  p50_latency_ms: 1,
  p99_latency_ms: 1,
});
const verdict = (state: DriftVerdict['state']): DriftVerdict => ({
  task_id: 'spam',
  version: 2,
  state,
  drift_id: null,
  since: null,
  why: 'The inputs are longer',
  reference_records: 0,
  window_records: 0,
  windows: { compared: 0, over: 0, calm: 0 },
  tests: 0,
  findings: [],
  examples: [],
});

describe('health of a program', () => {
  it('says the worst thing, and why', () => {
    const text = (...given: Parameters<typeof healthOf>): string => healthOf(...given).text;
    assert.equal(text({ ...served, active_version: null }, day(5, 0), verdict('stable')), 'Not served');
    assert.equal(text({ ...served, edge_url: null }, undefined, undefined), 'Edge is away');
    assert.equal(text(served, undefined, verdict('stable')), 'Unknown');
    assert.equal(text(served, day(100, 11), verdict('drifting')), 'Failing');
    assert.equal(text(served, day(100, 2), verdict('drifting')), 'Drifting');
    assert.equal(text(served, day(100, 2), verdict('suspect')), 'Some failures');
    assert.equal(text(served, day(100, 0), verdict('suspect')), 'May drift');
    assert.equal(text(served, day(0, 0), verdict('learning')), 'Idle');
    assert.equal(text(served, day(100, 0), undefined), 'Healthy');
    assert.equal(healthOf(served, day(100, 11), undefined).why, '11 of 100 requests of today failed (11.0 %)');
  });
});

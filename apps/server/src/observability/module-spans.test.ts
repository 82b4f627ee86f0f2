import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '@loopwright/protocol';
import { openCollector } from './collector-fixture.ts';
import { Tracing } from './tracing.ts';

const honest = { trace_id: '1'.repeat(32), span_id: '2'.repeat(16), parent_span_id: '3'.repeat(16), ok: true, attributes: {} };
const message = (spans: readonly unknown[]): object => ({ op: 'spans', spans, dropped: 0 });

describe('spans of modules', () => {
  it('are exported when they are what they should be; what a module makes up costs itself and is told once', async () => {
    await using collector = await openCollector();
    const told: unknown[] = [];
    const tell = (...said: unknown[]): void => void told.push(said);
    let now = systemClock.now();
    const tracing = await Tracing.open(collector.url, { clock: { ...systemClock, now: () => now }, tell });
    const span = (name: string, more: object = {}): object => ({ ...honest, name, start_ms: now, duration_ms: 1.5, ...more });
    const lies: unknown[] = [
      null,
      'spans',
      span('x'.repeat(101)),
      span('zero', { trace_id: '0'.repeat(32) }),
      span('letters', { span_id: 'g'.repeat(16) }),
      span('long', { duration_ms: 1e300 }),
      span('infinite', { duration_ms: null }),
      span('old', { start_ms: now - 90_000_000 }),
      span('ahead', { start_ms: now + 120_000 }),
      span('extra', { more: 1 }),
      span('large', { attributes: { text: 'x'.repeat(201) } }),
      span('many', { attributes: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`a${index}`, 1])) }),
    ];
    tracing.takeModuleSpans('edge', message([...lies, span('honest')]));
    assert.deepEqual(told, [['edge', lies.length]]);
    for (const odd of [null, [], { op: 'spans' }, message(Array.from({ length: 65 }, () => span('one of too many')))])
      tracing.takeModuleSpans('edge', odd);
    // A flood: of one second, only so many are taken.
    for (let count = 0; count < 50; count += 1)
      tracing.takeModuleSpans('edge', message(Array.from({ length: 64 }, () => span('flood'))));
    tracing.takeModuleSpans('generator', message([span('from another module')]));
    assert.equal(told.length, 1, 'the log is not flooded with it');
    now += 60_000;
    tracing.takeModuleSpans('edge', message([span('later')]));
    assert.deepEqual(told.at(-1), ['edge', 4 + 50 * 64 - 599]);
    await tracing[Symbol.asyncDispose]();
    const counts = new Map<string, number>();
    for (const { service, name } of collector.spans)
      counts.set(`${service} ${name}`, (counts.get(`${service} ${name}`) ?? 0) + 1);
    assert.deepEqual(Object.fromEntries(counts), {
      'loopwright-edge honest': 1,
      'loopwright-edge flood': 599,
      'loopwright-edge later': 1,
      'loopwright-generator from another module': 1,
    });
  });
});

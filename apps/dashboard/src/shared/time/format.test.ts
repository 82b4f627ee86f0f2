import assert from 'node:assert/strict';
import { it } from 'node:test';
import { absoluteTime, countText, dollarText, durationText, percentText, relativeTime, sizeText } from './format.ts';

it('times are told from now, or in a zone', () => {
  const at = Date.parse('2026-11-21T18:30:05Z');
  assert.deepEqual(
    [0, 5000, 90_000, 7_200_000, -60_000].map((later) => relativeTime(at, at + later)),
    ['now', '5s ago', '1m ago', '2h ago', 'in 1m'],
  );
  assert.equal(absoluteTime(at, 'UTC', { withZone: true }), '2026-11-21 18:30:05 UTC');
  assert.equal(absoluteTime(at, 'Asia/Tokyo'), '2026-11-22 03:30:05');
});

it('figures are short, and none of them is rounded to another unit', () => {
  assert.deepEqual([0.0314, 4.25, 59.4, 185, 7800, 273_600].map(durationText), [
    '31 ms',
    '4.3 s',
    '59 s',
    '3 m 05 s',
    '2 h 10 m',
    '3 d 4 h',
  ]);
  assert.deepEqual([0, 0.0042, 1.5].map(dollarText), ['$0.00', '$0.0042', '$1.50']);
  assert.deepEqual([999, 12_345, 2_500_000].map(countText), ['999', '12.35K', '2.50M']);
  assert.deepEqual([12, 2048, 3_145_728].map(sizeText), ['12 B', '2.0 KiB', '3.0 MiB']);
  assert.deepEqual([0, 0.9712, 1].map(percentText), ['0 %', '97.1 %', '100 %']);
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseTraceParent, traceparentOf } from './trace-parent.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('parseTraceParent()', () => {
  it('reads what W3C Trace Context allows, later versions included', () => {
    const sampled = { traceId: TRACE, spanId: SPAN, traceFlags: 1 };
    assert.deepEqual(parseTraceParent(`00-${TRACE}-${SPAN}-01`), sampled);
    assert.deepEqual(parseTraceParent(` cc-${TRACE}-${SPAN}-01-what-comes `), sampled);
    assert.equal(traceparentOf(sampled), `00-${TRACE}-${SPAN}-01`);
  });

  it('takes nothing else for a span', () => {
    const wrong = [
      '',
      `ff-${TRACE}-${SPAN}-01`,
      `00-${TRACE}-${SPAN}-01-more`,
      `00-${TRACE.toUpperCase()}-${SPAN}-01`,
      `00-${'0'.repeat(32)}-${SPAN}-01`,
      `00-${TRACE}-${'0'.repeat(16)}-01`,
      `00-${TRACE}-${SPAN}`,
      `00-${TRACE}-${SPAN}-1`,
      `00-${TRACE}${SPAN}-01`,
    ];
    assert.deepEqual(
      wrong.filter((value) => parseTraceParent(value) !== undefined),
      [],
    );
  });
});

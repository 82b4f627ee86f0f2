import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ModuleSpan, type ModuleSpansMessage, moduleSpanSchema, seededRandom } from '@loopwright/protocol';
import { ModuleTrace } from './module-trace.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;

function openTrace(takes: () => boolean = () => true): {
  trace: ModuleTrace;
  sent: ModuleSpansMessage[];
  spans: () => ModuleSpan[];
} {
  const sent: ModuleSpansMessage[] = [];
  const trace = new ModuleTrace({
    send: (message) => takes() && sent.push(message) > 0,
    clock: { now: () => 1_000_000, schedule: () => () => undefined },
    random: seededRandom(1),
  });
  return { trace, sent, spans: () => sent.flatMap(({ spans }) => spans) };
}

describe('ModuleTrace', () => {
  it('gives what is done for a call its place below it, across promises and for each of two calls at once', async () => {
    const { trace, spans } = openTrace();
    const call = async (name: string): Promise<void> => {
      const open = trace.open(name, PARENT);
      await open?.run(() => trace.span(`${name} outer`, () => trace.span(`${name} inner`, async () => Promise.resolve(1))));
      open?.end();
    };
    await Promise.all([call('one'), call('two')]);
    trace.close();
    for (const name of ['one', 'two']) {
      const [inner, outer, request] = ['inner', 'outer', ''].map((part) =>
        spans().find((span) => span.name === `${name} ${part}`.trim()),
      );
      assert.deepEqual(
        [inner?.parent_span_id, outer?.parent_span_id, request?.parent_span_id],
        [outer?.span_id, request?.span_id, 'b7ad6b7169203331'],
      );
    }
    for (const span of spans()) assert.ok(moduleSpanSchema.safeParse(span).success);
  });

  it('says that a part failed, and lets what it threw go on', async () => {
    const { trace, spans } = openTrace();
    await assert.rejects(
      async () => trace.open('call', PARENT)?.run(() => trace.span('part', () => Promise.reject(new Error('no')))),
      /no/,
    );
    trace.close();
    assert.deepEqual(
      spans().map(({ name, ok }) => [name, ok]),
      [['part', false]],
    );
  });

  it('has no spans of a call that names no trace, one that is not sampled, or nonsense', async () => {
    const { trace, spans } = openTrace();
    for (const parent of [
      undefined,
      '',
      PARENT.replace(/01$/, '00'),
      `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
      `${PARENT} `,
      [PARENT],
    ])
      assert.equal(trace.open('call', parent), undefined);
    await trace.span('outside of a call', async () => 1);
    trace.close();
    assert.deepEqual(spans(), []);
  });

  it('leaves out what is too much of one call, of one second, or for an orchestrator that does not read, and says how much', async () => {
    const { trace, sent, spans } = openTrace();
    const batch = async (): Promise<void> => {
      const open = trace.open('batch', PARENT);
      for (let count = 0; count < 150; count += 1) await open?.run(() => trace.span('item', async () => count));
      open?.end();
    };
    await batch();
    trace.close();
    assert.equal(spans().length, 100);
    assert.equal(
      sent.reduce((sum, { dropped }) => sum + dropped, 0),
      51,
    );
    for (let count = 0; count < 9; count += 1) await batch();
    trace.close();
    assert.equal(spans().length, 500);
    assert.equal(
      sent.reduce((sum, { dropped }) => sum + dropped, 0),
      510 + 500,
    );

    let reads = false;
    const deaf = openTrace(() => reads);
    for (let count = 0; count < 100; count += 1) deaf.trace.open('call', PARENT)?.end();
    deaf.trace.close();
    reads = true;
    deaf.trace.open('call', PARENT)?.end();
    deaf.trace.close();
    assert.deepEqual(
      deaf.sent.map(({ spans: kept, dropped }) => [kept.length, dropped]),
      [[1, 100]],
    );
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EVENT_LIMIT_CHARACTERS } from './limits.ts';
import { type ServerSentEvent, serverSentEvents } from './server-sent-events.ts';

async function eventsOf(...chunks: (string | Uint8Array)[]): Promise<ServerSentEvent[]> {
  async function* body() {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  }
  const events: ServerSentEvent[] = [];
  for await (const event of serverSentEvents(body())) events.push(event);
  return events;
}

describe('serverSentEvents', () => {
  it('reads data, ids, comments, all three ends of lines and a byte order mark', async () => {
    const text =
      '\uFEFFid: 7\r\ndata: a\r\n\r\n: a comment\ndata:b\ndata:  c\n\nevent: x\rdata\rdata\r\rretry: 5\nid\ndata: d\n\n';
    assert.deepEqual(await eventsOf(text), [
      { id: '7', data: 'a' },
      { id: '7', data: 'b\n c' },
      { id: '7', data: '\n' },
      { id: '', data: 'd' },
    ]);
  });

  it('drops what the end of the stream cuts off', async () => {
    assert.deepEqual(await eventsOf('data: a\n\ndata: b\n'), [{ id: '', data: 'a' }]);
    assert.deepEqual(await eventsOf('data: a\r\n\r'), [{ id: '', data: 'a' }]);
  });

  it('reads the same however the bytes are cut', async () => {
    const bytes = Buffer.from('id: ü1\r\ndata: {"a":"\u{1F600}"}\r\n\r\ndata: 2\r\rdata: 3\n\n');
    const whole = await eventsOf(bytes);
    assert.equal(whole.length, 3);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async (cuts) => {
        const points = [0, ...cuts.toSorted((one, other) => one - other), bytes.length];
        const chunks = points.slice(1).map((end, index) => bytes.subarray(points[index], end));
        assert.deepEqual(await eventsOf(...chunks), whole);
      }),
    );
  });

  it('refuses an event without an end, in one line or in many', async () => {
    await assert.rejects(eventsOf(`data: ${'x'.repeat(EVENT_LIMIT_CHARACTERS)}`), /an event is longer/);
    await assert.rejects(eventsOf('data: x\n'.repeat(EVENT_LIMIT_CHARACTERS / 2 + 1)), /an event is longer/);
  });
});

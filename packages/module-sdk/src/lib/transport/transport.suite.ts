import assert from 'node:assert/strict';
import { once } from 'node:events';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import type { Transport } from './transport.ts';

/** Opens a transport whose other side runs `echoLines` (`fixtures/echo-lines.ts`). Both read lines of at most 64 KiB. */
export type OpenEcho = () => Promise<{ readonly transport: Transport; readonly release: () => Promise<void> }>;

const LIMIT_BYTES = 64 * 1024;

interface Received {
  readonly lines: string[];
  readonly tooLong: () => number;
  readonly ended: Promise<Error | undefined>;
  until(count: number): Promise<void>;
}

function receive(transport: Transport): Received {
  const lines: string[] = [];
  const events = new EventEmitter();
  let tooLong = 0;
  const ended = new Promise<Error | undefined>((resolve) => {
    transport.start({
      line: (text) => {
        lines.push(text);
        events.emit('line');
      },
      tooLong: () => (tooLong += 1),
      end: resolve,
    });
  });
  return {
    lines,
    ended,
    tooLong: () => tooLong,
    until: async (count) => {
      while (lines.length < count) await once(events, 'line');
    },
  };
}

/** What every {@link Transport} must do. */
export function testTransport(name: string, open: OpenEcho): void {
  describe(name, () => {
    it('carries lines in their order, whatever they hold', async () => {
      const { transport, release } = await open();
      const received = receive(transport);
      const texts = ['a', '', '{"op":"heartbeat"}', 'ä€😀', '"\\n"', 'x'.repeat(LIMIT_BYTES), '\u2028 \u0000', 'last'];
      for (const text of texts) transport.send(text);
      await received.until(texts.length);
      assert.deepEqual(received.lines, texts);
      await release();
    });

    it('says when there is too much and when there is room, and loses nothing', async () => {
      const { transport, release } = await open();
      const received = receive(transport);
      const count = 3000;
      let refused = 0;
      for (let index = 0; index < count; index += 1) {
        if (transport.send(`${index} ${'y'.repeat(4000)}`)) continue;
        refused += 1;
        await transport.drained();
      }
      await received.until(count);
      assert.ok(refused > 0);
      assert.deepEqual(
        received.lines.map((line) => Number(line.split(' ')[0])),
        Array.from({ length: count }, (_, index) => index),
      );
      await release();
    });

    it('leaves out a line over the limit, tells of it, and reads the next', async () => {
      const { transport, release } = await open();
      const received = receive(transport);
      transport.send('!long 70000');
      transport.send('after');
      await received.until(1);
      assert.deepEqual([received.lines, received.tooLong()], [['after'], 1]);
      await release();
    });

    it('reads nothing while it is paused', async () => {
      const { transport, release } = await open();
      const received = receive(transport);
      transport.send('one');
      await received.until(1);
      transport.pause();
      transport.send('!flood 20000');
      await new Promise((resolve) => setTimeout(resolve, 30));
      assert.ok(received.lines.length < 20_000);
      transport.resume();
      await received.until(20_001);
      await release();
    });

    it('gives all lines, then the end, when the other side closes', async () => {
      const { transport, release } = await open();
      const received = receive(transport);
      transport.send('one');
      transport.send('!close');
      assert.equal(await received.ended, undefined);
      assert.deepEqual(received.lines, ['one', 'closing']);
      assert.equal(transport.send('late'), false);
      await transport.drained();
      await release();
    });

    it('sends what it was given before it closes, and the other side closes then', async () => {
      const { transport, release } = await open();
      const received = receive(transport);
      for (let index = 0; index < 500; index += 1) transport.send(`${index}`);
      await received.until(500);
      transport.send('bye');
      void transport.close();
      transport.send('never');
      await received.ended;
      assert.ok(!received.lines.includes('never'));
      await release();
    });

    it('ends at once when it is aborted, more than once if need be', async () => {
      const { transport, release } = await open();
      const received = receive(transport);
      transport.send('!flood 100000');
      transport.abort();
      transport.abort();
      void transport.close();
      await received.ended;
      assert.equal(transport.send('late'), false);
      await transport.drained();
      await release();
    });
  });
}

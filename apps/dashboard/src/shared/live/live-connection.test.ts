import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Clock, seededRandom } from '@loopwright/protocol';
import { LiveConnection, type Socket } from './live-connection.ts';

/** Time that passes when the test says so. */
class TestClock implements Clock {
  #now = 1000;
  #timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  schedule(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#now + delayMs, run };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((one) => one !== timer));
  }

  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#now = next.at;
      next.run();
      await settle();
    }
    this.#now = end;
  }
}

const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A socket whose server is the test. */
class TestSocket extends EventTarget implements Socket {
  readonly after: number;
  isClosed = false;

  constructor(after: number) {
    super();
    this.after = after;
  }

  close(): void {
    this.isClosed = true;
  }

  say(message: object): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
  }
}

const event = (position: number): object => ({
  event_type: 'step_completed',
  execution_id: 'e1',
  workflow_id: 'w',
  project_id: 'p',
  step_id: null,
  timestamp: '2026-11-21T12:00:00.000Z',
  data: {},
  seq: position,
  position,
});
const CONNECTED = { event_type: 'connected', execution_id: null, message: '' };

function open(): {
  connection: LiveConnection;
  clock: TestClock;
  sockets: TestSocket[];
  seen: number[];
  resets: () => number;
  server: { latest: number | null };
} {
  const clock = new TestClock();
  const sockets: TestSocket[] = [];
  const server: { latest: number | null } = { latest: 10 };
  const connection = new LiveConnection({
    latest: async () => {
      if (server.latest === null) throw new Error('away');
      return server.latest;
    },
    open: async (after) => {
      const socket = new TestSocket(after);
      sockets.push(socket);
      return socket;
    },
    clock,
    random: seededRandom(1),
  });
  const seen: number[] = [];
  let resets = 0;
  connection.onEvent(({ position }) => void seen.push(position));
  connection.onReset(() => void (resets += 1));
  return { connection, clock, sockets, seen, resets: () => resets, server };
}

describe('LiveConnection', () => {
  it('goes on behind the last event after a loss, and says since when it is behind', async () => {
    const { connection, clock, sockets, seen, resets, server } = open();
    await connection.start();
    assert.equal(sockets[0]?.after, 10);
    sockets[0]?.say(CONNECTED);
    assert.equal(connection.state.kind, 'live');
    server.latest = 11;
    sockets[0]?.say(event(11));
    sockets[0]?.dispatchEvent(new Event('close'));
    assert.deepEqual(connection.state, { kind: 'reconnecting', since: 1000 });
    await clock.pass(1000);
    assert.equal(sockets[1]?.after, 11);
    sockets[0]?.say(event(12));
    sockets[1]?.say(CONNECTED);
    sockets[1]?.say(event(12));
    assert.deepEqual([seen, resets(), connection.state.kind], [[11, 12], 0, 'live']);
  });

  it('loads everything again for a gap, and says so for a while', async () => {
    const { connection, clock, sockets, resets, server } = open();
    await connection.start();
    sockets[0]?.say(CONNECTED);
    server.latest = 40;
    sockets[0]?.say({ event_type: 'gap', from_position: 11, to_position: 40 });
    assert.deepEqual([resets(), connection.state.kind], [1, 'reloaded']);
    await clock.pass(10_000);
    assert.equal(connection.state.kind, 'live');
    sockets[0]?.dispatchEvent(new Event('close'));
    await clock.pass(1000);
    assert.equal(sockets[1]?.after, 40);
  });

  it('begins anew with a server that is another one than before', async () => {
    const { connection, clock, sockets, resets, server } = open();
    await connection.start();
    sockets[0]?.say(CONNECTED);
    server.latest = 3;
    sockets[0]?.dispatchEvent(new Event('close'));
    await clock.pass(1000);
    assert.deepEqual([resets(), sockets[1]?.after], [1, 3]);
  });

  it('counts what was loaded as old when the server could not be reached at first', async () => {
    const { connection, clock, sockets, resets, server } = open();
    server.latest = null;
    await connection.start();
    assert.equal(connection.state.kind, 'reconnecting');
    server.latest = 7;
    await clock.pass(10_000);
    assert.deepEqual([resets(), sockets[0]?.after], [1, 7]);
  });

  it('finds out about a connection that died without a word', async () => {
    const { connection, clock, sockets, server } = open();
    await connection.start();
    sockets[0]?.say(CONNECTED);
    server.latest = 12;
    await clock.pass(20_000);
    assert.equal(connection.state.kind, 'live');
    await clock.pass(20_000);
    assert.equal(connection.state.kind, 'reconnecting');
    assert.equal(sockets[0]?.isClosed, true);
    await clock.pass(1000);
    assert.equal(sockets[1]?.after, 10);
  });

  it('waits longer each time, and not at all when the network is back', async () => {
    const { connection, clock, sockets, server } = open();
    await connection.start();
    sockets[0]?.say(CONNECTED);
    server.latest = null;
    connection.lost();
    await clock.pass(60_000);
    server.latest = 10;
    connection.retry();
    await settle();
    assert.equal(sockets.length, 2);
    connection.stop();
    await clock.pass(60_000);
    assert.equal(sockets.length, 2);
  });
});

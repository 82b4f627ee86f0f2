import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Clock, systemClock } from '@loopwright/protocol';
import type { Agent } from '../agent/agent.ts';
import { SERVICE_LIMITS } from '../limits.ts';
import { planFor, send, startService, until } from './service-fixture.ts';

/** Tells as fast as the event loop turns, until it is stopped. */
const talkative: Agent = {
  name: 'talkative',
  description: 'Tells much',
  check: () => undefined,
  run: async (_plan, { signal, onEvent }) => {
    for (let number = 0; ; number += 1) {
      onEvent({ event_type: 'progress', data: { text: 'x'.repeat(10_000), number } });
      if (number % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    }
  },
};
const silent: Agent = {
  name: 'silent',
  description: 'Tells nothing',
  check: () => undefined,
  run: ({ metadata: _metadata }, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })),
};

describe('streams of events', () => {
  it('end when nobody reads them, and are kept open by heartbeats while nothing happens', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'streams-'));
    const hurried: Clock = {
      now: () => systemClock.now(),
      schedule: (delayMs, run) => systemClock.schedule(delayMs === SERVICE_LIMITS.heartbeatMs ? 20 : delayMs, run),
    };
    try {
      await using service = await startService(dataDir, { clock: hurried, agents: () => [talkative, silent] });
      const callers = new AbortController();
      const gone = ['talkative', 'silent'].map(async (name) =>
        assert.rejects(send(service.url, planFor(name, name), { signal: callers.signal })),
      );
      const status = async (id: string): Promise<number> => (await fetch(`${service.url}/executions/${id}`)).status;
      await until(async () => (await status('talkative')) === 202 && (await status('silent')) === 202, 'both runs');

      const { port } = new URL(service.url);
      const reader = connect(Number(port), '127.0.0.1');
      reader.write('GET /executions/talkative/events HTTP/1.1\r\nhost: localhost\r\n\r\n');
      await once(reader, 'readable');
      // From here on it takes nothing: the service must not keep for it what it does not take.
      const closed = once(reader, 'close');
      reader.on('error', () => undefined);
      await new Promise((resolve) => setTimeout(resolve, 300));
      reader.resume();
      await closed;
      assert.equal(await status('talkative'), 202);

      const response = await fetch(`${service.url}/executions/silent/events`);
      let text = '';
      for await (const piece of response.body ?? []) {
        text += new TextDecoder().decode(piece);
        if (text.split(': still here').length > 3) break;
      }
      assert.match(text, /^retry: 1000\n\nid: /);
      callers.abort();
      await Promise.all(gone);
      await until(async () => (await status('silent')) === 404, 'the end');
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

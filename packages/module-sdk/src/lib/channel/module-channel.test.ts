import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Clock, systemClock } from '@loopwright/protocol';
import { memoryTransports } from '../transport/memory-transport.ts';
import type { Transport } from '../transport/transport.ts';
import { type ModuleSideChannel, moduleChannel, type OrchestratorChannel, orchestratorChannel } from './module-channel.ts';
import type { ChannelReport } from './report.ts';

interface Opened {
  host: OrchestratorChannel;
  module: ModuleSideChannel;
  raw: Transport;
  reports: ChannelReport[];
}

function open({ clock = systemClock, messagesPerSecond = 1000 }: { clock?: Clock; messagesPerSecond?: number } = {}): Opened {
  const [near, far] = memoryTransports();
  const reports: ChannelReport[] = [];
  const host = orchestratorChannel({
    transport: near,
    clock,
    messagesPerSecond,
    onReport: (report) => reports.push(report),
  });
  const module = moduleChannel({ transport: far, clock, onReport: () => undefined });
  host.start();
  return { host, module, raw: far, reports };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('ModuleChannel', () => {
  it('gives each message to who takes its kind, in their order, and goes on after all that is none', async () => {
    const { host, module, raw, reports } = open();
    const taken: string[] = [];
    host.on('heartbeat_ack', () => taken.push('ack'));
    host.on('get_secret', ({ name }) => taken.push(name));
    host.on('identify', () => {
      throw new Error('not now');
    });
    module.send({ op: 'get_secret', name: 'one' });
    for (const line of [
      'listening on 1',
      '',
      '{"op":"teleport"}',
      '{"op":"get_secret","name":7}',
      `{"op":"get_secret","name":${'['.repeat(100)}${']'.repeat(100)}}`,
      'n'.repeat(9_000_000),
      '{"op":"http_cancel","request_id":"1"}',
      '{"op":"identify","module_id":"m"}',
    ])
      raw.send(line);
    module.send({ op: 'heartbeat_ack' });
    module.send({ op: 'get_secret', name: 'two' });
    while (taken.length < 3) await settle();
    assert.deepEqual(taken, ['one', 'ack', 'two']);
    assert.deepEqual(reports, [
      { kind: 'noise', text: 'listening on 1' },
      { kind: 'unknown_op', text: 'the op "teleport" is not known' },
      { kind: 'malformed', text: '"get_secret" is wrong in name' },
      { kind: 'too_deep', text: 'a message is nested too deep' },
      { kind: 'too_long', text: 'a line over the limit was left out' },
      { kind: 'unexpected', text: 'nobody takes "http_cancel"' },
      { kind: 'failed', text: '"identify" cannot be taken: not now' },
    ]);
  });

  it('reports a flood of noise a hundred times a second', async () => {
    let now = 1_000_000;
    const { module, raw, reports, host } = open({
      clock: { now: () => now, schedule: () => () => undefined },
      messagesPerSecond: 1e6,
    });
    const acks: string[] = [];
    host.on('heartbeat_ack', ({ op }) => acks.push(op));
    for (let count = 0; count < 500; count += 1) raw.send(`noise ${count}`);
    module.send({ op: 'heartbeat_ack' });
    while (acks.length < 1) await settle();
    assert.equal(reports.length, 100);
    now += 1000;
    raw.send('noise');
    module.send({ op: 'heartbeat_ack' });
    while (acks.length < 2) await settle();
    assert.deepEqual(
      reports.slice(100).map(({ text }) => text),
      ['400 more reports were left out', 'noise'],
    );
  });

  it('reads no more messages in a second than it may, and loses none', async () => {
    let now = 1_000_000;
    const waiting: (() => void)[] = [];
    const clock: Clock = { now: () => now, schedule: (_delay, run) => (waiting.push(run), () => undefined) };
    const { host, module } = open({ clock, messagesPerSecond: 10 });
    const taken: string[] = [];
    host.on('http_body', ({ request_id: id }) => taken.push(id));
    // Each piece is longer than what the streams hold, so that the next is not read with it.
    for (let count = 0; count < 30; count += 1)
      module.send({ op: 'http_body', request_id: String(count), data: 'A'.repeat(80_000), last: false });
    for (let count = 0; count < 50; count += 1) await settle();
    assert.ok(taken.length >= 10 && taken.length < 30, String(taken.length));
    while (taken.length < 30) {
      now += 1000;
      for (const run of waiting.splice(0)) run();
      await settle();
    }
    assert.deepEqual(
      taken,
      Array.from({ length: 30 }, (_, index) => String(index)),
    );
  });

  it('has one taker a kind, and tells of its end once', async () => {
    const { host, module } = open();
    host.on('heartbeat_ack', () => undefined);
    assert.throws(() => host.on('heartbeat_ack', () => undefined), RangeError);
    let ends = 0;
    host.onClose(() => (ends += 1));
    const undo = host.onClose(() => assert.fail('taken back'));
    undo();
    void module.close();
    while (!host.isClosed) await settle();
    host.onClose(() => (ends += 1));
    assert.equal(ends, 2);
    assert.equal(host.send({ op: 'heartbeat' }), false);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Engine } from './engine.ts';
import { journalDir, openEngine, startOne, until, untilStatus } from './engine-fixture.ts';

const event = (id: string, type: string, data: Record<string, string | number> = {}): Parameters<Engine['publish']>[0] => ({
  id,
  source: 'https://example.com',
  type,
  data,
});

async function listening(engine: Engine, id: string): Promise<void> {
  await until(engine, id, () => engine.read.events(id, 0, 100).some(({ type }) => type === 'listening'));
}

describe('listen', () => {
  it('takes the event that fits, once, and goes on; over a restart too', async () => {
    const dir = journalDir();
    const bodies = {
      one: `
do:
  - paid: { listen: { to: { one: { with: { type: paid }, correlate: { order: { from: .data.order, expect: '\${ .order }' } } } } } }
  - last: { set: { got: '\${ . }' } }`,
    };
    const engine = await openEngine(dir, {}, bodies);
    const { execution } = await startOne(engine, 'one', { order: 'o1' });
    await listening(engine, execution.id);
    assert.equal(await engine.publish(event('1', 'paid', { order: 'o2' })), 0);
    assert.equal(await engine.publish(event('2', 'shipped', { order: 'o1' })), 0);
    await engine.close(0);
    await using again = await openEngine(dir, {}, bodies);
    assert.equal(await again.publish(event('3', 'paid', { order: 'o1' })), 1);
    assert.equal(await again.publish(event('3', 'paid', { order: 'o1' })), 0);
    const done = await untilStatus(again, execution.id, 'completed');
    assert.deepEqual(done.output, { got: [{ order: 'o1' }] });
  });

  it('waits for all, of one correlation that the first event fixes, in any order', async () => {
    await using engine = await openEngine(
      journalDir(),
      {},
      {
        all: `
do:
  - both:
      listen:
        to:
          all:
            - { with: { type: temperature }, correlate: { room: { from: .data.room } } }
            - { with: { type: heart }, correlate: { room: { from: .data.room } } }
        read: envelope
  - last: { set: { ids: '\${ [.[].id] }' } }`,
      },
    );
    const { execution } = await startOne(engine, 'all');
    await listening(engine, execution.id);
    await engine.publish(event('h1', 'heart', { room: 'a' }));
    await engine.publish(event('t1', 'temperature', { room: 'b' }));
    await engine.publish(event('h1', 'heart', { room: 'a' }));
    assert.equal(engine.read.execution(execution.id)?.status, 'running');
    await engine.publish(event('t2', 'temperature', { room: 'a' }));
    assert.deepEqual((await untilStatus(engine, execution.id, 'completed')).output, { ids: ['h1', 't2'] });
  });

  it('hears what another execution emits, and gives up at its time-out', async () => {
    await using engine = await openEngine(
      journalDir(),
      {},
      {
        hear: `
do:
  - any: { listen: { to: { any: [{ with: { type: hello } }, { with: { type: other } }] } } }`,
        tell: `
do:
  - say: { emit: { event: { with: { source: s, type: hello, data: { n: '\${ .n }' } } } } }`,
        late: `
do:
  - never: { listen: { to: { one: { with: { type: never } } } }, timeout: { after: { milliseconds: 30 } } }`,
      },
    );
    const first = await startOne(engine, 'hear');
    const second = await startOne(engine, 'hear');
    const late = await startOne(engine, 'late');
    await listening(engine, first.execution.id);
    await listening(engine, second.execution.id);
    await startOne(engine, 'tell', { n: 7 });
    assert.deepEqual((await untilStatus(engine, first.execution.id, 'completed')).output, [{ n: 7 }]);
    assert.deepEqual((await untilStatus(engine, second.execution.id, 'completed')).output, [{ n: 7 }]);
    assert.match(JSON.stringify((await untilStatus(engine, late.execution.id, 'failed')).error), /timeout/);
    assert.equal(await engine.publish(event('9', 'never')), 0);
  });

  it('is not broken by an expression that fails on an event, nor by an event without a type', async () => {
    await using engine = await openEngine(
      journalDir(),
      {},
      {
        odd: `do: [{ wait: { listen: { to: { one: { with: { source: 'https://example.com' }, correlate: { c: { from: '.data | keys | .[0].x', expect: y } } } } } } }]`,
        bad: `do: [{ say: { emit: { event: { with: { source: '\${ 5 }', type: t } } } } }]`,
      },
    );
    const { execution } = await startOne(engine, 'odd');
    await listening(engine, execution.id);
    assert.equal(await engine.publish({ ...event('1', 't'), data: 5 }), 0);
    const bad = await startOne(engine, 'bad');
    assert.match(JSON.stringify((await untilStatus(engine, bad.execution.id, 'failed')).error), /Cannot emit the event/);
  });

  it('hears an event only in the projects that it is shown to', async () => {
    const one = 'do: [{ heard: { listen: { to: { one: { with: { type: paid } } } } } }]';
    const started = `schedule: { on: { one: { with: { type: paid } } } }\ndo: [{ done: { set: { x: 1 } } }]`;
    await using engine = await openEngine(journalDir(), {}, { one, started });
    const { execution } = await startOne(engine, 'one');
    await listening(engine, execution.id);
    assert.equal(await engine.publish(event('1', 'paid'), { only: ['another'] }), 0);
    assert.equal(await engine.publish(event('1', 'paid'), { except: ['project', 'default'] }), 0);
    assert.equal(await engine.publish(event('1', 'paid'), { only: ['project'] }), 1);
    await untilStatus(engine, execution.id, 'completed');
    assert.equal(await engine.publish(event('1', 'paid'), { only: ['default'] }), 1, 'nobody took it for the schedule before');
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadDefinition } from '../definition/load-definition.ts';
import { audienceOf } from '../event/event-routes.ts';
import { type Engine } from './engine.ts';
import { documentOf, journalDir, openEngine, startOne, until, untilStatus } from './engine-fixture.ts';

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

  it('shows what is emitted to the listeners and schedules of its project, and of those that a route leads to', async () => {
    const bodies = {
      hears: 'do: [{ heard: { listen: { to: { one: { with: { type: told } } } } } }]',
      started: `schedule: { on: { one: { with: { type: told } } } }\ndo: [{ done: { set: { x: 1 } } }]`,
      tells: `do: [{ tell: { emit: { event: { with: { source: 'https://example.com', type: told, data: 1 } } } } }]`,
    };
    const routes = [
      { from: 'closed', to: 'elsewhere' },
      { from: 'project', to: 'default' },
    ];
    await using engine = await openEngine(journalDir(), {}, bodies, { eventRoutes: routes });
    const beginIn = async (projectId: string, workflow: string): Promise<string> => {
      const { execution } = await engine.start({
        executionId: crypto.randomUUID(),
        workflow,
        projectId,
        input: {},
        startedBy: 'ann',
      });
      return execution.id;
    };
    const hearing = await Promise.all(['project', 'default', 'closed'].map((project) => beginIn(project, 'hears')));
    for (const id of hearing) await listening(engine, id);
    const states = (): unknown[] => hearing.map((id) => engine.read.status(id));
    const starts = (): unknown => engine.schedules().find(({ workflow }) => workflow === 'started')?.starts;
    await untilStatus(engine, await beginIn('closed', 'tells'), 'completed');
    await untilStatus(engine, hearing[2] ?? '', 'completed');
    assert.deepEqual([states(), starts()], [['running', 'running', 'completed'], 0]);
    await untilStatus(engine, await beginIn('project', 'tells'), 'completed');
    for (const id of hearing) await untilStatus(engine, id, 'completed');
    await until(engine, hearing[0] ?? '', () => starts() === 1);
  });

  it('forgets an unfinished set of events of a schedule that gets another project', async () => {
    const dir = journalDir();
    const schedule = `schedule: { on: { all: [{ with: { type: a } }, { with: { type: b } }] } }\ndo: [{ done: { set: { x: 1 } } }]`;
    await using engine = await openEngine(dir, {}, { joined: schedule });
    await engine.publish(event('1', 'a'));
    const definition = loadDefinition(documentOf('joined', schedule), engine.functions);
    await engine.register(definition);
    assert.equal(engine.schedules()[0]?.waiting.length, 1, 'the same project: the set goes on');
    await engine.register(definition, { projectId: 'another' });
    assert.equal(await engine.publish(event('2', 'b')), 0);
    assert.equal(await engine.publish(event('3', 'a')), 1);
  });
});

describe('audienceOf', () => {
  it('is the project itself, where its routes lead, and everywhere by a route to all', () => {
    const routes = [
      { from: 'a', to: 'b' },
      { from: '*', to: 'audit' },
      { from: 'shared', to: '*' },
    ];
    assert.deepEqual(audienceOf('a', routes), { only: ['a', 'b', 'audit'] });
    assert.deepEqual(audienceOf('c', routes), { only: ['c', 'audit'] });
    assert.deepEqual(audienceOf('shared', routes), { except: [] });
    assert.deepEqual(audienceOf('b', []), { only: ['b'] });
  });
});

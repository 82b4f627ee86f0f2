import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Json, type PlatformError, systemClock } from '@loopwright/protocol';
import fc from 'fast-check';
import { loadDefinition } from '../definition/load-definition.ts';
import { explain } from '../execution/why.ts';
import type { Engine } from './engine.ts';
import {
  countingFunctions,
  documentOf,
  journalDir,
  openEngine,
  pointersOf,
  startOne,
  until,
  untilStatus,
} from './engine-fixture.ts';

const event = (id: string, type: string, data: Json = null): Parameters<Engine['publish']>[0] => ({
  id,
  source: 'https://example.com',
  type,
  data,
});

async function listening(engine: Engine, id: string, times = 1): Promise<void> {
  await until(engine, id, () => engine.read.events(id, 0, 1000).filter(({ type }) => type === 'listening').length >= times);
}

const EACH = (rest: string): string => `
do:
  - work:
      listen: { to: { any: [{ with: { type: item } }], until: { one: { with: { type: stop } } } } }
      foreach: { item: order, at: place, ${rest} }`;

describe('listen until', () => {
  it('takes events until a condition over them holds, of any type, and gives them as they were read', async () => {
    const bodies = {
      three: `do: [{ all: { listen: { to: { any: [], until: '( . | length ) >= $input.wanted' } } } }]`,
      raw: `do: [{ all: { listen: { to: { one: { with: { type: t } } }, read: raw } } }]`,
    };
    await using engine = await openEngine(journalDir(), {}, bodies);
    const { execution } = await startOne(engine, 'three', { wanted: 3 });
    await listening(engine, execution.id);
    for (const [id, type] of [
      ['1', 'a'],
      ['2', 'b'],
      ['2', 'b'],
      ['3', 'c'],
      ['4', 'd'],
    ] as const)
      await engine.publish(event(id, type, { id }));
    assert.deepEqual((await untilStatus(engine, execution.id, 'completed')).output, [{ id: '1' }, { id: '2' }, { id: '3' }]);
    const raw = await startOne(engine, 'raw');
    await listening(engine, raw.execution.id);
    await engine.publish(event('r', 't', { n: 1 }));
    assert.deepEqual((await untilStatus(engine, raw.execution.id, 'completed')).output, ['{"n":1}']);
  });

  it('takes events until others have come, which are no part of what it gives; over a restart too', async () => {
    const dir = journalDir();
    const bodies = {
      vitals: `
do:
  - vitals:
      listen:
        to:
          any:
            - { with: { type: temperature, data: '\${ .temperature > $input.limit }' } }
            - { with: { type: '^bpm[.].*$' } }
          until: { all: [{ with: { type: left, data: '\${ $input.patient }' } }, { with: { type: paid } }] }
        read: envelope
  - last: { set: { ids: '\${ [.[].id] }' } }`,
    };
    const before = await openEngine(dir, {}, bodies);
    const { execution } = await startOne(before, 'vitals', { limit: 38, patient: 'ann' });
    await listening(before, execution.id);
    await before.publish(event('t1', 'temperature', { temperature: 37 }));
    await before.publish(event('t2', 'temperature', { temperature: 39 }));
    await before.publish(event('p', 'paid'));
    await before.publish(event('p', 'paid'));
    await before.close(0);
    await using engine = await openEngine(dir, {}, bodies);
    await engine.publish(event('b1', 'bpm.low', 40));
    await engine.publish(event('x', 'bpm', 40));
    await engine.publish(event('l1', 'left', 'bob'));
    assert.equal(engine.read.execution(execution.id)?.status, 'running');
    await engine.publish(event('l2', 'left', 'ann'));
    assert.deepEqual((await untilStatus(engine, execution.id, 'completed')).output, { ids: ['t2', 'b1'] });
  });

  it('never ends by itself with until: false, and fails at its limit and where its condition fails', async () => {
    const bodies = {
      ever: `do: [{ all: { listen: { to: { any: [{ with: { type: t } }], until: false } } } }]`,
      odd: `do: [{ all: { listen: { to: { any: [{ with: { type: odd } }], until: '.[0].x.y' } } } }]`,
    };
    await using engine = await openEngine(journalDir(), {}, bodies);
    const { execution } = await startOne(engine, 'ever');
    const odd = await startOne(engine, 'odd');
    await listening(engine, execution.id);
    await listening(engine, odd.execution.id);
    await Promise.all(Array.from({ length: 1000 }, (_, index) => engine.publish(event(String(index), 't'))));
    assert.equal(engine.read.execution(execution.id)?.status, 'running');
    await engine.publish(event('1000', 't'));
    const failed = await untilStatus(engine, execution.id, 'failed');
    assert.equal((failed.error as { title: string }).title, 'LIMIT_EXCEEDED');
    await engine.publish(event('o', 'odd', { x: 5 }));
    const error = (await untilStatus(engine, odd.execution.id, 'failed')).error as { type: string };
    assert.match(error.type, /expression$/);
    assert.deepEqual([engine.read.listeners('t'), engine.read.listeners('odd')], [[], []]);
  });

  it('sees the variables of the loop around it', async () => {
    const bodies = {
      loop: `
do:
  - all:
      for: { each: order, in: .orders }
      do: [{ paid: { listen: { to: { one: { with: { type: paid, data: '\${ .order == $order }' }, correlate: { c: { from: '.data.order == $order' } } } } } } }]`,
    };
    await using engine = await openEngine(journalDir(), {}, bodies);
    const { execution } = await startOne(engine, 'loop', { orders: ['a', 'b'] });
    await listening(engine, execution.id);
    assert.equal(await engine.publish(event('1', 'paid', { order: 'b' })), 0);
    assert.equal(await engine.publish(event('2', 'paid', { order: 'a' })), 1);
    await listening(engine, execution.id, 2);
    assert.equal(await engine.publish(event('3', 'paid', { order: 'b' })), 1);
    assert.deepEqual((await untilStatus(engine, execution.id, 'completed')).output, [{ order: 'b' }]);
  });

  it('is refused where it cannot be, with every pointer', async () => {
    const { functions } = countingFunctions();
    const issues = (body: string): string[] => {
      try {
        loadDefinition(documentOf('wrong', body), functions);
      } catch (error) {
        return pointersOf(error as PlatformError);
      }
      return [];
    };
    const one = (rest: string): string => `do: [{ l: { listen: { to: { ${rest} } } } }]`;
    assert.deepEqual(issues(one('all: [{ with: { type: a } }], until: "."')), ['/do/0/l/listen/to']);
    assert.deepEqual(issues(one('one: { with: {} }')), ['/do/0/l/listen/to/one/with']);
    assert.deepEqual(issues(one('any: [], until: ".["')), ['/do/0/l/listen/to/until']);
    assert.deepEqual(issues(one('one: { with: { type: "^($" }, correlate: { a: { from: ".[" } } }')), [
      '/do/0/l/listen/to/one/correlate/a/from',
      '/do/0/l/listen/to/one/with/type',
    ]);
    assert.deepEqual(issues(`do: [{ l: { listen: { to: { any: [] } }, foreach: { do: [{ a: { call: nothing } }] } } }]`), [
      '/do/0/l/foreach/do/0/a/call',
    ]);
    assert.deepEqual(
      issues(`do: [{ l: { listen: { to: { any: [] } }, foreach: { do: [{ a: { set: { n: '\${ $item }' } } }] } } }]`),
      [],
    );
  });
});

describe('listen foreach', () => {
  it('works on the events in their order, also those that come while an earlier one is worked on, asked about or the process is down', async () => {
    const dir = journalDir();
    const { functions, runs } = countingFunctions();
    const body = EACH(`do: [{ ask: { if: '$order.n == 1', call: accept, with: { title: Good?, doc_type: order, subject: x } } },
        { note: { call: note, with: { id: '\${ $order.id }', value: '\${ { id: $order.id, place: $place } }' } } }],
        export: { as: '\${ { last: $output.id, before: $context.last } }' }`);
    const bodies = { each: `${body}\n  - after: { set: { got: '\${ . }', context: '\${ $context }' } }` };
    const before = await openEngine(dir, functions, bodies);
    const { execution } = await startOne(before, 'each');
    await listening(before, execution.id);
    await before.publish(event('a', 'item', { id: 'a', n: 0 }));
    await before.publish(event('b', 'item', { id: 'b', n: 1 }));
    await untilStatus(before, execution.id, 'waiting_acceptance');
    assert.equal(await before.publish(event('c', 'item', { id: 'c', n: 2 })), 1);
    await before.close(0);
    const engine = await openEngine(dir, functions, bodies);
    assert.equal(await engine.publish(event('c', 'item', { id: 'c', n: 2 })), 0);
    await engine.publish(event('s', 'stop'));
    assert.equal(await engine.publish(event('d', 'item', { id: 'd', n: 3 })), 0);
    const by = { answerId: '1', answeredBy: 'ann' };
    await engine.answer({ executionId: execution.id, step: 'ask' }, { kind: 'acceptance', accepted: true }, by);
    const done = await untilStatus(engine, execution.id, 'completed');
    assert.deepEqual(done.output, {
      got: [
        { id: 'a', place: 0 },
        { id: 'b', place: 1 },
        { id: 'c', place: 2 },
      ],
      context: { last: 'c', before: 'b' },
    });
    assert.deepEqual(Object.fromEntries(runs), { a: 1, b: 1, c: 1 });
    await engine.close(0);
  });

  it('ends when a condition over what was exported holds, and where a task says so', async () => {
    const condition = `'\${ ($context.seen | length) == 2 }'`;
    const bodies = {
      some: `
do:
  - work:
      listen: { to: { any: [{ with: { type: item } }], until: ${condition} } }
      foreach: { output: { as: .n }, export: { as: '\${ { seen: (($context.seen // []) + [$output]) } }' } }`,
      first: `
do:
  - work: { listen: { to: { any: [], until: false } }, foreach: { do: [{ out: { set: { n: '\${ $item.n }' }, then: end } }] } }
  - never: { set: { wrong: true } }`,
    };
    await using engine = await openEngine(journalDir(), {}, bodies);
    const some = await startOne(engine, 'some');
    const first = await startOne(engine, 'first');
    await listening(engine, some.execution.id);
    await listening(engine, first.execution.id);
    await Promise.all([1, 2, 3].map((n) => engine.publish(event(String(n), 'item', { n }))));
    assert.deepEqual((await untilStatus(engine, some.execution.id, 'completed')).output, [1, 2]);
    assert.deepEqual((await untilStatus(engine, first.execution.id, 'completed')).output, { n: 1 });
    assert.deepEqual(engine.read.listeners('item'), []);
  });

  it('fails behind the last event that it may take, and works on that one', async () => {
    const body = `do: [{ l: { listen: { to: { any: [], until: false } }, foreach: { export: { as: '\${ $index }' } } } }]`;
    await using engine = await openEngine(journalDir(), {}, { many: body });
    const { execution } = await startOne(engine, 'many');
    await listening(engine, execution.id);
    await Promise.all(Array.from({ length: 10_000 }, (_, index) => engine.publish(event(String(index), 'item'))));
    assert.equal(engine.read.execution(execution.id)?.status, 'running');
    assert.equal(await engine.publish(event('10000', 'item')), 1);
    const { error } = await untilStatus(engine, execution.id, 'failed');
    assert.equal((error as { title: string }).title, 'LIMIT_EXCEEDED');
    assert.deepEqual(engine.read.entry(execution.id, 'l@event-9999')?.value, { event: null });
  });

  it('hears nothing any more once it is cancelled or out of time', async () => {
    const bodies = {
      waits: EACH(`do: [{ one: { set: { n: 1 } } }]`),
      late: `do: [{ part: { timeout: { after: { milliseconds: 20 } }, do: [{ l: { listen: { to: { any: [], until: false } }, foreach: {} } }] } }]`,
    };
    await using engine = await openEngine(journalDir(), {}, bodies);
    const { execution } = await startOne(engine, 'waits');
    const late = await startOne(engine, 'late');
    await listening(engine, execution.id);
    assert.ok(engine.read.listeners('stop').length > 0);
    await engine.cancel(execution.id, { who: 'ann', reason: null });
    await untilStatus(engine, late.execution.id, 'failed');
    assert.deepEqual(engine.read.listeners('stop'), []);
    assert.equal(await engine.publish(event('1', 'item')), 0);
  });

  it('says that it listens', async () => {
    await using engine = await openEngine(journalDir(), {}, { waits: EACH(`do: [{ one: { set: { n: 1 } } }]`) });
    const { execution } = await startOne(engine, 'waits');
    await listening(engine, execution.id);
    const why = explain(engine.read, execution, systemClock);
    assert.match(why.sentence, /^It listens for an event of .* \(step work\), 0 taken so far\.$/);
    assert.deepEqual(
      why.waiting_for.map(({ kind, step_id }) => [kind, step_id]),
      [['event', 'work']],
    );
  });

  it('stops listening when an event cannot be worked on, and listens anew where that is tried again', async () => {
    const { functions } = countingFunctions();
    const bodies = {
      again: `
do:
  - guarded:
      try:
        - work:
            listen: { to: { any: [{ with: { type: item } }], until: false } }
            foreach: { do: [{ flaky: { call: fail, with: { id: flaky, times: 1 } } }, { out: { set: { n: '\${ $item }' }, then: end } }] }
      catch: { retry: { delay: { milliseconds: 1 }, limit: { attempt: { count: 3 } } } }`,
    };
    await using engine = await openEngine(journalDir(), functions, bodies);
    const { execution } = await startOne(engine, 'again');
    await listening(engine, execution.id);
    await engine.publish(event('1', 'item', 1));
    await listening(engine, execution.id, 2);
    assert.equal(await engine.publish(event('2', 'item', 2)), 1);
    assert.deepEqual((await untilStatus(engine, execution.id, 'completed')).output, { n: 2 });
    assert.deepEqual(engine.read.listeners('item'), []);
  });

  it('works on each event exactly once and in order, whatever is sent twice and whenever the process ends', async () => {
    const moves = fc.array(
      fc.oneof(
        { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), n: fc.nat(12) }) },
        fc.record({ kind: fc.constantFrom('restart' as const, 'pause' as const, 'turn' as const), n: fc.constant(0) }),
      ),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(moves, async (list) => {
        const dir = journalDir();
        const { functions, runs } = countingFunctions();
        const bodies = {
          each: EACH(`do: [{ note: { call: note, with: { id: '\${ "\\($order)" }', value: '\${ $order }' } } }]`),
        };
        let engine = await openEngine(dir, functions, bodies);
        const { execution } = await startOne(engine, 'each');
        await listening(engine, execution.id);
        const sent: number[] = [];
        for (const { kind, n } of list) {
          if (kind === 'send') {
            await engine.publish(event(String(n), 'item', n));
            if (!sent.includes(n)) sent.push(n);
          } else if (kind === 'turn') await new Promise<void>((resolve) => void setImmediate(resolve));
          else if (kind === 'pause') {
            await engine.pause(execution.id, 'ann');
            await engine.resume(execution.id, 'ann');
          } else {
            await engine.close(0);
            engine = await openEngine(dir, functions, bodies);
          }
        }
        await engine.publish(event('s', 'stop'));
        const { output } = await untilStatus(engine, execution.id, 'completed');
        await engine.close(0);
        assert.deepEqual(output, sent);
        // A step that was under way when the process ended is run again; one that was recorded is not.
        const recorded = sent.map((n) => runs.get(String(n)) ?? 0);
        assert.ok(recorded.every((count) => count >= 1 && count <= 1 + list.filter(({ kind }) => kind === 'restart').length));
      }),
      { numRuns: 25, seed: 20261121 },
    );
  });
});

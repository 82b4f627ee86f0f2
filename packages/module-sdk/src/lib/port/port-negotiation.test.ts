import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { describe, it } from 'node:test';
import { type Clock, PlatformError, seededRandom, systemClock, systemRandom } from '@loopwright/protocol';
import * as fc from 'fast-check';
import { moduleChannel, orchestratorChannel, type OrchestratorChannel } from '../channel/module-channel.ts';
import { memoryTransports } from '../transport/memory-transport.ts';
import type { SocketAddress } from '../transport/socket-transport.ts';
import { formatListen, parseListen } from './listen-address.ts';
import { firstPortStep, nextPortStep, PORT_CONFIG, type PortEvent, type PortPlan, type PortStep } from './negotiation.ts';
import { PortNegotiator } from './port-negotiator.ts';
import { answerPortRequests, PortPool } from './port-pool.ts';

/** A clock that runs what is scheduled at once, and writes down for how long it was. */
function hurriedClock(): Clock & { readonly waits: number[] } {
  const waits: number[] = [];
  let now = 0;
  return {
    waits,
    now: () => now,
    schedule: (delayMs, run) => {
      let isCancelled = false;
      setImmediate(() => {
        if (isCancelled) return;
        waits.push(delayMs);
        now += delayMs;
        run();
      });
      return () => (isCancelled = true);
    },
  };
}

interface Wired {
  readonly negotiator: PortNegotiator;
  readonly host: OrchestratorChannel;
}

function wired(clock: Clock): Wired {
  const [near, far] = memoryTransports();
  const host = orchestratorChannel({ transport: near, clock: systemClock, onReport: () => undefined });
  const module = moduleChannel({ transport: far, clock: systemClock, onReport: () => undefined });
  const negotiator = new PortNegotiator({ channel: module, clock, random: seededRandom(7) });
  host.start();
  module.start();
  return { negotiator, host };
}

async function bind(address: SocketAddress): Promise<Server> {
  const server = createServer().listen(address);
  await once(server, 'listening');
  return server;
}

const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

const taken = (): Promise<never> => Promise.reject(Object.assign(new Error('taken'), { code: 'EADDRINUSE' }));

/** Goes through a negotiation whose ports and questions end as `may` says, and gives the steps. */
function walk(
  plan: PortPlan,
  may: { readonly free: ReadonlySet<number>; readonly answers: readonly (number | 'barred')[] },
): PortStep[] {
  const steps: PortStep[] = [firstPortStep(plan)];
  const answers = [...may.answers];
  for (let step = steps[0]; step !== undefined && step.kind !== 'done' && step.kind !== 'failed'; step = steps.at(-1)) {
    const answer = step.kind === 'ask' ? (answers.shift() ?? 0) : 0;
    const event: PortEvent =
      step.kind === 'bind'
        ? { kind: may.free.has(step.port) ? 'bound' : 'taken' }
        : step.kind === 'wait'
          ? { kind: 'waited' }
          : answer === 'barred'
            ? { kind: 'barred' }
            : answer === 0
              ? { kind: 'unanswered' }
              : { kind: 'answered', port: answer };
    steps.push(nextPortStep(step, event, plan));
    assert.ok(steps.length < 100, 'it does not end');
  }
  return steps;
}

const port = fc.integer({ min: 1, max: 12 });
const RANK = { given: 0, kept: 1, orchestrator: 2, fallback: 3 };

describe('nextPortStep', () => {
  it('holds N1 and N2, and ends with the first port in the order that can be bound, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.record({
          given: fc.option(port, { nil: undefined }),
          kept: fc.option(port, { nil: undefined }),
          fallback: fc.array(port, { maxLength: 4 }),
        }),
        fc.uniqueArray(port),
        fc.array(fc.oneof(port, fc.constant(0), fc.constant('barred' as const)), { maxLength: 6 }),
        (candidates, free, answers) => {
          const plan: PortPlan = { ...candidates, config: PORT_CONFIG };
          const steps = walk(plan, { free: new Set(free), answers });
          const binds = steps.filter((step) => step.kind === 'bind');
          const ranks = binds.map(({ source }) => RANK[source]);
          assert.deepEqual(
            ranks,
            ranks.toSorted((one, other) => one - other),
          );
          assert.ok(steps.filter(({ kind }) => kind === 'ask').length <= 1 + PORT_CONFIG.retries);
          const first = binds.find((step) => free.includes(step.port));
          const last = steps.at(-1);
          if (first === undefined) assert.equal(last?.kind, 'failed');
          else assert.deepEqual(last, { kind: 'done', port: first.port, source: first.source });
          // What was not tried comes after what was taken.
          if (last?.kind === 'failed') assert.ok(plan.fallback.every((one) => binds.some((step) => step.port === one)));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('refuses events that a step cannot end with', () => {
    const plan: PortPlan = { given: undefined, kept: undefined, fallback: [], config: PORT_CONFIG };
    assert.throws(() => nextPortStep(firstPortStep(plan), { kind: 'bound' }, plan), RangeError);
  });
});

describe('PortNegotiator', () => {
  it('takes the port of the init object, then the one it kept, and gives what is bound', async () => {
    const { negotiator } = wired(hurriedClock());
    const probe = await bind({ host: '127.0.0.1', port: 0 });
    const free = portOf(probe);
    probe.close();
    await once(probe, 'close');
    const first = await negotiator.negotiate(`127.0.0.1:${free}`, bind);
    assert.deepEqual([first.source, portOf(first.bound), first.bound.listening], ['given', free, true]);
    first.bound.close();
    await once(first.bound, 'close');
    const second = await negotiator.negotiate('127.0.0.1:0', bind);
    assert.deepEqual([second.source, portOf(second.bound)], ['kept', free]);
    second.bound.close();
  });

  it('asks the orchestrator, which gives no port twice, and gets them back when the module is gone', async () => {
    const pool = new PortPool({ random: systemRandom });
    const ports = await Promise.all([pool.lend(), pool.lend()]);
    assert.ok(ports[0] !== undefined && ports[0] !== ports[1] && ports[0] >= 8000 && ports[0] <= 9000);
    assert.equal(await pool.lend(ports[0]), undefined);
    assert.equal(await pool.lend(80), undefined);
    for (const given of ports) if (given !== undefined) pool.giveBack(given);
    const { negotiator, host } = wired(systemClock);
    answerPortRequests(host, pool);
    const { bound, source, address } = await negotiator.negotiate('127.0.0.1:0', bind);
    assert.equal(source, 'orchestrator');
    assert.equal(formatListen(address), `127.0.0.1:${portOf(bound)}`);
    assert.equal(pool.lent, 1);
    bound.close();
    const ended = new Promise<void>((resolve) => void host.onClose(resolve));
    await host.close();
    await ended;
    assert.equal(pool.lent, 0);
  });

  it('asks four times with time-outs of 3, 6, 10 and 10 s and waits of 1, 2 and 4 s, then takes one of ten of the fall-back range', async () => {
    const clock = hurriedClock();
    const { negotiator } = wired(clock);
    const tried: number[] = [];
    const { source, address } = await negotiator.negotiate('127.0.0.1:0', async (at) => {
      if ('path' in at) throw new Error('no path was given');
      tried.push(at.port);
      return tried.length === 10 ? at.port : taken();
    });
    assert.deepEqual(clock.waits, [3000, 1000, 6000, 2000, 10_000, 4000, 10_000]);
    assert.equal(source, 'fallback');
    assert.equal('port' in address && address.port, tried[9]);
    assert.ok(new Set(tried).size === 10 && tried.every((one) => one >= 10_000 && one <= 11_000));
  });

  it('tries the custom fall-back port first, asks nobody while its breaker is open, and says when there is none', async () => {
    const clock = hurriedClock();
    const { negotiator } = wired(clock);
    const custom = await negotiator.negotiate('127.0.0.1:0', async (at) => at, { customFallbackPort: 12_345 });
    assert.deepEqual(custom.address, { host: '127.0.0.1', port: 12_345 });
    const none = { useFallback: false };
    await assert.rejects(
      negotiator.negotiate('127.0.0.1:0', taken, none),
      (error) => error instanceof PlatformError && error.code === 'PORT_UNAVAILABLE',
    );
    assert.equal(negotiator.breaker, 'OPEN');
    const before = clock.waits.length;
    await assert.rejects(negotiator.negotiate('127.0.0.1:0', taken, none), /no port could be bound/);
    assert.equal(clock.waits.length, before);
  });

  it('asks again when the port it was given is taken, and lets other errors of the bind through', async () => {
    const { negotiator, host } = wired({
      ...systemClock,
      schedule: (ms, run) => systemClock.schedule(ms === 1000 ? 1 : ms, run),
    });
    const asked: (number | null | undefined)[] = [];
    host.on('port_request', ({ request_id: id, specific_port: wish }) => {
      asked.push(wish);
      host.send({ op: 'port_response', request_id: id, success: true, port: 9000 + asked.length });
    });
    const { address } = await negotiator.negotiate(
      '127.0.0.1:0',
      async (at) => ('port' in at && at.port === 9001 ? taken() : at),
      {
        specificPort: 9001,
        firstTimeoutMs: 20_000,
      },
    );
    assert.deepEqual([address, asked], [{ host: '127.0.0.1', port: 9002 }, [9001, undefined]]);
    await assert.rejects(
      negotiator.negotiate('127.0.0.1:1', () => Promise.reject(new Error('no such interface'))),
      /no such interface/,
    );
  });
});

describe('parseListen', () => {
  it('reads hosts, addresses of version 6 and paths, and refuses all else', () => {
    assert.deepEqual(parseListen('localhost:80'), { host: 'localhost', port: 80 });
    assert.deepEqual(parseListen('[::1]:0'), { host: '::1', port: 0 });
    assert.deepEqual(parseListen('/run/a.sock'), { path: '/run/a.sock' });
    assert.deepEqual([formatListen({ host: '::1', port: 1 }), formatListen({ path: '/a' })], ['[::1]:1', '/a']);
    for (const wrong of ['', 'localhost', ':80', 'a:b', 'a:70000', '::1:80', 'a b:1'])
      assert.throws(() => parseListen(wrong), RangeError);
  });
});

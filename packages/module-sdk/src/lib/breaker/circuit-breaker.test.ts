import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { type BreakerConfig, type BreakerOutcome, CHANNEL_BREAKER } from './breaker-state.ts';
import { CircuitBreaker } from './circuit-breaker.ts';

const PORTS: BreakerConfig = {
  failureThreshold: 5,
  successThreshold: 1,
  openMs: 60_000,
  windowMs: Number.POSITIVE_INFINITY,
  minimumRequests: 0,
};

function breakerAt(config: Partial<BreakerConfig>): { breaker: CircuitBreaker; pass: (ms: number) => void } {
  let now = 1_000_000;
  const breaker = new CircuitBreaker({ now: () => now, schedule: () => () => undefined }, config);
  return { breaker, pass: (ms) => void (now += ms) };
}

function end(breaker: CircuitBreaker, outcome: BreakerOutcome, times = 1): void {
  for (let count = 0; count < times; count += 1) {
    const settle = breaker.admit();
    assert.ok(settle !== undefined, 'it must admit');
    settle(outcome);
  }
}

type Step = { readonly ask: true } | { readonly end: number; readonly outcome: BreakerOutcome } | { readonly pass: number };

const oneStep = fc.oneof(
  fc.constant<Step>({ ask: true }),
  fc.record({ end: fc.nat(20), outcome: fc.constantFrom<BreakerOutcome>('success', 'failure', 'failure', 'neither') }),
  fc.record({ pass: fc.constantFrom(1, 999, 30_000, 60_000) }),
);
/** Chance alone would seldom open it. */
const failing = fc
  .integer({ min: 4, max: 11 })
  .map((times) => Array.from({ length: times }, (): Step[] => [{ ask: true }, { end: 0, outcome: 'failure' }]).flat());
const steps = fc
  .array(fc.oneof({ weight: 6, arbitrary: oneStep.map((one) => [one]) }, failing), { maxLength: 60 })
  .map((parts) => parts.flat());

describe('CircuitBreaker', () => {
  it('opens after five failures in a row, admits a probe after 60 s, opens again when that fails, closes when it succeeds', () => {
    const { breaker, pass } = breakerAt(PORTS);
    end(breaker, 'failure', 4);
    end(breaker, 'success');
    end(breaker, 'failure', 4);
    assert.equal(breaker.kind, 'CLOSED');
    end(breaker, 'failure');
    assert.deepEqual([breaker.kind, breaker.admit()], ['OPEN', undefined]);
    pass(59_999);
    assert.equal(breaker.admit(), undefined);
    pass(1);
    end(breaker, 'failure');
    assert.equal(breaker.admit(), undefined);
    pass(60_000);
    end(breaker, 'success');
    assert.equal(breaker.kind, 'CLOSED');
  });

  it('opens for a channel only when the window had ten requests, and closes after three probes', () => {
    const { breaker, pass } = breakerAt({});
    end(breaker, 'failure', 9);
    assert.equal(breaker.kind, 'CLOSED');
    end(breaker, 'failure');
    assert.equal(breaker.kind, 'OPEN');
    pass(CHANNEL_BREAKER.openMs);
    end(breaker, 'success', 2);
    assert.equal(breaker.kind, 'HALF_OPEN');
    end(breaker, 'success');
    assert.equal(breaker.kind, 'CLOSED');
    end(breaker, 'failure', 9);
    pass(CHANNEL_BREAKER.windowMs);
    end(breaker, 'failure', 9);
    assert.equal(breaker.kind, 'CLOSED');
  });

  it('lets one probe through at a time, and another when that was given up', () => {
    const { breaker, pass } = breakerAt(PORTS);
    end(breaker, 'failure', 5);
    pass(60_000);
    const probe = breaker.admit();
    assert.equal(breaker.admit(), undefined);
    probe?.('neither');
    assert.equal(breaker.wouldAdmit, true);
    end(breaker, 'success');
    assert.equal(breaker.kind, 'CLOSED');
  });

  it('is not moved by the late end of what it admitted before it opened', () => {
    const { breaker, pass } = breakerAt(PORTS);
    const [late, later] = [breaker.admit(), breaker.admit()];
    end(breaker, 'failure', 5);
    pass(60_000);
    const probe = breaker.admit();
    late?.('success');
    assert.equal(breaker.kind, 'HALF_OPEN');
    later?.('failure');
    assert.equal(breaker.kind, 'HALF_OPEN');
    probe?.('failure');
    assert.equal(breaker.kind, 'OPEN');
  });

  it('holds B1 and B2, changes only as the states allow, and never stays shut, whatever happens', () => {
    fc.assert(
      fc.property(steps, fc.constantFrom(PORTS, CHANNEL_BREAKER), (script, config) => {
        const { breaker, pass } = breakerAt(config);
        const open: { readonly settle: (outcome: BreakerOutcome) => void; readonly isProbe: boolean }[] = [];
        let shutForMs = 0;
        let now = 0;
        for (const step of script) {
          const before = breaker.kind;
          if ('pass' in step) {
            pass(step.pass);
            now += step.pass;
          } else if ('ask' in step) {
            const settle = breaker.admit();
            const mustRefuse =
              (before === 'OPEN' && now < shutForMs) || (before === 'HALF_OPEN' && open.some(({ isProbe }) => isProbe));
            assert.equal(settle === undefined, mustRefuse);
            if (settle !== undefined) open.push({ settle, isProbe: before !== 'CLOSED' });
          } else if (open.length > 0) {
            const [ended] = open.splice(step.end % open.length, 1);
            ended?.settle(step.outcome);
            if (before !== 'OPEN' && breaker.kind === 'OPEN') {
              assert.equal(step.outcome, 'failure');
              shutForMs = now + config.openMs;
            }
            if (before === 'HALF_OPEN' && breaker.kind === 'CLOSED')
              assert.ok(ended?.isProbe === true && step.outcome === 'success');
          }
          const allowed = { CLOSED: ['OPEN'], OPEN: ['HALF_OPEN'], HALF_OPEN: ['OPEN', 'CLOSED'] }[before];
          assert.ok(breaker.kind === before || allowed.includes(breaker.kind), `${before} became ${breaker.kind}`);
        }
        for (const { settle } of open) settle('neither');
        pass(config.openMs);
        end(breaker, 'success', config.successThreshold);
        assert.equal(breaker.kind, 'CLOSED');
      }),
      { numRuns: 1000 },
    );
  });
});

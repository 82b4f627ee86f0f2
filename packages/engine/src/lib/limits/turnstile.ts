import { type Clock, DEFAULT_PRIORITY } from '@loopwright/protocol';
import { FairShare, shareOf } from './fair-share.ts';
import { type RateLimits, TokenBucket } from './rate-limit.ts';

/** Who wants to begin what. */
export interface TurnRequest {
  readonly executionId: string;
  readonly workflow: string;
  /** Left out, it is the one of whoever names none. */
  readonly priority?: number;
  /** The name of the task, for people. */
  readonly step: string;
  /** What is rate limited, by its name in the limits. */
  readonly rate: string;
  /** Whether it is a step, which counts while it is under way. */
  readonly isStep: boolean;
}

/** A step that waits for its turn in memory. */
export interface WaitingTurn {
  readonly step: string;
  readonly since: number;
  /** `steps` when too many are under way, or the name of the rate limit. */
  readonly limit: string;
  /** When the rate limit lets the next one through; nobody knows when a step ends. */
  readonly nextAt: number | null;
}

interface Waiting {
  readonly request: TurnRequest;
  readonly since: number;
  /** Counts those who came. */
  readonly order: number;
  readonly proceed: () => void;
}

/** Those that wait for the same, in the order they came. */
interface Lane {
  readonly flow: string;
  readonly share: number;
  readonly waiting: Waiting[];
}

/**
 * Lets steps begin as far as the limits allow: so many under way, and so many calls of a function or to a host in a span. Who must wait
 * does so in memory; turns are shared between workflows. T1 No limit is passed. T2 Nobody who can go on waits. T3 Nobody waits for ever.
 */
export class Turnstile {
  readonly #clock: Clock;
  readonly #steps: number;
  readonly #buckets: ReadonlyMap<string, TokenBucket>;
  readonly #lanes = new Map<string, Lane>();
  readonly #shares = new FairShare();
  #underWay = 0;
  #order = 0;
  #cancelAlarm: () => void = () => undefined;

  constructor(clock: Clock, limits: { readonly steps?: number | undefined; readonly rates?: RateLimits | undefined }) {
    this.#clock = clock;
    this.#steps = limits.steps ?? Infinity;
    this.#buckets = new Map(Object.entries(limits.rates ?? {}).map(([name, rate]) => [name, new TokenBucket(rate)]));
  }

  /** Waits for a turn; the result gives it back and must be called when the step has ended. Rejects when `signal` is aborted first. */
  enter(request: TurnRequest, signal: AbortSignal): Promise<() => void> | (() => void) {
    if (!request.isStep && !this.#buckets.has(request.rate)) return () => undefined;
    return new Promise<() => void>((resolve, reject) => {
      signal.throwIfAborted();
      const key = JSON.stringify([request.workflow, request.priority, request.rate, request.isStep]);
      const lane = this.#laneOf(key, request);
      const giveUp = (): void => {
        const place = lane.waiting.indexOf(waiting);
        if (place !== -1) lane.waiting.splice(place, 1);
        if (lane.waiting.length === 0) this.#lanes.delete(key);
        reject(new Error('Cannot begin the step: it was given up while it waited for its turn', { cause: signal.reason }));
      };
      const proceed = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve(request.isStep ? this.#leaver() : (): void => undefined);
      };
      const waiting: Waiting = { request, since: this.#clock.now(), order: (this.#order += 1), proceed };
      signal.addEventListener('abort', giveUp, { once: true });
      lane.waiting.push(waiting);
      this.#serve();
    });
  }

  /** What the steps of an execution wait for. */
  waiting(executionId: string): WaitingTurn[] {
    const now = this.#clock.now();
    return [...this.#lanes.values()].flatMap(({ waiting }) =>
      waiting
        .filter(({ request }) => request.executionId === executionId)
        .map(({ request: { step, rate, isStep }, since }) => {
          const isFull = isStep && this.#underWay >= this.#steps;
          return { step, since, limit: isFull ? 'steps' : rate, nextAt: isFull ? null : this.#readyAt(rate, now) };
        }),
    );
  }

  stop(): void {
    this.#cancelAlarm();
    this.#lanes.clear();
  }

  #laneOf(key: string, { workflow, priority = DEFAULT_PRIORITY }: TurnRequest): Lane {
    const lane = this.#lanes.get(key) ?? { flow: `${priority}/${workflow}`, share: shareOf(priority), waiting: [] };
    this.#lanes.set(key, lane);
    return lane;
  }

  #leaver(): () => void {
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      this.#underWay -= 1;
      this.#serve();
    };
  }

  #readyAt(rate: string, now: number): number {
    return this.#buckets.get(rate)?.nextAt(now) ?? now;
  }

  /** Lets everybody through who can go on; then waits for the next token that somebody needs. */
  #serve(): void {
    const now = this.#clock.now();
    for (;;) {
      let next: { lane: Lane; key: string; turn: number; order: number } | undefined;
      let alarm = Infinity;
      for (const [key, lane] of this.#lanes) {
        const { request, order = 0 } = lane.waiting[0] ?? {};
        if (request === undefined || (request.isStep && this.#underWay >= this.#steps)) continue;
        const readyAt = this.#readyAt(request.rate, now);
        if (readyAt > now) {
          alarm = Math.min(alarm, readyAt);
          continue;
        }
        const turn = this.#shares.turn(lane.flow, lane.share);
        // Lanes of one workflow have the same turn: the one whose first has waited longest goes on.
        if (next === undefined || turn < next.turn || (turn === next.turn && order < next.order))
          next = { lane, key, turn, order };
      }
      if (next === undefined) {
        this.#cancelAlarm();
        if (alarm < Infinity) this.#cancelAlarm = this.#clock.schedule(alarm - now, () => this.#serve());
        return;
      }
      this.#letThrough(next.lane, next.key, now);
    }
  }

  #letThrough(lane: Lane, key: string, now: number): void {
    const served = lane.waiting.shift();
    if (lane.waiting.length === 0) this.#lanes.delete(key);
    if (served === undefined) return;
    this.#shares.serve(lane.flow, lane.share);
    if (served.request.isStep) this.#underWay += 1;
    this.#buckets.get(served.request.rate)?.take(now);
    served.proceed();
  }
}

import type { Clock, GenerationEvent } from '@loopwright/protocol';
import type { PlanCache } from '../cache/plan-cache.ts';
import { PtcClientError } from './ptc-errors.ts';
import type { FetchLike } from './transport.ts';

/** How a client reaches its service, and what it keeps. */
export interface PtcClientOptions {
  /** Address of the service. A function is asked before each attempt, for a service that moves when it is restarted. */
  readonly serviceUrl: string | (() => string);
  /** Time limit of one attempt, from sending to the last byte of the answer. 300,000 ms when left out. */
  readonly timeoutMs?: number;
  /** Attempts in all, the first one included (the source's meaning): 1 … 20, 3 when left out. */
  readonly maxRetries?: number;
  /** Wait before the second attempt; it doubles with every further one. 1000 ms when left out. */
  readonly retryDelayMs?: number;
  /** Where results are kept. Nothing is kept when left out. Whoever made it closes it, after the client. */
  readonly cache?: PlanCache;
  /** How long an operation of the cache may hold an execution up. 1000 ms when left out. */
  readonly cacheTimeoutMs?: number;
  /** Told of each failure of the cache, which harms no execution. */
  readonly onCacheTrouble?: (error: unknown) => void;
  /** The largest answer that is read, in bytes. 160 MiB when left out. */
  readonly maxAnswerBytes?: number;
  /** Sent as `Authorization: Bearer …`. */
  readonly authToken?: string;
  /** Headers of the moment for every attempt, such as `traceparent`. */
  readonly headers?: () => Record<string, string>;
  readonly clock?: Clock;
  /** Replaces the client's own connections, which know no time limit but `timeoutMs`. */
  readonly fetch?: FetchLike;
}

/** What one call can be given besides its plan. */
export interface ExecuteOptions {
  /** Stops the call at once, a wait between attempts too; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Told what happens while the plan is carried out: the begin and the end, each failed attempt, and what the service tells by
   * `GET /executions/{id}/events` where it has that route. What it throws is ignored.
   */
  readonly onProgress?: (event: GenerationEvent) => void;
}

/** Gives a number of an option back. @throws {@link PtcClientError} `INVALID_CONFIGURATION` when it is outside its range. */
export function checkRange(name: string, value: number, [minimum, maximum]: readonly [number, number]): number {
  if (Number.isFinite(value) && value >= minimum && value <= maximum) return value;
  throw new PtcClientError('INVALID_CONFIGURATION', `Cannot use ${name} ${value}: it must be between ${minimum} and ${maximum}`);
}

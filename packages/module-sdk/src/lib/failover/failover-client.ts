// F1. A request goes to a second channel only when it never went to the module over the first, or may be done twice.
// F2. A body that is a stream is never sent twice.
// F3. All of a request, over however many channels, ends within its time-out.
import { type Clock, PlatformError } from '@loopwright/protocol';
import type { BreakerConfig, BreakerOutcome } from '../breaker/breaker-state.ts';
import { requestOf, responseOf } from '../http-ipc/fetch-forms.ts';
import { isIdempotent } from '../http-ipc/idempotent.ts';
import type { IpcRequest, IpcResponse } from '../http-ipc/ipc-messages.ts';
import type { ModuleHttp, ModuleRequestInit } from '../http-ipc/module-http.ts';
import { NOT_SENT, wasNotSent } from '../http-ipc/not-sent.ts';
import { type ChannelName, type ChannelPreferences, rankChannels, type RequestTraits } from './channel-choice.ts';
import { type ChannelReportCard, FailoverChannel } from './failover-channel.ts';

/** What a {@link FailoverClient} works with; it closes none of the channels. */
export interface FailoverClientOptions {
  readonly ipc?: ModuleHttp;
  readonly tcp?: ModuleHttp;
  readonly clock: Clock;
  /** Whether the module runs on another machine. @default false */
  readonly isRemote?: boolean;
  readonly preferences?: ChannelPreferences;
  /** Of the breaker of each channel. @default the source's: five failures in a row of at least ten requests a minute; 60 s; three probes */
  readonly breaker?: Partial<BreakerConfig>;
  /** To the head of the answer, in milliseconds. @default 30 000 */
  readonly timeoutMs?: number;
}

/** A request with what matters for the choice of its way. */
export type RoutedRequest = IpcRequest & Pick<RequestTraits, 'priority' | 'type'>;

const TIMEOUT_MS = 30_000;
/** Errors that say that a channel is ill. */
const ILL: ReadonlySet<string> = new Set(['MODULE_TIMEOUT', 'MODULE_PROTOCOL_ERROR', 'SERVICE_UNAVAILABLE']);

/** Requests to one module over the better of two channels, and over the other when that fails. */
export class FailoverClient implements ModuleHttp {
  readonly #options: FailoverClientOptions;
  readonly #channels: Partial<Record<ChannelName, FailoverChannel>>;
  readonly #idle: (() => void)[] = [];
  #pending = 0;
  #isDraining = false;

  /** @throws RangeError When there is no channel that may be used. */
  constructor(options: FailoverClientOptions) {
    const { ipc, tcp, clock, breaker = {}, preferences: { useIpc = true, useTcp = true } = {} } = options;
    this.#options = options;
    this.#channels = {
      ...(ipc !== undefined && useIpc ? { ipc: new FailoverChannel(ipc, clock, breaker) } : {}),
      ...(tcp !== undefined && useTcp ? { tcp: new FailoverChannel(tcp, clock, breaker) } : {}),
    };
    if (Object.keys(this.#channels).length === 0) throw new RangeError('Cannot reach the module: no channel may be used');
  }

  get pending(): number {
    return this.#pending;
  }

  /** What each channel has done. */
  channelHealth(): Partial<Record<ChannelName, ChannelReportCard>> {
    const { ipc, tcp } = this.#channels;
    return {
      ...(ipc === undefined ? {} : { ipc: ipc.reportCard }),
      ...(tcp === undefined ? {} : { tcp: tcp.reportCard }),
    };
  }

  /** The channels for a request, best first. */
  recommend(traits: RequestTraits): ChannelName[] {
    const { isRemote = false, preferences = {} } = this.#options;
    const { ipc, tcp } = this.#channels;
    return rankChannels(traits, { isRemote, ipc: ipc?.health, tcp: tcp?.health, preferences });
  }

  async fetch(
    input: string | Request,
    { priority, type, ...init }: ModuleRequestInit & Pick<RequestTraits, 'priority' | 'type'> = {},
  ): Promise<Response> {
    const request = await requestOf(input, init);
    const traits = { ...(priority === undefined ? {} : { priority }), ...(type === undefined ? {} : { type }) };
    return responseOf(await this.request({ ...request, ...traits }));
  }

  /**
   * Sends a request over the best channel. When that fails it goes over the other one, if it never went to the module or may be done twice (by its method or an
   * `Idempotency-Key`). An answer is an answer, whatever its status; a body that breaks off after its head is the caller's to ask for again.
   *
   * @throws The error of the last channel; `SERVICE_UNAVAILABLE` when the breakers let none through, or while it drains.
   */
  async request({ priority, type, ...request }: RoutedRequest): Promise<IpcResponse> {
    request.signal?.throwIfAborted();
    if (this.#isDraining) throw unavailable('no more requests are taken');
    this.#pending += 1;
    try {
      const bytes = request.body instanceof ReadableStream ? undefined : (request.body?.length ?? 0);
      const traits = { ...(priority === undefined ? {} : { priority }), ...(type === undefined ? {} : { type }) };
      return await this.#route(request, this.recommend({ bytes, ...traits }));
    } finally {
      this.#pending -= 1;
      if (this.#pending === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** Takes no more requests, and resolves when all that were taken have the head of their answer; bodies go on. */
  drain(): Promise<void> {
    this.#isDraining = true;
    return this.#pending === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  async #route(request: IpcRequest, names: readonly ChannelName[]): Promise<IpcResponse> {
    const { clock, preferences: { enableFallback = true } = {}, timeoutMs: ofClient = TIMEOUT_MS } = this.#options;
    const timeoutMs = request.timeoutMs ?? ofClient;
    const deadline = clock.now() + timeoutMs;
    let failed: { readonly error: unknown } | undefined;
    for (const name of enableFallback ? names : names.slice(0, 1)) {
      const channel = this.#channels[name];
      const settle = channel?.admit(failed !== undefined);
      if (channel === undefined || settle === undefined) continue;
      try {
        const response = await channel.http.request({ ...request, timeoutMs: Math.max(1, deadline - clock.now()) });
        settle('success');
        return response;
      } catch (error) {
        settle(outcomeOf(error, request));
        if (!mayMove(error, request) || clock.now() >= deadline) throw error;
        failed = { error };
      }
    }
    throw failed === undefined ? unavailable('its channels have failed too often') : failed.error;
  }
}

function outcomeOf(error: unknown, { signal }: IpcRequest): BreakerOutcome {
  if (signal?.aborted === true || !(error instanceof PlatformError)) return 'neither';
  return ILL.has(error.code) ? 'failure' : 'neither';
}

function mayMove(error: unknown, request: IpcRequest): boolean {
  if (request.signal?.aborted === true) return false;
  if (request.body instanceof ReadableStream && request.body.locked) return false;
  if (wasNotSent(error)) return true;
  return (
    error instanceof PlatformError && ILL.has(error.code) && isIdempotent(request) && !(request.body instanceof ReadableStream)
  );
}

function unavailable(why: string): PlatformError {
  return new PlatformError('SERVICE_UNAVAILABLE', `Cannot ask the module: ${why}`, { details: NOT_SENT });
}

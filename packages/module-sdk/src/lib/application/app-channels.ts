import type { Clock } from '@loopwright/protocol';
import { type ChannelName, rankChannels, type RequestTraits } from '../failover/channel-choice.ts';
import type { FetchHandler } from '../http-ipc/fetch-handler.ts';
import type { IpcMetrics } from '../http-ipc/ipc-metrics.ts';
import { RequestFigures } from './request-figures.ts';

/** What a channel of a module has done since it was opened. */
export interface AppChannelHealth extends IpcMetrics {
  /** Where it is reached: `host:port`, the path of a Unix socket, or `ipc:ID` over the module channel. */
  readonly address: string;
}

/** The channels over which a module is reached. */
export class AppChannels {
  readonly #clock: Clock;
  readonly #open = new Map<ChannelName, { readonly address: string; readonly figures: RequestFigures }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts what comes over a channel, once {@link AppChannels.opened} has said that it is there. */
  counted(handler: FetchHandler, figures: RequestFigures): FetchHandler {
    return (request) => figures.middleware(request, handler);
  }

  /** Figures for a channel that is to be opened. */
  figures(): RequestFigures {
    return new RequestFigures(this.#clock);
  }

  /** A channel is there. */
  opened(name: ChannelName, address: string, figures: RequestFigures): void {
    this.#open.set(name, { address, figures });
  }

  /** A channel is gone. */
  closed(name: ChannelName): void {
    this.#open.delete(name);
  }

  /** Channels that are open now. */
  available(): ChannelName[] {
    return [...this.#open.keys()];
  }

  /** What each open channel has done. */
  health(): Partial<Record<ChannelName, AppChannelHealth>> {
    return Object.fromEntries([...this.#open].map(([name, { address, figures }]) => [name, { address, ...figures.read() }]));
  }

  /** The open channel over which a request should come, by the matrix of `rankChannels`; `undefined` while none is open. */
  recommend(traits: RequestTraits, { isRemote = false }: { readonly isRemote?: boolean } = {}): ChannelName | undefined {
    const known = (name: ChannelName): { isUsable: boolean; latencyMs: number | undefined } | undefined => {
      const figures = this.#open.get(name)?.figures;
      return figures && { isUsable: true, latencyMs: figures.read().avg_response_time_ms ?? undefined };
    };
    return rankChannels(traits, { isRemote, ipc: known('ipc'), tcp: known('tcp') })[0];
  }
}

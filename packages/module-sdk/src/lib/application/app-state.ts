import type { Clock, Json, Random } from '@loopwright/protocol';
import type { ChannelName, RequestTraits } from '../failover/channel-choice.ts';
import type { MessageClient } from '../messaging/message-client.ts';
import type { SecretClient } from '../secrets/secret-client.ts';
import type { PortNegotiator } from '../port/port-negotiator.ts';
import type { ServiceClient } from '../services/service-client.ts';
import type { AppChannelHealth } from './app-channels.ts';

/** What the code of a module has at hand, from the building of its state to its end. */
export interface AppSurroundings {
  readonly name: string;
  readonly version: string;
  /** The id under which the orchestrator runs it. */
  readonly moduleId: string;
  /** URL of the orchestrator. */
  readonly orchestratorApi: string;
  /** Variables that the orchestrator gave it. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: SecretClient;
  readonly services: ServiceClient;
  readonly messages: MessageClient;
  /** Finds and binds ports, for what the module serves besides its endpoints. */
  readonly ports: PortNegotiator;
  readonly clock: Clock;
  readonly random: Random;
}

/** A module's surroundings together with what its own `state` built, and the ways to it and from it. */
export interface AppState<State> extends AppSurroundings {
  readonly state: State;
  /** Asks another module and gives its answer. @throws As `MessageClient.request`. */
  sendRequest(targetId: string, endpoint: string, content: Json, options?: { readonly timeoutMs?: number }): Promise<Json>;
  /** Tells another module something; resolves when it has taken it, whatever it answers. @throws As {@link AppState.sendRequest}. */
  sendMessage(targetId: string, endpoint: string, content: Json, options?: { readonly timeoutMs?: number }): Promise<void>;
  /** Channels over which this module is reached now; before its start is over there are none. */
  availableChannels(): ChannelName[];
  /** What each of them has done. */
  channelHealth(): Partial<Record<ChannelName, AppChannelHealth>>;
  /** The best of them for a request; `undefined` while there is none. */
  recommendChannel(traits: RequestTraits, from?: { readonly isRemote?: boolean }): ChannelName | undefined;
}

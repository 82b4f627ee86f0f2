import type { Clock, Random } from '@loopwright/protocol';
import type { MessageClient } from '../messaging/message-client.ts';
import type { SecretClient } from '../secrets/secret-client.ts';
import type { ServiceClient } from '../services/service-client.ts';

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
  readonly clock: Clock;
  readonly random: Random;
}

/** A module's surroundings together with what its own `state` built. */
export interface AppState<State> extends AppSurroundings {
  readonly state: State;
}

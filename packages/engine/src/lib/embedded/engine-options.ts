import type { Clock, Random } from '@loopwright/protocol';
import type { EventRoute } from '../event/event-routes.ts';
import type { HttpCallOptions } from '../http-call/http-client.ts';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';
import type { EngineLimits } from '../limits/execution-limits.ts';
import type { ScriptRunner } from '../script/script-runner.ts';
import type { SecretReader } from '../secret/secrets.ts';
import type { Durability, SqliteStoreOptions } from '../store/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import type { Retention } from './history-retention.ts';

/** How an embedded engine is opened. */
export interface EngineOptions {
  /** Folder of the journal; one process at a time. */
  readonly dir: string;
  readonly durability: Durability;
  readonly clock: Clock;
  readonly random: Random;
  /** Which hosts `call: http` and `call: openapi` may reach, and how they prove who they are. */
  readonly httpCalls?: HttpCallOptions;
  /** The functions that definitions may call, besides `clarify`, `accept`, `http` and `openapi`. */
  readonly functions: FunctionCatalogue;
  /** Gives the secrets that definitions name in `use.secrets`; without it there are none. See {@link SecretReader}. */
  readonly secrets?: SecretReader;
  /** Runs the scripts of `run: script`; without it a definition that has one is refused. */
  readonly scripts?: ScriptRunner;
  /** The longest JSON text of a value that stays in the journal, in characters; longer ones become files. 64 Ki when left out. */
  readonly inlineCharacters?: number;
  /** How long ended executions are kept; for ever when left out. */
  readonly retention?: Retention;
  /** How much runs at once, how often functions are called, and what an execution may use. Nothing is limited unless told. */
  readonly limits?: EngineLimits;
  /** Which projects hear what executions of other projects emit, besides their own. None when left out. */
  readonly eventRoutes?: readonly EventRoute[];
  /** Told about what no caller gets to see: a store that cannot be written, an execution that cannot be loaded. */
  readonly onTrouble?: (message: string, error: unknown) => void;
  /** Told about every task that begins, by name and JSON pointer; a replay tells again. For tests and debuggers: it must not throw. */
  readonly onTask?: (name: string, reference: string) => void;
  /** Opens the store in place of the one on SQLite; the simulation wraps that one with faults. */
  readonly openStore?: (options: SqliteStoreOptions) => Store;
}

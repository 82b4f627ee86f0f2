import type { ExecutionEvent } from '../execution/execution.ts';
import { ExpressionEvaluator } from '../expression/expression.ts';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';
import { SchemaValidator } from '../interpreter/schema-validator.ts';
import { SqliteStore } from '../store/sqlite-store.ts';
import type { StoreTransaction } from '../store/store.ts';
import { functionsOf } from './built-in-functions.ts';
import { checkInput } from './check-input.ts';
import { Definitions } from './definitions.ts';
import type { EngineOptions } from './engine-options.ts';
import { HistoryRetention } from './history-retention.ts';
import { Lives } from './lives.ts';
import { Operations } from './operations.ts';
import { Schedules } from './schedules.ts';
import type { ScheduleParts } from './start-scheduled.ts';
import { Timers } from './timers.ts';
import { WatchedStore } from './watched-store.ts';

/** What an embedded engine is made of. */
export interface EngineParts {
  readonly functions: FunctionCatalogue;
  readonly store: WatchedStore;
  readonly definitions: Definitions;
  readonly timers: Timers;
  readonly schedules: Schedules;
  readonly lives: Lives;
  readonly retention: HistoryRetention;
  readonly operations: Operations;
  readonly expressions: ExpressionEvaluator;
  readonly schemas: SchemaValidator;
}

/** What the parts ask of the engine that holds them. */
interface EngineHost {
  /** Events were committed; the first one has this position. */
  committed(events: readonly ExecutionEvent[], position: number): void;
  readonly start: ScheduleParts['start'];
  /** Writes what somebody asked for. */
  order<T>(executionIds: readonly string[], mutation: (transaction: StoreTransaction) => T): Promise<T>;
}

/** Opens the store and puts the parts together; nothing runs yet. Throws DATA_DIR_IN_USE or STORE_FAILED. */
export function assembleEngine(options: EngineOptions, host: EngineHost): EngineParts {
  const { clock, onTrouble, inlineCharacters } = options;
  const [expressions, schemas] = [new ExpressionEvaluator(), new SchemaValidator()];
  // Called when a request is made, and when a timer fires: after everything here.
  const functions = functionsOf(options, async ({ host: name, ...caller }, signal) => {
    await lives.limits.turnstile?.enter({ ...caller, rate: `http:${name}`, isStep: false }, signal);
  });
  const open = options.openStore ?? ((storeOptions): SqliteStore => new SqliteStore(storeOptions));
  const opened = open({
    dir: options.dir,
    durability: options.durability,
    onEvents: (events, position) => host.committed(events, position),
    ...(onTrouble === undefined ? {} : { onTrouble }),
    ...(inlineCharacters === undefined ? {} : { inlineCharacters }),
  });
  const store = new WatchedStore(opened, clock);
  const definitions = new Definitions(store, functions, onTrouble);
  const timers = new Timers(store, clock, {
    fired: (owned) => lives.deliver(owned),
    refused: (executionId, error) => lives.rest(executionId, error),
  });
  const { startable } = definitions;
  const schedules = new Schedules({ store, clock, expressions, definitions: startable, start: host.start, onTrouble });
  const lives: Lives = new Lives({ store, schedules, timers, definitions, functions, expressions, schemas, options });
  const retention = new HistoryRetention({
    store,
    clock,
    retention: options.retention ?? {},
    onTrouble: (error) => onTrouble?.('Cannot remove ended executions', error),
  });
  const operations = new Operations({
    store,
    lives,
    clock,
    definitions,
    checkInput: (definition, input) => checkInput(schemas, definition, input),
    order: (executionIds, mutation) => host.order(executionIds, mutation),
  });
  return { functions, store, definitions, timers, schedules, lives, retention, operations, expressions, schemas };
}

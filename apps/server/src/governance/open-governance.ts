import type { CallFunction, StoreReader } from '@loopwright/engine';
import type { Clock, Random } from '@loopwright/protocol';
import { CheckpointStore } from '../checkpoints/checkpoint-store.ts';
import { Checkpoints } from '../checkpoints/checkpoints.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import { check } from '../functions/check.ts';
import { checkpoint } from '../functions/checkpoint.ts';
import type { OpenServerSandbox } from '../modules/sandboxes.ts';
import type { Workspaces } from '../runs/workspace/workspaces.ts';
import { Governance } from './governance.ts';
import { GovernanceStore } from './governance-store.ts';
import { PolicyFolder } from './policy/policy-folder.ts';
import { TestSandbox } from './tests/test-sandbox.ts';

/** What gates and checkpoints are opened with. */
export interface GovernanceOptions {
  /** Folder of policies; `null` for the bundled universal one. */
  readonly policiesDir: string | null;
  /** The server's tables; they are asked for when an execution runs. */
  readonly database: () => ServerDatabase;
  readonly workspaces: Workspaces;
  /** The record of executions; it is asked for when an execution runs. */
  readonly read: () => StoreReader;
  readonly clock: Clock;
  readonly random: Random;
  /** Opens the sandbox in which tests of workspaces run; it is opened with the first of them. */
  readonly openSandbox: OpenServerSandbox;
}

/** Gates and checkpoints, ready to be called. */
export interface OpenGovernance extends AsyncDisposable {
  readonly governance: Governance;
  readonly checkpoints: Checkpoints;
  readonly checkpointStore: CheckpointStore;
  readonly functions: Readonly<Record<'check' | 'checkpoint', CallFunction>>;
}

/** The tests of one file may take this long in the sandbox, and use this much memory. */
const TEST_TIME_MS = 20_000;
const TEST_MEMORY_MB = 256;

/** Puts gates and checkpoints together; the caller ends them behind the engine. Throws INVALID_POLICY, INVALID_CONFIGURATION. */
export function openGovernance(options: GovernanceOptions): OpenGovernance {
  const { policiesDir, database, workspaces, read, openSandbox, clock, random } = options;
  const sandbox = new TestSandbox(() => openSandbox({ workers: 1, timeoutMs: TEST_TIME_MS, memoryLimitMb: TEST_MEMORY_MB }));
  const store = new GovernanceStore(database);
  const governance = new Governance({
    policies: new PolicyFolder(policiesDir, clock),
    store,
    workspaces,
    sandbox: sandbox.get,
    clock,
    random,
  });
  const checkpointStore = new CheckpointStore(database);
  const checkpoints = new Checkpoints({ store: checkpointStore, governance: store, workspaces, read, clock, random });
  return {
    governance,
    checkpoints,
    checkpointStore,
    functions: { check: check({ governance, workspaces, read, clock }), checkpoint: checkpoint(checkpoints) },
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}

import { noJail, openSandbox } from '@loopwright/edge';
import type { OpenServerSandbox } from '../modules/sandboxes.ts';
import { join } from 'node:path';
import type { Engine } from '@loopwright/engine';
import { systemClock, systemRandom } from '@loopwright/protocol';
import type { FastifyBaseLogger } from 'fastify';
import { Rollbacks } from '../checkpoints/rollbacks.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import { type OpenGovernance, openGovernance } from '../governance/open-governance.ts';
import { Runs } from './runs.ts';
import { Workspaces } from './workspace/workspaces.ts';

interface Bound {
  readonly engine: Engine;
  readonly database: ServerDatabase;
}

/** The runs of a test server with their gates, whose functions the engine needs before it is there: `open` is called when it is. */
export function prepareRuns({ dir, policiesDir }: { dir: string; policiesDir: string | null }): {
  readonly gates: OpenGovernance;
  readonly workspaces: Workspaces;
  readonly open: (parts: Bound & { log: FastifyBaseLogger; keepMs: number | null }) => Promise<{
    readonly runs: Runs;
    readonly rollbacks: Rollbacks;
  }>;
} {
  let now: Bound | undefined;
  const there = (): Bound => {
    if (now === undefined) throw new Error('The engine of the test server is not open yet');
    return now;
  };
  const parts = { clock: systemClock, random: systemRandom };
  const database = (): ServerDatabase => there().database;
  const workspaces = new Workspaces({ dir: join(dir, 'workspaces'), database, random: systemRandom });
  const read = (): Engine['read'] => there().engine.read;
  const openTestSandbox: OpenServerSandbox = (limits) => openSandbox({ ...limits, clock: systemClock, jail: noJail });
  const gates = openGovernance({ policiesDir, database, workspaces, read, openSandbox: openTestSandbox, ...parts });
  return {
    gates,
    workspaces,
    open: async ({ log, keepMs, ...opened }) => {
      now = opened;
      const { quality, warnings } = gates.governance;
      const runs = new Runs({ ...opened, workspaces, keepWorkspacesMs: keepMs, log, quality, warnings, ...parts });
      // As the server does it: before anything writes.
      await runs.removeLeftovers();
      return { runs, rollbacks: new Rollbacks({ ...opened, runs, store: gates.checkpointStore, workspaces, log, ...parts }) };
    },
  };
}

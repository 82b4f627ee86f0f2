import type { Datasets } from '../dataset/datasets.ts';
import type { DataJobs } from '../dataset/data-jobs.ts';
import type { ExecutionTools } from '../serve/execute-once.ts';
import type { RemoteSource } from '../remote/remote-source.ts';
import type { EdgeRollouts } from '../rollout/edge-rollouts.ts';
import type { ServedPrograms } from '../serve/served-programs.ts';
import type { Watching } from '../watching/watching.ts';

/** What the routes work with. */
export interface EdgeParts extends ExecutionTools {
  readonly programs: ServedPrograms;
  readonly rollouts: EdgeRollouts;
  readonly remote: RemoteSource | undefined;
  readonly datasets: Datasets;
  readonly jobs: DataJobs;
  readonly dataDir: string;
  readonly watching: Watching;
  /** Version of this package. */
  readonly packageVersion: string;
  /** The program for requests that name none, as configured. */
  readonly taskId: string | undefined;
  readonly authToken: string | undefined;
  /** Told in one line what an operator should know. */
  readonly log: (message: string) => void;
}

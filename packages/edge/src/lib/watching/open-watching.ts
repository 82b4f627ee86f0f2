import type { Clock, Random } from '@loopwright/protocol';
import type { Datasets, DatasetsOptions } from '../dataset/datasets.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { ServedPrograms } from '../serve/served-programs.ts';
import { OracleRounds } from '../validation/oracle-rounds.ts';
import { ProgramOracle } from '../validation/program-oracle.ts';
import { NOT_WATCHING, type WatchingOptions } from './watching-options.ts';
import { Watching } from './watching.ts';

/** Days that samples are kept after they are done, when nobody says for how long validations are. */
const KEEP_DAYS = 30;

/** How the watching of an edge is opened. */
interface OpenWatchingOptions extends Pick<DatasetsOptions, 'durability' | 'validationDays'> {
  readonly dataDir: string;
  readonly watching?: WatchingOptions | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: (message: string) => void;
}

/** Opens the watching of an edge and the rounds of its reference programs. */
export function openWatching(
  {
    dataDir,
    watching: options = NOT_WATCHING,
    durability = 'process',
    validationDays = KEEP_DAYS,
    clock,
    random,
    log = () => undefined,
  }: OpenWatchingOptions,
  { programs, datasets, sandbox }: { programs: ServedPrograms; datasets: Datasets; sandbox: Sandbox },
): {
  readonly watching: Watching;
  readonly reconfigure: (options: WatchingOptions) => void;
  readonly close: () => Promise<void>;
} {
  const watching = new Watching({
    dir: dataDir,
    durability,
    datasets,
    keepDays: validationDays,
    activeVersion: (taskId) => programs.activeNumber(taskId),
    clock,
    random,
    options,
    log,
  });
  let { referencePrograms: references } = options.validation;
  const rounds = new OracleRounds({
    oracle: new ProgramOracle({ programs, sandbox, references: () => references }),
    programs: () => Object.keys(references),
    validations: () => watching.validations,
    clock,
    log,
  });
  const close = async (): Promise<void> => {
    await rounds.close();
    await watching[Symbol.asyncDispose]();
  };
  const reconfigure = (next: WatchingOptions): void => {
    watching.reconfigure(next);
    ({ referencePrograms: references } = next.validation);
    rounds.wake();
  };
  return { watching, reconfigure, close };
}

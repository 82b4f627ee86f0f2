import type { DatabaseSync } from 'node:sqlite';
import {
  type Clock,
  type DriftVerdict,
  type ExecutionRecord,
  type Json,
  type Random,
  type Sample,
  type SampleReason,
  type ValidationRecord,
  type ValidationSummary,
  messageOf,
} from '@loopwright/protocol';
import type { Datasets } from '../dataset/datasets.ts';
import { sliceOf } from '../dataset/input-slice.ts';
import type { Candidate } from '../sampling/sampler.ts';
import { Candidates } from '../validation/candidates.ts';
import type { Comparison } from '../validation/compare.ts';
import { SampleQueue } from '../validation/sample-queue.ts';
import { ValidationCounts } from '../validation/validation-counts.ts';
import { Validations } from '../validation/validations.ts';
import { ProgramWatch } from './program-watch.ts';
import { openWatchingDatabase } from './watching-database.ts';
import type { WatchingOptions } from './watching-options.ts';

/** How often states are written and what is old is forgotten, in milliseconds. */
const MAINTAIN_MS = 60_000;
const DAY_MS = 86_400_000;

/** What {@link Watching} works with. */
export interface WatchingParts {
  readonly dir: string;
  readonly durability: 'process' | 'full';
  readonly datasets: Datasets;
  /** Days that samples are kept after they are done. */
  readonly keepDays: number;
  /** The version of a program that is active; others are not watched for drift. */
  readonly activeVersion: (taskId: string) => number | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly options: WatchingOptions;
  readonly log: (message: string) => void;
}

/** An execution as it is watched. */
export interface Watched {
  readonly record: ExecutionRecord;
  readonly inputJson: string;
  readonly reason: SampleReason | undefined;
}

interface Opened {
  readonly database: DatabaseSync;
  readonly validations: Validations;
  readonly candidates: Candidates;
  readonly queue: SampleQueue;
  readonly counts: ValidationCounts;
}

/** Watches the programs of an edge: chooses executions for validation, keeps the samples, and looks for drift. Nothing is opened before it is needed. */
export class Watching implements AsyncDisposable {
  readonly #parts: WatchingParts;
  readonly #programs = new Map<string, ProgramWatch>();
  #options: WatchingOptions;
  #opened: Opened | undefined;
  #told = '';
  #stopTimer: () => void = () => undefined;
  #recovering: Promise<void> = Promise.resolve();

  constructor(parts: WatchingParts) {
    this.#parts = parts;
    this.#options = parts.options;
  }

  /** Samples and what oracles say of them. Throws STORE_FAILED. */
  get validations(): Validations {
    return this.#open().validations;
  }

  /** What waits for the model to say how sure it is. Throws STORE_FAILED. */
  get candidates(): Candidates {
    return this.#open().candidates;
  }

  /** Why a success is to be validated; `undefined` when it is not. It never fails: what cannot be watched is served all the same. */
  choose(taskId: string, candidate: Candidate): SampleReason | undefined {
    if (this.#options.sampling.rate === 0) return undefined;
    return this.#guarded(taskId, () => {
      const reason = this.#watchOf(taskId).choose(candidate);
      return reason === undefined || this.#open().counts.budget(taskId).exhausted ? undefined : reason;
    });
  }

  /** Whether another sample of a program may be asked about today. */
  mayAsk(taskId: string): boolean {
    return this.#guarded(taskId, () => !this.#open().counts.budget(taskId).exhausted) ?? false;
  }

  /** Takes an execution into account that was recorded. It never fails: the execution has succeeded by then. */
  observe({ record, inputJson, reason }: Watched): void {
    const options = this.#options;
    if (reason === undefined && options.sampling.rate === 0 && options.drift === null) return;
    const { id: sampleId, task_id: taskId, program_id: programId, version } = record;
    const output: Json = record.output_data?.result ?? null;
    const slice = sliceOf(record.input_data, inputJson);
    this.#guarded(taskId, () => {
      const watch = this.#watchOf(taskId);
      watch.observe(record, { output, slice, characters: inputJson.length });
      if (reason === undefined && !(record.status === 'success' && watch.considers() && this.mayAsk(taskId))) return;
      const chosen = { sampleId, taskId, programId, version, inputJson, outputJson: JSON.stringify(output), slice };
      if (reason === undefined) this.candidates.add(chosen);
      else this.validations.add({ ...chosen, reason });
    });
  }

  /** Whether the traffic or the quality of a program has changed. */
  drift(taskId: string): DriftVerdict {
    return this.#watchOf(taskId).verdict();
  }

  /** What validations say about each version of a program. */
  summary(taskId: string): ValidationSummary {
    const { strategy, rate, confidence = 'program' } = this.#options.sampling;
    const candidates = this.candidates.count(taskId);
    return { ...this.validations.summary(taskId, { strategy, rate }), confidence_by: confidence, candidates };
  }

  /** How outputs are compared with the right ones. */
  get comparison(): Comparison {
    return this.#options.validation.comparison;
  }

  /** Goes on with other options; what was found out stays, and so do samples that wait. */
  reconfigure(options: WatchingOptions): void {
    this.maintain();
    this.#options = options;
    // Each begins again with what was written of it.
    this.#programs.clear();
    if (this.#opened === undefined) return;
    const { queue, counts, validations } = this.#opened;
    queue.limitTo(options.validation.queueLimit);
    counts.limitTo(options.validation.budgetUsdPerDay);
    validations.reconfigure(options.validation);
  }

  /** Writes what has changed and forgets what is old. */
  maintain(): void {
    const { clock, keepDays } = this.#parts;
    try {
      for (const watch of this.#programs.values()) watch.save();
      this.#opened?.queue.forgetBefore(clock.now() - keepDays * DAY_MS);
    } catch (error) {
      this.#tell(`Cannot write what was watched: ${messageOf(error)}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopTimer();
    await this.#recovering;
    this.#opened?.queue.flush();
    this.#opened?.candidates.flush();
    this.maintain();
    this.#opened?.database.close();
  }

  /** Trouble is told once, not with each request. */
  #guarded<T>(taskId: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#tell(`Cannot watch "${taskId}": ${messageOf(error)}`);
      return undefined;
    }
  }

  #tell(message: string): void {
    if (message !== this.#told) this.#parts.log(message);
    this.#told = message;
  }

  #watchOf(taskId: string): ProgramWatch {
    const known = this.#programs.get(taskId);
    if (known !== undefined) return known;
    const { activeVersion, clock, random } = this.#parts;
    const options = this.#options;
    const { database } = options.drift === null ? { database: undefined } : this.#open();
    const watch = new ProgramWatch({ taskId, options, activeVersion: () => activeVersion(taskId), database, clock, random });
    this.#programs.set(taskId, watch);
    return watch;
  }

  #open(): Opened {
    if (this.#opened !== undefined) return this.#opened;
    const { dir, durability, datasets, clock, random } = this.#parts;
    const { validation } = this.#options;
    const database = openWatchingDatabase(dir, durability);
    const onTrouble = (error: unknown): void => this.#tell(`Cannot keep samples: ${messageOf(error)}`);
    const queue = new SampleQueue({ database, clock, queueLimit: validation.queueLimit, onTrouble });
    const counts = new ValidationCounts({ database, clock, limitUsd: validation.budgetUsdPerDay });
    // The answer stands by then.
    const onValidation = (sample: Sample, given: ValidationRecord): void =>
      this.#guarded(sample.task_id, () => this.#watchOf(sample.task_id).validated(sample, given));
    const validations = new Validations({ queue, counts, datasets, options: validation, clock, onValidation });
    const candidates = new Candidates({ database, queue, counts, random, onTrouble });
    this.#opened = { database, candidates, queue, counts, validations };
    this.#plan();
    const unlogged = database.prepare('SELECT DISTINCT task_id FROM samples WHERE logged = 0').all();
    this.#recovering = this.#recover(
      unlogged.map(({ task_id }) => String(task_id)),
      validations,
    );
    return this.#opened;
  }

  /** All at once: what is answered from now on waits for its program. */
  async #recover(taskIds: readonly string[], validations: Validations): Promise<void> {
    const recovering = taskIds.map((taskId) =>
      validations
        .recover(taskId)
        .catch((error: unknown) => this.#tell(`Cannot write validations of "${taskId}": ${messageOf(error)}`)),
    );
    await Promise.all(recovering);
  }

  #plan(): void {
    this.#stopTimer = this.#parts.clock.schedule(MAINTAIN_MS, () => {
      this.maintain();
      this.#plan();
    });
  }
}

import type { DatabaseSync } from 'node:sqlite';
import type {
  Clock,
  DriftVerdict,
  ExecutionRecord,
  Json,
  Random,
  Sample,
  SampleReason,
  ValidationRecord,
} from '@loopwright/protocol';
import { DriftWatch, driftWatchSchema } from '../drift/drift-watch.ts';
import { type Candidate, type Sampler, openSampler } from '../sampling/sampler.ts';
import type { WatchingOptions } from './watching-options.ts';

/** How much the newest execution or validation counts in the share of failures. */
const NEWEST = 0.02;

/** How often validations alone have the state written, in milliseconds. */
const SAVE_MS = 5000;

/** What {@link ProgramWatch} works with. */
export interface ProgramWatchParts {
  readonly taskId: string;
  readonly options: WatchingOptions;
  readonly activeVersion: () => number | undefined;
  /** Where the state of the drift watch is kept; left out when drift is not watched. */
  readonly database: DatabaseSync | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/** Watches one program. */
export class ProgramWatch {
  readonly #parts: ProgramWatchParts;
  readonly #sampler: Sampler;
  #drift: DriftWatch | undefined;
  #hasChanged = false;
  #failing = 0;
  #saved = { isDrifting: false, at: 0 };

  constructor(parts: ProgramWatchParts) {
    this.#parts = parts;
    const { options, random } = parts;
    const signals = { failing: () => this.#failing, isDrifting: () => this.#drift?.isDrifting ?? false };
    this.#sampler = openSampler({ ...options.sampling, random, signals });
    this.#drift = this.#load();
  }

  choose(candidate: Candidate): SampleReason | undefined {
    return this.#sampler.take(candidate);
  }

  /** Whether the model is to say how sure it is of a success that was not chosen. */
  considers(): boolean {
    return this.#sampler.considers?.() ?? false;
  }

  observe(record: ExecutionRecord, { output, slice, characters }: { output: Json; slice: string; characters: number }): void {
    const { status, version, input_data: input } = record;
    this.#note(status === 'success', input);
    if (version === null || version !== this.#parts.activeVersion()) return;
    const drift = this.#driftOf(version);
    const before = drift?.windowsCompared;
    drift?.observe({ input, output, slice, status }, characters);
    this.#hasChanged = true;
    // What a window came to has to survive a crash.
    if (drift?.windowsCompared !== before) this.save();
  }

  validated({ input_data: input, slice, version, reason }: Sample, { match, validated_at }: ValidationRecord): void {
    this.#note(match, input);
    if (reason !== 'random' || version === null || version !== this.#parts.activeVersion()) return;
    this.#driftOf(version)?.validated({ match, slice, input, at: Date.parse(validated_at) });
    this.#hasChanged = true;
    this.#saveSoon();
  }

  verdict(): DriftVerdict {
    const { taskId, activeVersion, options } = this.#parts;
    const version = activeVersion() ?? null;
    const drift = version === null ? undefined : this.#driftOf(version);
    return drift?.verdict() ?? nothingKnown(taskId, version, options.drift === null);
  }

  /** Writes the state, if it has changed. */
  save(): void {
    const { database, taskId } = this.#parts;
    if (database === undefined || this.#drift === undefined || !this.#hasChanged) return;
    database
      .prepare('INSERT INTO drift_states VALUES (?, ?) ON CONFLICT DO UPDATE SET state = excluded.state')
      .run(taskId, JSON.stringify(this.#drift.toJson()));
    this.#hasChanged = false;
  }

  /** Now, when the verdict has changed or the last time is a while ago: the state is large, and validations may come many at a time. */
  #saveSoon(): void {
    const { clock } = this.#parts;
    const isDrifting = this.#drift?.isDrifting ?? false;
    if (isDrifting === this.#saved.isDrifting && clock.now() - this.#saved.at < SAVE_MS) return;
    this.#saved = { isDrifting, at: clock.now() };
    this.save();
  }

  #note(isRight: boolean, input: Json): void {
    this.#failing += NEWEST * ((isRight ? 0 : 1) - this.#failing);
    if (!isRight) this.#sampler.noteFailure(input);
  }

  /** The watch of a version; another version begins anew, and knows nothing yet. */
  #driftOf(version: number): DriftWatch | undefined {
    const { taskId, options, clock, random } = this.#parts;
    if (options.drift === null) return undefined;
    if (this.#drift?.version !== version)
      this.#drift = new DriftWatch({ taskId, version, options: options.drift, clock, random });
    return this.#drift;
  }

  /** What was stored; nothing when it cannot be read, because it is learned again. */
  #load(): DriftWatch | undefined {
    const { database, taskId, options, clock, random } = this.#parts;
    if (options.drift === null || database === undefined) return undefined;
    const row = database.prepare('SELECT state FROM drift_states WHERE task_id = ?').get(taskId);
    const stored = driftWatchSchema.safeParse(row === undefined ? undefined : parsed(String(row['state'])));
    if (!stored.success) return undefined;
    return new DriftWatch({ taskId, version: stored.data.version, options: options.drift, clock, random }, stored.data);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function nothingKnown(task_id: string, version: number | null, isOff: boolean): DriftVerdict {
  return {
    task_id,
    version,
    state: 'learning',
    drift_id: null,
    since: null,
    why: isOff ? 'Drift is not watched on this edge' : 'The program has no active version',
    reference_records: 0,
    window_records: 0,
    windows: { compared: 0, over: 0, calm: 0 },
    tests: 0,
    findings: [],
    examples: [],
  };
}

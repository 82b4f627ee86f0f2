import {
  type Clock,
  type DriftFinding,
  type DriftState,
  type DriftVerdict,
  type Random,
  driftFindingSchema,
  driftStateSchema,
  driftVerdictSchema,
  isoTime,
} from '@loopwright/protocol';
import { z } from 'zod';
import type { DriftOptions } from './drift-options.ts';
import { DriftWindow, compareWindows, windowSchema } from './drift-window.ts';
import { QualityWatch, qualitySchema } from './quality-watch.ts';
import { type Seen, Shape, shapeSchema } from './shape.ts';

/** Of the reference, the part from which it is learned what is measured. */
const LEARNING_SHARE = 0.2;
const FINDINGS = 50;
const EXAMPLES = 10;
/** Inputs that are held while it is learned, in characters of JSON: large ones end the learning early. */
const LEARNING_CHARACTERS = 8_000_000;
/** The largest wrong input that is kept to show. */
const WRONG_CHARACTERS = 8192;

/** {@link DriftWatch} as JSON. */
export const driftWatchSchema = z.object({
  version: z.int(),
  shape: shapeSchema.nullable(),
  reference: windowSchema.nullable(),
  isReferenceDone: z.boolean(),
  window: windowSchema.nullable(),
  compared: z.int(),
  over: z.int(),
  calm: z.int(),
  tests: z.int(),
  state: driftStateSchema,
  since: z.number().nullable(),
  findings: z.array(driftFindingSchema).max(FINDINGS),
  examples: driftVerdictSchema.shape.examples,
  quality: qualitySchema,
  wrong: driftVerdictSchema.shape.examples,
});
type Stored = z.infer<typeof driftWatchSchema>;

/** What {@link DriftWatch} works with. */
export interface DriftWatchOptions {
  readonly taskId: string;
  readonly version: number;
  readonly options: DriftOptions;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Says whether the traffic of one version is still like its first records, window by window, and whether its quality is. A window is over the threshold when some test
 * is certain (Holm, over all fields) and the change is large; windows in a row make the state, so that one odd window makes no alarm and one calm one does not end it.
 */
export class DriftWatch {
  readonly #parts: DriftWatchOptions;
  readonly #quality: QualityWatch;
  #stored: Omit<Stored, 'shape' | 'reference' | 'window' | 'quality'>;
  /** Records from which the shape is learned; a restart begins again. */
  #learned: Seen[] = [];
  #learnedCharacters = 0;
  #shape: Shape | null;
  #reference: DriftWindow | null;
  #window: DriftWindow | null;

  constructor(parts: DriftWatchOptions, stored?: Stored) {
    this.#parts = parts;
    const { options } = parts;
    const { shape = null, reference = null, window = null, quality, ...rest } = stored ?? {};
    this.#shape = shape === null ? null : new Shape(shape);
    this.#reference = reference === null ? null : new DriftWindow(reference.startedAt, reference);
    this.#window = window === null ? null : new DriftWindow(window.startedAt, window);
    this.#quality = new QualityWatch(options.qualityTolerance, quality);
    this.#stored = 'version' in rest ? rest : newState(parts.version);
  }

  get version(): number {
    return this.#parts.version;
  }

  /** Windows that were compared so far. */
  get windowsCompared(): number {
    return this.#stored.compared;
  }

  get isDrifting(): boolean {
    return this.#state === 'drifting';
  }

  /** Takes an execution into account; its input has so many characters as JSON. */
  observe(seen: Seen, characters = 0): void {
    const { options, clock, random } = this.#parts;
    const now = clock.now();
    if (this.#shape === null) {
      this.#learned.push(seen);
      this.#learnedCharacters += characters;
      const isEnough = this.#learned.length >= options.referenceRecords * LEARNING_SHARE;
      if (!isEnough && this.#learnedCharacters < LEARNING_CHARACTERS) return;
      this.#shape = Shape.learn(this.#learned);
      this.#learned = [];
      this.#reference = new DriftWindow(now);
      return;
    }
    const isLearning = !this.#stored.isReferenceDone;
    const window = isLearning ? (this.#reference ??= new DriftWindow(now)) : (this.#window ??= new DriftWindow(now));
    const usual = isLearning ? options.referenceRecords * (1 - LEARNING_SHARE) : options.windowRecords;
    if (window.wants(usual, random)) window.add(seen, { shape: this.#shape, random, at: now });
    if (window.records < usual || now - window.startedAt < options.windowMinutes * 60_000) return;
    if (isLearning) this.#stored = { ...this.#stored, isReferenceDone: true, state: 'stable' };
    else this.#close(window, this.#shape);
  }

  /** Takes a validation of an execution into account. Only those that were chosen by chance say how good the program is. */
  validated({ match, slice, input, at }: { match: boolean; slice: string; input: Seen['input']; at: number }): void {
    this.#quality.add({ match, slice, at });
    if (match || JSON.stringify(input).length > WRONG_CHARACTERS) return;
    const wrong = [...this.#stored.wrong, { input, executed_at: isoTime(at) }].slice(-EXAMPLES);
    this.#stored = { ...this.#stored, wrong };
  }

  verdict(): DriftVerdict {
    const { taskId, version } = this.#parts;
    const { since, compared, over, calm, tests, findings, examples, wrong } = this.#stored;
    const worse = this.#quality.findings();
    const state = this.#state;
    const starts = [...(since === null ? [] : [isoTime(since)]), ...worse.map((finding) => finding.since)].sort();
    const isShown = state !== 'stable' && state !== 'learning';
    const begin = isShown ? (starts[0] ?? null) : null;
    const isAlarm = state === 'drifting' || state === 'recovering';
    return {
      task_id: taskId,
      version,
      state,
      drift_id: isAlarm && begin !== null ? `${taskId}-v${version}-${Date.parse(begin)}` : null,
      since: begin,
      why: this.#why(state),
      reference_records: this.#reference?.records ?? 0,
      window_records: this.#window?.records ?? 0,
      windows: { compared, over, calm },
      tests,
      findings: isShown ? [...worse, ...findings] : [],
      examples: isShown ? (worse.length > 0 ? [...wrong, ...examples] : examples).slice(0, EXAMPLES) : [],
    };
  }

  toJson(): Stored {
    return {
      ...this.#stored,
      shape: this.#shape?.toJson() ?? null,
      reference: this.#reference?.toJson() ?? null,
      window: this.#window?.toJson() ?? null,
      quality: this.#quality.toJson(),
    };
  }

  get #state(): DriftState {
    return this.#quality.findings().length > 0 ? 'drifting' : this.#stored.state;
  }

  #close(window: DriftWindow, shape: Shape): void {
    const { options, random } = this.#parts;
    const reference = this.#reference;
    this.#window = null;
    if (reference === null) return;
    const { tests, findings } = compareWindows(reference, window, options);
    const isOver = findings.length > 0;
    const before = this.#stored;
    const over = isOver ? before.over + 1 : 0;
    const calm = isOver ? 0 : before.calm + 1;
    const state = nextState(before.state, { over, calm }, options);
    const began = new Map(
      before.over > 0 || before.state === 'drifting' ? before.findings.map((found) => [keyOf(found), found.since]) : [],
    );
    const dated: DriftFinding[] = [];
    for (const finding of findings.slice(0, FINDINGS))
      dated.push({ ...finding, since: began.get(keyOf(finding)) ?? finding.since });
    const isKept = !isOver && state === 'recovering';
    this.#stored = {
      ...before,
      tests,
      compared: before.compared + 1,
      over,
      calm,
      state,
      since: state === 'stable' ? null : (before.since ?? window.startedAt),
      // While it recovers, what was found last is still shown.
      findings: isKept ? before.findings : dated,
      examples: isKept ? before.examples : window.examplesOf(findings, { reference, shape, random }),
    };
  }

  #why(state: DriftState): string {
    const { options } = this.#parts;
    const { over, calm } = this.#stored;
    const { seen, wanted } = this.#quality.progress;
    const wait = ` (and at least ${options.windowMinutes} minutes)`;
    switch (state) {
      case 'learning':
        return `It learns what is usual from the first ${options.referenceRecords} records of the version${wait}: ${this.#learned.length + (this.#reference?.records ?? 0)} so far`;
      case 'stable':
        return seen < wanted
          ? `The last window is like the reference; of the quality nothing is known before ${wanted} validations chosen by chance: ${seen} so far`
          : 'The last window is like the reference, and validations are as they were';
      case 'suspect':
        return `${over} of ${options.windowsIn} windows in a row that make a drift are over the threshold; the next one ends with ${options.windowRecords} records${wait}`;
      case 'recovering':
        return `${calm} of ${options.windowsOut} windows in a row that end a drift are calm`;
      case 'drifting':
        return this.#quality.findings().length > 0
          ? 'Validations have become worse; the alarm ends when they are as before, or with a new version'
          : `The traffic is not like that of the reference; it ends with ${options.windowsOut} calm windows in a row, or with a new version`;
    }
  }
}

function newState(version: number): Omit<Stored, 'shape' | 'reference' | 'window' | 'quality'> {
  return {
    version,
    isReferenceDone: false,
    compared: 0,
    over: 0,
    calm: 0,
    tests: 0,
    state: 'learning',
    since: null,
    findings: [],
    examples: [],
    wrong: [],
  };
}

function keyOf({ field, aspect }: { field: string; aspect: string }): string {
  return `${field}|${aspect}`;
}

function nextState(
  before: DriftState,
  { over, calm }: { over: number; calm: number },
  { windowsIn, windowsOut }: Pick<DriftOptions, 'windowsIn' | 'windowsOut'>,
): DriftState {
  const wasDrift = before === 'drifting' || before === 'recovering';
  if (over > 0) return wasDrift || over >= windowsIn ? 'drifting' : 'suspect';
  return wasDrift && calm < windowsOut ? 'recovering' : 'stable';
}

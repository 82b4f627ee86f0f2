import type { Json, Recommendations, Sample, ValidationSummary } from '@loopwright/protocol';
import { posteriorBelow } from './posterior-below.ts';

/** With fewer validations nothing is proposed, and with this share of right ones nothing has to be (`reference/domain.md` §3.5). */
const FEWEST = 5;
const GOOD_RATE = 0.7;
/** Kinds of errors that are listed, and characters of an output in one. */
const LISTED = 10;
const OUTPUT_CHARACTERS = 60;

type OfVersion = ValidationSummary['versions'][number];

/** What is known of a version when it is asked whether to make it again. */
export interface Known {
  readonly counts: OfVersion | undefined;
  /** Wrong outputs, with what is right. */
  readonly errors: ErrorCounts;
  /** Samples of the program that wait for an answer. */
  readonly open: number;
  /** What keeps a repair from being opened by itself; `null`: nothing has to be done, or one is open. */
  readonly waitingFor: string | null;
}

/** Counts wrong outputs by what was given and what is right. */
export class ErrorCounts {
  readonly #counts = new Map<string, number>();
  total = 0;

  add({ output_data: given, validation }: Sample): void {
    if (validation === null || validation.match) return;
    this.total += 1;
    const kind = `${shown(given)} where ${shown(validation.oracle_output)} is right`;
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  /** The most frequent first, each with how often. */
  list(): string[] {
    return [...this.#counts]
      .sort(([one, many], [other, more]) => more - many || (one < other ? -1 : 1))
      .slice(0, LISTED)
      .map(([kind, count]) => `${kind} (${count} of ${this.total})`);
  }
}

/** Whether a version should be made again, and what would help. */
export function recommend({
  counts,
  errors,
  open,
  waitingFor,
}: Known): Omit<Recommendations, 'program_id' | 'task_id' | 'version'> {
  const { total, matched } = counts?.all ?? { total: 0, matched: 0 };
  const rate = total === 0 ? null : matched / total;
  const should = total >= FEWEST && rate !== null && rate < GOOD_RATE;
  const below = posteriorBelow(GOOD_RATE, matched, total);
  return {
    should_improve: should,
    validation_rate: rate,
    failed_validations_count: total - matched,
    common_errors: errors.list(),
    suggested_fixes: fixesFor({ counts, open, waitingFor, should, total, failed: total - matched }),
    confidence: total === 0 ? null : should ? below : 1 - below,
  };
}

function fixesFor({
  counts,
  open,
  waitingFor,
  should,
  total,
  failed,
}: Omit<Known, 'errors'> & { should: boolean; total: number; failed: number }): string[] {
  const missing = FEWEST - total;
  const worst = Object.entries(counts?.by_slice ?? {})
    .filter(([, { share, total: seen }]) => seen >= FEWEST && (share ?? 1) < GOOD_RATE)
    .map(([slice, { matched, total: seen }]) => `Add examples of the kind "${slice}": ${seen - matched} of ${seen} are wrong`);
  return [
    ...(missing > 0 ? [`Answer ${missing} more sample(s) before anything can be said; ${open} wait`] : []),
    ...(should ? [`Make it again with what was labelled as examples: ${failed} output(s) were wrong (POST …/improve)`] : []),
    ...worst,
    ...(waitingFor === null ? [] : [`It drifts, and no repair is opened by itself: ${waitingFor}`]),
  ];
}

function shown(output: Json): string {
  const text = JSON.stringify(output);
  return text.length <= OUTPUT_CHARACTERS ? text : `${text.slice(0, OUTPUT_CHARACTERS - 1)}…`;
}

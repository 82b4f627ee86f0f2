import type { DiffClass, DiffCounts, DiffKind } from '@loopwright/protocol';
import { kindOfChange, kindOfFailure } from './kind-of-change.ts';
import { EXAMPLES_OF_KIND, EXAMPLE_CHARACTERS, KINDS_LISTED, KINDS_TOLD_APART } from './limits.ts';
import { type Outcome, isSameOutcome, messageIn } from './outcome.ts';

/** An input and what both versions made of it. */
export interface ComparedInput {
  readonly inputJson: string;
  readonly incumbent: Outcome;
  readonly candidate: Outcome;
}

/** The worst first. */
const ORDER: readonly DiffClass[] = ['newly_failing', 'changed', 'unstable', 'newly_answered', 'both_failing', 'identical'];

/** What became of an input, when both versions are taken at their word. */
export function classOf(incumbent: Outcome, candidate: Outcome): Exclude<DiffClass, 'unstable'> {
  if (incumbent.status !== 'success') return candidate.status === 'success' ? 'newly_answered' : 'both_failing';
  if (candidate.status !== 'success') return 'newly_failing';
  return isSameOutcome(incumbent, candidate) ? 'identical' : 'changed';
}

/** Counts compared inputs by class and kind of change, and keeps a few examples of each kind: bounded, however many inputs come. */
export class DiffTally {
  readonly #counts = new Map<DiffClass, number>();
  readonly #kinds = new Map<string, DiffKind>();
  #inputs = 0;

  get inputs(): number {
    return this.#inputs;
  }

  /** Adds an input. `unstable` says which version answered it in two ways. */
  add(compared: ComparedInput, unstable?: 'incumbent' | 'candidate'): void {
    const { incumbent, candidate } = compared;
    const diffClass = unstable === undefined ? classOf(incumbent, candidate) : 'unstable';
    this.#inputs += 1;
    this.#counts.set(diffClass, (this.#counts.get(diffClass) ?? 0) + 1);
    if (diffClass === 'identical') return;
    const kind = this.#kindOf(diffClass, unstable === undefined ? nameOf(compared) : `the ${unstable} differs from run to run`);
    kind.count += 1;
    if (kind.examples.length < EXAMPLES_OF_KIND)
      kind.examples.push({ input: cut(compared.inputJson), incumbent: shown(incumbent), candidate: shown(candidate) });
  }

  counts(): DiffCounts {
    const of = (diffClass: DiffClass): number => this.#counts.get(diffClass) ?? 0;
    const kinds = [...this.#kinds.values()].sort(
      (one, other) => ORDER.indexOf(one.class) - ORDER.indexOf(other.class) || other.count - one.count,
    );
    return {
      inputs: this.#inputs,
      identical: of('identical'),
      changed: of('changed'),
      newly_failing: of('newly_failing'),
      newly_answered: of('newly_answered'),
      both_failing: of('both_failing'),
      unstable: of('unstable'),
      kinds: structuredClone(kinds.slice(0, KINDS_LISTED)),
      in_other_kinds: kinds.slice(KINDS_LISTED).reduce((sum, { count }) => sum + count, 0),
    };
  }

  #kindOf(diffClass: DiffClass, name: string): DiffKind {
    const key = `${diffClass} ${name}`;
    const known = this.#kinds.get(key);
    if (known !== undefined) return known;
    const isFull = this.#kinds.size >= KINDS_TOLD_APART && name !== 'in other ways';
    if (isFull) return this.#kindOf(diffClass, 'in other ways');
    const fresh: DiffKind = { class: diffClass, kind: name, count: 0, examples: [] };
    this.#kinds.set(key, fresh);
    return fresh;
  }
}

function nameOf({ incumbent, candidate }: ComparedInput): string {
  if (incumbent.status === 'success' && candidate.status === 'success') return kindOfChange(incumbent.output, candidate.output);
  if (candidate.status === 'success') return `was: ${kindOfFailure(messageIn(incumbent))}`;
  return kindOfFailure(messageIn(candidate));
}

function shown(outcome: Outcome): string {
  return cut(outcome.status === 'success' ? outcome.outputJson : `${outcome.status}: ${outcome.message}`);
}

function cut(text: string): string {
  return text.length <= EXAMPLE_CHARACTERS ? text : `${text.slice(0, EXAMPLE_CHARACTERS - 1)}…`;
}

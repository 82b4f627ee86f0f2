import { createHash } from 'node:crypto';
import { canonicalJson, type Json, type LabelledExample } from '@loopwright/protocol';
import { LABELS_SHOWN } from './limits.ts';

/** What the inputs are: text (a string, or `{ text }`), flat records of plain values, or anything else. */
type ExampleKind = 'text' | 'tabular' | 'other';

/** What a set of examples is like. */
export interface ExampleProfile {
  readonly count: number;
  readonly kind: ExampleKind;
  /** Examples by label, the most frequent first; at most 1000 labels. A label that is no string is written as JSON. */
  readonly labels: Readonly<Record<string, number>>;
  /** Distinct labels. */
  readonly classes: number;
  /** Examples that repeat an earlier one, input and output. */
  readonly duplicates: number;
  /** Distinct inputs that stand with more than one output. */
  readonly conflicts: number;
  /** Lengths of the texts in UTF-16 code units; `null` unless the kind is text. */
  readonly text_length: {
    readonly min: number;
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly max: number;
  } | null;
}

/** Profiles the examples of a set. See {@link ProfileBuilder} for streams. */
export function profileExamples(examples: Iterable<LabelledExample>): ExampleProfile {
  const builder = new ProfileBuilder();
  for (const example of examples) builder.add(example);
  return builder.profile();
}

/** The label of an output, as a key: text as it is, everything else as canonical JSON. */
export function labelOf(output: Json): string {
  return typeof output === 'string' ? output : canonicalJson(output);
}

/** Profiles examples one by one; keeps about a hundred bytes of each. */
export class ProfileBuilder {
  readonly #labels = new Map<string, number>();
  /** Digest of an input → digest of its output, or digests where there are several. */
  readonly #outputs = new Map<string, string | Set<string>>();
  readonly #lengths: number[] = [];
  #count = 0;
  #duplicates = 0;
  #text = true;
  #tabular = true;

  add({ input, output }: LabelledExample): void {
    this.#count += 1;
    const label = labelOf(output);
    this.#labels.set(label, (this.#labels.get(label) ?? 0) + 1);
    const key = digest(canonicalJson(input));
    const answer = digest(canonicalJson(output));
    const known = this.#outputs.get(key);
    if (known === undefined) this.#outputs.set(key, answer);
    else if (known === answer || (known instanceof Set && known.has(answer))) this.#duplicates += 1;
    else if (known instanceof Set) known.add(answer);
    else this.#outputs.set(key, new Set([known, answer]));
    const text = textOf(input);
    if (text === undefined) this.#text = false;
    else if (this.#text) this.#lengths.push(text.length);
    this.#tabular &&= isFlatRecord(input);
  }

  profile(): ExampleProfile {
    const labels = [...this.#labels].sort(([left, a], [right, b]) => b - a || (left < right ? -1 : 1));
    const some = this.#count > 0;
    const kind = some && this.#text ? 'text' : some && this.#tabular ? 'tabular' : 'other';
    return {
      count: this.#count,
      kind,
      labels: Object.fromEntries(labels.slice(0, LABELS_SHOWN)),
      classes: labels.length,
      duplicates: this.#duplicates,
      conflicts: [...this.#outputs.values()].filter((answers) => answers instanceof Set).length,
      text_length: kind === 'text' ? quantiles(this.#lengths) : null,
    };
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64').slice(0, 24);
}

function textOf(input: Json): string | undefined {
  if (typeof input === 'string') return input;
  if (input === null || typeof input !== 'object' || Array.isArray(input)) return undefined;
  const text = Object.hasOwn(input, 'text') ? input['text'] : undefined;
  return typeof text === 'string' && Object.keys(input).length === 1 ? text : undefined;
}

function isFlatRecord(input: Json): boolean {
  if (input === null || typeof input !== 'object' || Array.isArray(input)) return false;
  return Object.values(input).every((value) => value === null || typeof value !== 'object');
}

/** Nearest-rank quantiles. */
function quantiles(values: readonly number[]): NonNullable<ExampleProfile['text_length']> {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { min: at(0), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

import { type Json, type JsonObject, type LabelledExample, canonicalJson, toJson, wilsonInterval } from '@loopwright/protocol';
import { type Estimate, type EstimateErrors, errorsOf } from './estimate-errors.ts';
import type { EdgeClient } from '../programs/edge-client.ts';

/** How many examples one call of the edge carries. */
const CHUNK = 500;
/** How many mistakes are kept for the reviewer. */
const FAILURES_SHOWN = 10;
/** Longest text of an example that is kept in a report, in characters. */
const EXCERPT = 300;

/** How a version did on labelled examples. */
export interface Evaluation {
  readonly examples: number;
  readonly correct: number;
  readonly errors: number;
  readonly accuracy: number;
  /** Wilson interval at 95 %. */
  readonly interval: { readonly low: number; readonly high: number };
  /** Milliseconds inside the sandbox, over the answers. */
  readonly latency_ms: { readonly p50: number; readonly p99: number };
  /** Counts by expected and given label; what failed is under "(error)". Empty for estimates. */
  readonly confusion: Record<string, Record<string, number>>;
  /** How far estimates are off; `null` for labels. With it, `correct` are those within the tolerance. */
  readonly estimates: EstimateErrors | null;
  readonly failures: JsonObject[];
}

/** Runs a version of a program in the sandbox of the edge on examples that it was not made from. */
export async function evaluateProgram(
  edge: EdgeClient,
  {
    program,
    version,
    examples,
    tolerance,
    signal,
  }: {
    program: string;
    version: number;
    examples: readonly LabelledExample[];
    /** How far off an estimate may be and still count as right; `null`: answers are labels. */
    tolerance: number | null;
    signal: AbortSignal;
  },
): Promise<Evaluation> {
  const tally = new Tally(tolerance);
  for (let start = 0; start < examples.length; start += CHUNK) {
    const chunk = examples.slice(start, start + CHUNK);
    const items = chunk.map(({ input }, index) => ({ id: String(index), input }));
    const { results } = await edge.executeBatch({ task_id: program, version, items, log: false }, signal);
    for (const { id, success, output, error_message, latency_ms } of results) {
      const example = chunk[Number(id)];
      if (example === undefined) throw new RangeError(`Cannot read the results of the edge: it named an unknown item "${id}"`);
      tally.add(example, success ? { output: output ?? null, latencyMs: latency_ms } : { error: error_message ?? 'failed' });
    }
  }
  return tally.result();
}

type Given = { readonly output: Json; readonly latencyMs: number } | { readonly error: string };

class Tally {
  #correct = 0;
  #errors = 0;
  readonly #latencies: number[] = [];
  readonly #confusion: Record<string, Record<string, number>> = {};
  readonly #failures: JsonObject[] = [];
  readonly #estimates: Estimate[] = [];
  readonly #tolerance: number | null;
  #total = 0;

  constructor(tolerance: number | null) {
    this.#tolerance = tolerance;
  }

  add(example: LabelledExample, given: Given): void {
    this.#total += 1;
    if (this.#tolerance === null) this.#confuse(example, given);
    if ('error' in given) this.#errors += 1;
    else this.#latencies.push(given.latencyMs);
    if (this.#isRight(example, given)) this.#correct += 1;
    else if (this.#failures.length < FAILURES_SHOWN) {
      this.#failures.push({
        input: excerpt(example.input),
        expected: example.output,
        given: toJson('error' in given ? { error: given.error } : given.output),
      });
    }
  }

  #confuse({ output }: LabelledExample, given: Given): void {
    const row = (this.#confusion[labelOf(output)] ??= {});
    const answer = 'error' in given ? '(error)' : labelOf(given.output);
    row[answer] = (row[answer] ?? 0) + 1;
  }

  #isRight({ output: expected }: LabelledExample, given: Given): boolean {
    if ('error' in given) return false;
    if (this.#tolerance === null) return canonicalJson(given.output) === canonicalJson(expected);
    if (typeof expected !== 'number' || typeof given.output !== 'number') return false;
    this.#estimates.push({ expected, given: given.output });
    return Math.abs(given.output - expected) <= this.#tolerance;
  }

  result(): Evaluation {
    const sorted = this.#latencies.sort((a, b) => a - b);
    const percentile = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const { share, low, high } = wilsonInterval(this.#correct, this.#total);
    return {
      examples: this.#total,
      correct: this.#correct,
      errors: this.#errors,
      accuracy: share,
      interval: { low, high },
      latency_ms: { p50: percentile(0.5), p99: percentile(0.99) },
      confusion: this.#confusion,
      estimates: this.#tolerance === null ? null : errorsOf(this.#estimates, this.#tolerance),
      failures: this.#failures,
    };
  }
}

function labelOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function excerpt(input: Json): Json {
  const text = JSON.stringify(input);
  return text.length <= EXCERPT ? input : `${text.slice(0, EXCERPT)}…`;
}

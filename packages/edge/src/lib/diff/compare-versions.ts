import type { BehaviourDiff, Json } from '@loopwright/protocol';
import { LatencySketch } from '../dataset/latency-sketch.ts';
import type { ExecutionTools } from '../serve/execute-once.ts';
import { isNestedTooDeep } from '../serve/nesting.ts';
import type { ServedVersion } from '../serve/served-version.ts';
import { DiffTally, classOf } from './diff-tally.ts';
import { INPUTS_AT_ONCE } from './limits.ts';
import { type Outcome, isSameOutcome, replay } from './outcome.ts';

/** An input that is replayed. */
export interface ReplayedInput {
  readonly input: Json;
  /** What the very same incumbent answered when the input came; left out where something else answered, or nothing did. */
  readonly answered?: { readonly output: Json; readonly latencyMs: number } | undefined;
}

/** The two versions and what they are compared on. */
export interface Comparison {
  readonly incumbent: ServedVersion;
  readonly candidate: ServedVersion;
  readonly inputs: AsyncIterable<ReplayedInput>;
  /** Gives up when it aborts; left out: never. */
  readonly signal?: AbortSignal | undefined;
}

type Compared = Omit<BehaviourDiff, 'task_id' | 'source' | 'logged_from' | 'logged_to' | 'compared_at'>;

/**
 * Runs every input through the candidate, and through the incumbent, which must have answered it twice: once when it was logged, where it was that, else
 * two times now. What the incumbent answers in two ways is unstable and says nothing of the candidate (Diffy: Twitter, 2015). Where the candidate differs it is asked once more, so that its own whims are not taken for a change.
 *
 * @throws PlatformError OVERLOADED, SERVICE_UNAVAILABLE, and the reason of the signal
 */
export async function compareVersions({ inputs, ...pair }: Comparison, tools: ExecutionTools): Promise<Compared> {
  const start = performance.now();
  const tally = new DiffTally();
  const latencies = { incumbent: new LatencySketch(), candidate: new LatencySketch() };
  const source = inputs[Symbol.asyncIterator]();
  const work = async (): Promise<void> => {
    for (let next = await source.next(); next.done !== true; next = await source.next()) {
      pair.signal?.throwIfAborted();
      await compareInput(next.value, pair, { tools, tally, latencies });
    }
  };
  await Promise.all(Array.from({ length: INPUTS_AT_ONCE }, work)).finally(() => source.return?.());
  const versionOf = ({ metadata }: ServedVersion, sketch: LatencySketch): Compared['candidate'] => ({
    version: metadata.version,
    digest: metadata.digest,
    p50_latency_ms: sketch.count === 0 ? null : sketch.quantile(0.5),
    p99_latency_ms: sketch.count === 0 ? null : sketch.quantile(0.99),
  });
  return {
    ...tally.counts(),
    candidate: versionOf(pair.candidate, latencies.candidate),
    incumbent: versionOf(pair.incumbent, latencies.incumbent),
    duration_ms: Math.round(performance.now() - start),
  };
}

interface Work {
  readonly tools: ExecutionTools;
  readonly tally: DiffTally;
  readonly latencies: Record<'incumbent' | 'candidate', LatencySketch>;
}

async function compareInput(
  { input, answered }: ReplayedInput,
  { incumbent, candidate }: Pick<Comparison, 'incumbent' | 'candidate'>,
  { tools, tally, latencies }: Work,
): Promise<void> {
  const inputJson = textOf(input, answered === undefined);
  if (inputJson === undefined) return tally.add({ inputJson: '…', incumbent: TOO_DEEP, candidate: TOO_DEEP });
  const text = { input, inputJson };
  const [before, again, after] = await Promise.all([
    replay(incumbent, text, tools),
    answered === undefined ? replay(incumbent, text, tools) : loggedOutcome(answered),
    replay(candidate, text, tools),
  ]);
  addLatency(latencies.incumbent, before);
  addLatency(latencies.candidate, after);
  const compared = { inputJson, incumbent: before, candidate: after };
  if (!isSameOutcome(before, again)) return tally.add(compared, 'incumbent');
  const diffClass = classOf(before, after);
  if (diffClass === 'identical' || diffClass === 'both_failing') return tally.add(compared);
  const isStable = isSameOutcome(after, await replay(candidate, text, tools));
  return tally.add(compared, isStable ? undefined : 'candidate');
}

const TOO_DEEP: Outcome = { status: 'refused', message: 'Cannot read the input: it is nested too deeply' };

/** `undefined` for what no version is given, because it is nested too deeply; what a version has answered is not. */
function textOf(input: Json, isUnknown: boolean): string | undefined {
  try {
    const text = JSON.stringify(input);
    return isUnknown && isNestedTooDeep(text) ? undefined : text;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function loggedOutcome({ output, latencyMs }: NonNullable<ReplayedInput['answered']>): Outcome {
  return { status: 'success', output, outputJson: JSON.stringify(output), latencyMs };
}

function addLatency(sketch: LatencySketch, outcome: Outcome): void {
  if (outcome.status === 'success') sketch.add(outcome.latencyMs);
}

import { type Json, PlatformError, canonicalJson } from '@loopwright/protocol';
import { type ExecutionTools, executeOnce, readResult } from '../serve/execute-once.ts';
import type { ServedVersion } from '../serve/served-version.ts';

/** What came of one input: an answer, or why there is none (`refused`: the input does not fit the version's schema). */
export type Outcome =
  | { readonly status: 'success'; readonly output: Json; readonly outputJson: string; readonly latencyMs: number }
  | { readonly status: 'error' | 'timeout' | 'refused'; readonly message: string };

/** Runs an input, and records nothing. @throws PlatformError OVERLOADED, SERVICE_UNAVAILABLE */
export async function outcomeOf(served: ServedVersion, input: Json, tools: ExecutionTools): Promise<Outcome> {
  try {
    return await executeOnce(served, input, undefined, tools);
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'VALIDATION_ERROR') return { status: 'refused', message: error.message };
    throw error;
  }
}

/** An input of a comparison: as a value, and as the text that both versions get. */
export interface InputText {
  readonly input: Json;
  readonly inputJson: string;
}

/** The same for an input that is run several times: it is written and looked at once. @throws PlatformError OVERLOADED, SERVICE_UNAVAILABLE */
export async function replay(
  served: ServedVersion,
  { input, inputJson }: InputText,
  { sandbox }: Pick<ExecutionTools, 'sandbox'>,
): Promise<Outcome> {
  const [issue] = await served.checkInput(input, inputJson);
  if (issue !== undefined)
    return { status: 'refused', message: `Cannot run the program: the input${issue.pointer} ${issue.message}` };
  return readResult(served, await sandbox.run(served.program, inputJson));
}

/** Whether both are the same answer, or the same failure. The order of the members of an object does not matter. */
export function isSameOutcome(one: Outcome, other: Outcome): boolean {
  if (one.status === 'success' && other.status === 'success')
    return one.outputJson === other.outputJson || canonicalJson(one.output) === canonicalJson(other.output);
  return one.status === other.status && messageIn(one) === messageIn(other);
}

/** Why there is no answer; empty where there is one. */
export function messageIn(outcome: Outcome): string {
  return outcome.status === 'success' ? '' : outcome.message;
}

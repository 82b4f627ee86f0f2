import type { Finding, Hygiene } from '@loopwright/protocol';
import type { Evidence } from '../evidence/evidence.ts';
import type { EffectivePolicy } from '../policy/merge-policies.ts';
import type { Survey } from '../survey/survey.ts';
import type { TestRun } from '@loopwright/edge';

/** What gates look at. */
export interface Measured {
  readonly survey: Survey;
  /** `null`: the tests were not asked for. */
  readonly tests: TestRun | null;
  readonly hygiene: Hygiene;
  readonly evidence: Evidence;
  readonly policy: EffectivePolicy;
  readonly phase: string;
}

/** What one gate measured. */
export interface Measurement {
  /** `null`: it was not measured; `message` says why. */
  readonly actual: number | null;
  readonly threshold: number | string | boolean | null;
  /** Whether what was measured is within the bound; `warned`: a person should look, and nothing is broken. */
  readonly verdict: 'passed' | 'warned' | 'failed' | 'not measured';
  readonly message: string;
  readonly remediation?: string;
  readonly findings?: readonly Finding[];
  /** How many findings there are, when not all are in `findings`. */
  readonly total?: number;
  /** JSON pointer of the bound in the policy. */
  readonly pointer?: string;
}

/** Measures; gives nothing when the policy does not ask for it. */
export type Gate = (measured: Measured) => Measurement | undefined;

/** What was not measured, and why. */
export function notMeasured(
  message: string,
  threshold: Measurement['threshold'],
  more: Pick<Measurement, 'findings' | 'pointer' | 'remediation'> = {},
): Measurement {
  return { actual: null, threshold, verdict: 'not measured', message, ...more };
}

/** A gate on what is found, which must be nothing. A survey that left something out cannot say that there is nothing. */
export function noneFound(
  { survey }: Measured,
  {
    findings,
    total,
    what,
    ...more
  }: { findings: readonly Finding[]; total: number; what: string; remediation: string; pointer: string; limit?: number },
): Measurement {
  const { limit = 0, ...rest } = more;
  const heading = what.charAt(0).toUpperCase() + what.slice(1);
  const base = { threshold: limit, findings, total, ...rest };
  if (total > limit)
    return { ...base, actual: total, verdict: 'failed', message: `${heading}: ${total} where ${limit} are allowed` };
  const unread = leftOut(survey);
  if (unread !== undefined)
    return { ...base, actual: null, verdict: 'not measured', message: `Not everything was looked at: ${unread}` };
  return { ...base, actual: total, verdict: 'passed', message: total === 0 ? `No ${what}` : `${heading}: ${total}` };
}

/** What a survey left out; `undefined` when it looked at everything. */
function leftOut({ left, files }: Survey): string | undefined {
  if (left !== null) return left;
  const unread = files.find((file) => file.unread !== null);
  return unread === undefined ? undefined : `"${unread.path}": ${unread.unread ?? ''}`;
}

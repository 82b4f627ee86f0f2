import type { Finding } from '@loopwright/protocol';
import { type Gate, type Measured, notMeasured } from './gate.ts';

/** What was run of the code of a workspace, in per cent, or why that is not known. */
interface Coverage {
  readonly percent: number | null;
  readonly reason: string;
  readonly findings: readonly Finding[];
}

/** Share of the tests that pass, in per cent; a file that could not be run is no pass. */
export const testPassRate: Gate = (measured) => {
  const { tests, policy } = measured;
  const threshold = policy.document.quality_gates?.min_test_pass_rate ?? 100;
  const pointer = '/quality_gates/min_test_pass_rate';
  if (tests === null) return notMeasured('The tests were not run', threshold, { pointer });
  const counted = tests.results.filter(({ status }) => status !== 'skipped');
  const failed = counted.filter(({ status }) => status === 'failed');
  const findings = [
    ...failed.map(({ file, name, message }) => ({ file, line: null, message: `${name}: ${message ?? 'failed'}`.slice(0, 500) })),
    ...tests.notRun.map(({ file, reason }) => ({ file, line: null, message: reason.slice(0, 500) })),
  ];
  const remediation =
    'Correct what the findings name; tests run in the sandbox, with node:test and node:assert and nothing else of Node';
  if (counted.length === 0) {
    const reason = tests.notRun.length > 0 ? 'No test can be run in the sandbox' : 'There are no tests';
    return notMeasured(reason, threshold, { findings, pointer, remediation });
  }
  const actual = round((100 * (counted.length - failed.length)) / counted.length);
  const base = { actual, threshold, findings, remediation, pointer };
  const message = `${counted.length - failed.length} of ${counted.length} tests pass`;
  if (actual < threshold) return { ...base, verdict: 'failed', message };
  if (tests.notRun.length === 0 && measured.survey.left === null) return { ...base, verdict: 'passed', message };
  const missing = measured.survey.left ?? `${tests.notRun.length} files of tests cannot be run in the sandbox`;
  return { ...base, actual: null, verdict: 'not measured', message: `${message}, but ${missing}` };
};

/** Share of the statements that the tests run, in per cent. */
export const testCoverage: Gate = (measured) => {
  const threshold = measured.policy.document.quality_gates?.min_test_coverage;
  if (threshold === undefined) return undefined;
  const pointer = '/quality_gates/min_test_coverage';
  const remediation = 'Write tests that run the statements of the files which the findings name';
  const { percent, reason, findings } = coverageOf(measured);
  // What was run is a lower bound when some tests could not be: it may be enough all the same.
  if (percent === null) return notMeasured(reason, threshold, { findings, pointer, remediation });
  const base = { actual: percent, threshold, findings, remediation, pointer };
  if (percent >= threshold) return { ...base, verdict: 'passed', message: reason };
  if (measured.tests !== null && measured.tests.notRun.length > 0)
    return notMeasured(`${reason}, but ${measured.tests.notRun.length} files of tests cannot be run in the sandbox`, threshold, {
      findings: measured.tests.notRun.map((file) => ({ file: file.file, line: null, message: file.reason.slice(0, 500) })),
      pointer,
      remediation,
    });
  return { ...base, verdict: 'failed', message: reason };
};

/** Statements that were run over all statements of the code; files that no test loads count with nothing. */
export function coverageOf({ survey, tests }: Measured): Coverage {
  const code = survey.files.filter(({ kind, path }) => kind === 'code' && !path.endsWith('.d.ts'));
  if (tests === null) return { percent: null, reason: 'The tests were not run', findings: [] };
  if (survey.left !== null) return { percent: null, reason: `Not everything was looked at: ${survey.left}`, findings: [] };
  const broken = code.find((file) => file.code === null || file.code.problem !== null || file.runnable === null);
  if (broken !== undefined) {
    const message = broken.code?.problem?.message ?? broken.unread ?? 'the code of the workspace is too large together';
    return {
      percent: null,
      reason: `"${broken.path}" cannot be measured: ${message}`,
      findings: [{ file: broken.path, line: null, message }],
    };
  }
  let statements = 0;
  let ran = 0;
  const findings: (Finding & { readonly missing: number })[] = [];
  for (const { path, number, code: facts } of code) {
    const total = facts?.statements ?? 0;
    const reached = Math.min(total, [...(tests.ran.get(number) ?? [])].filter((statement) => statement < total).length);
    statements += total;
    ran += reached;
    if (reached < total)
      findings.push({
        file: path,
        line: null,
        message: `${total - reached} of ${total} statements are never run`,
        missing: total - reached,
      });
  }
  if (statements === 0) return { percent: null, reason: 'There is no TypeScript or JavaScript to run', findings: [] };
  const worst = findings.sort((a, b) => b.missing - a.missing).map(({ file, line, message }) => ({ file, line, message }));
  return {
    percent: round((100 * ran) / statements),
    reason: `The tests run ${ran} of ${statements} statements`,
    findings: worst,
  };
}

/** Rounds down, so that what is below a bound does not come up to it. */
function round(percent: number): number {
  return Math.floor(percent * 10) / 10;
}

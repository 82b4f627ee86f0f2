import { findingsOf } from '../../hygiene/measure-hygiene.ts';
import type { FileFacts } from '../survey/survey.ts';
import { type Gate, type Measured, noneFound, notMeasured } from './gate.ts';

/** The modules of a workspace that were parsed, tests left out. */
export function modulesOf({ survey }: Measured): (FileFacts & { readonly code: NonNullable<FileFacts['code']> })[] {
  return survey.files.flatMap((file) => (file.kind === 'code' && file.code !== null ? [{ ...file, code: file.code }] : []));
}

/** Problems of the code, of its syntax and of its tests: what is a mistake in any style. */
export const codeQuality: Gate = (measured) => {
  if (measured.policy.document.quality_gates?.require_linting !== true) return undefined;
  const pointer = '/quality_gates/require_linting';
  const files = measured.survey.files.filter(({ code }) => code !== null);
  if (files.length === 0) return notMeasured('There is no TypeScript or JavaScript', 0, { pointer });
  const { findings, total } = lintFindings(files);
  return noneFound(measured, {
    findings,
    total,
    what: 'problems in the code',
    remediation: 'Correct the lines that the findings name',
    pointer,
  });
};

/** Everything that the linter, the parser and the search for unused imports find. */
export function lintFindings(files: readonly FileFacts[]): { findings: ReturnType<typeof findingsOf>; total: number } {
  const findings = files.flatMap((file) => {
    const { code, path } = file;
    if (code === null) return [];
    if (code.problem !== null) return [{ file: path, line: code.problem.line, message: `syntax: ${code.problem.message}` }];
    return [...findingsOf(file, code.lint), ...findingsOf(file, code.unusedImports)];
  });
  const total = files.reduce(
    (sum, { code }) => sum + (code === null ? 0 : (code.problem === null ? 0 : 1) + code.lint.total + code.unusedImports.total),
    0,
  );
  return { findings, total };
}

/** The highest cyclomatic complexity of a function. */
export const complexity: Gate = (measured) => {
  const threshold = measured.policy.document.quality_gates?.max_complexity;
  if (threshold === undefined) return undefined;
  const pointer = '/quality_gates/max_complexity';
  const remediation = 'Take the functions that the findings name apart';
  const all = modulesOf(measured)
    .flatMap(({ path, code }) => code.complex.map((item) => ({ path, ...item })))
    .sort((a, b) => b.complexity - a.complexity);
  const broken = modulesOf(measured).find(({ code }) => code.problem !== null);
  const [worst] = all;
  const findings = all
    .filter((item) => item.complexity > threshold)
    .map(({ path, line, name, complexity: value }) => ({
      file: path,
      line,
      message: `the function "${name}" has a complexity of ${value}`,
    }));
  if (worst !== undefined && worst.complexity > threshold) {
    const message = `"${worst.name}" at ${worst.path}:${worst.line} has a complexity of ${worst.complexity}`;
    return { actual: worst.complexity, threshold, verdict: 'failed', message, findings, remediation, pointer };
  }
  if (measured.survey.left !== null)
    return notMeasured(`Not everything was looked at: ${measured.survey.left}`, threshold, { pointer });
  if (broken !== undefined) return notMeasured(`"${broken.path}" cannot be parsed`, threshold, { pointer });
  if (worst === undefined) return notMeasured('There are no functions in TypeScript or JavaScript', threshold, { pointer });
  const message = `The most complex function is "${worst.name}" at ${worst.path}:${worst.line}, with ${worst.complexity}`;
  return { actual: worst.complexity, threshold, verdict: 'passed', message, pointer };
};

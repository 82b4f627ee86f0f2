import { join } from 'node:path';
import type { Finding, Hygiene } from '@loopwright/protocol';
import { LARGE_FILE_BYTES } from '../governance/survey/limits.ts';
import { type SurveyParts, surveyWorkspace } from '../governance/survey/survey-workspace.ts';
import type { FileFacts, Found, Survey } from '../governance/survey/survey.ts';
import { findOrphans } from './find-orphans.ts';
import { type Counted, type HygieneCounts, hygieneScore } from './hygiene-score.ts';

const FINDINGS_SHOWN = 50;

/** Measures how tidy the artifacts of a workspace are, whatever is in them; `workspaceDir` is the folder that has `artifacts`. See {@link surveyWorkspace} for limits and errors. */
export async function measureHygiene(workspaceDir: string, parts: SurveyParts): Promise<Hygiene> {
  const root = join(workspaceDir, 'artifacts');
  return hygieneOf(
    await surveyWorkspace({ root, forbiddenTerms: [], colors: null, fonts: null, validators: [], runnable: false }, parts),
  );
}

/** The hygiene of a workspace that was looked at. What could not be counted is `null` with the reason. */
export function hygieneOf(survey: Survey): Hygiene {
  const { files, left } = survey;
  const findings: Finding[] = [];
  const whole = (count: () => Counted): Counted => {
    if (files.length === 0 && left === null) return { reason: 'the workspace has no files' };
    return left === null ? count() : { reason: left };
  };
  const counts: HygieneCounts = {
    no_secrets: whole(() => countSecrets(files, findings)),
    no_orphans: whole(() => {
      const orphans = findOrphans(files);
      findings.push(...orphans.map(({ path }) => ({ file: path, line: null, message: 'nothing refers to it' })));
      return { count: orphans.length };
    }),
    no_large_files: whole(() => {
      const large = files.filter(({ bytes }) => bytes > LARGE_FILE_BYTES);
      findings.push(...large.map(({ path, bytes }) => ({ file: path, line: null, message: `it has ${bytes} bytes` })));
      return { count: large.length };
    }),
    no_dead_code: whole(() => countDeadCode(files, findings)),
    no_notebook_outputs: whole(() => countNotebooks(files, findings)),
  };
  return { ...hygieneScore(counts), findings: findings.slice(0, FINDINGS_SHOWN) };
}

/** Findings of one kind in one file, as they are shown. */
export function findingsOf({ path }: FileFacts, { places }: Found): Finding[] {
  return places.map(({ line, message }) => ({ file: path, line, message }));
}

function countSecrets(files: readonly FileFacts[], findings: Finding[]): Counted {
  const count = files.reduce((sum, { secrets }) => sum + secrets.total, 0);
  const unread = files.find((file) => file.unread !== null);
  findings.push(...files.flatMap((file) => findingsOf(file, file.secrets)));
  if (count === 0 && unread !== undefined) return { reason: `"${unread.path}" was not looked at: ${unread.unread ?? ''}` };
  return { count };
}

/** An unused function or class counts three, an unused import one. */
function countDeadCode(files: readonly FileFacts[], findings: Finding[]): Counted {
  const parsed = files.flatMap((file) => (file.code === null || file.code.problem !== null ? [] : [{ file, code: file.code }]));
  if (parsed.length === 0) return { reason: 'there is no TypeScript or JavaScript that can be parsed' };
  let count = 0;
  for (const { file, code } of parsed) {
    count += 3 * (code.unusedFunctions.total + code.unusedClasses.total) + code.unusedImports.total;
    for (const found of [code.unusedFunctions, code.unusedClasses, code.unusedImports]) findings.push(...findingsOf(file, found));
  }
  return { count };
}

function countNotebooks(files: readonly FileFacts[], findings: Finding[]): Counted {
  const notebooks = files.filter(({ kind }) => kind === 'notebook');
  if (notebooks.length === 0) return { reason: 'there are no notebooks' };
  const unread = notebooks.find(({ notebookOutputs }) => notebookOutputs === null);
  if (unread !== undefined) return { reason: `"${unread.path}" is no notebook that can be read` };
  const withOutputs = notebooks.filter(({ notebookOutputs }) => (notebookOutputs ?? 0) > 0);
  findings.push(
    ...withOutputs.map(({ path, notebookOutputs }) => ({
      file: path,
      line: null,
      message: `${notebookOutputs} cells hold outputs`,
    })),
  );
  return { count: withOutputs.length };
}

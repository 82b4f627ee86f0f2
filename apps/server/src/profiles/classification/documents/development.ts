import type { CandidateFacts, GeneratorReport, SplitFacts, WrittenFile } from '../facts.ts';
import type { TaskFacts } from '../intake/task.ts';
import { type DraftDocument, dataDocument } from './document.ts';
import { code, list, markdown, percentWithin, plain, table } from './markdown.ts';
import { Sources } from './sources.ts';

/** What development writes from. */
export interface DevelopmentParts {
  readonly task: TaskFacts;
  readonly split: SplitFacts;
  readonly candidate: CandidateFacts;
  readonly report: GeneratorReport;
  /** Models that the design named. */
  readonly planned: readonly string[];
  /** The files of this version, and those of the one before by their names; `null` when there is none. */
  readonly files: readonly WrittenFile[];
  readonly before: { readonly version: number; readonly digests: Readonly<Record<string, string>> } | null;
}

/** `dev_summary.md` and `file_change_log.json`. */
export function developmentDocuments(parts: DevelopmentParts): DraftDocument[] {
  return [{ name: 'dev_summary.md', content: summary(parts) }, dataDocument('file_change_log.json', changes(parts))];
}

function summary({ task, split, candidate, report, planned, files }: DevelopmentParts): string {
  const sources = new Sources();
  const train = sources.cite('training part', split.train);
  const program = sources.cite(`program.ts, version ${candidate.version}`, candidate.digest);
  const compared = new Set(report.cross_validation.map(({ model }) => model));
  const differing = planned.filter((name) => !compared.has(name));
  return markdown(
    `Development: ${plain(task.program)} ${candidate.version}`,
    `Version ${candidate.version} was learned in ${candidate.seconds.toFixed(1)} s from the training part ${train} by the induction agent, without a model provider: ${report.model} ${program}.`,
    `## Models that were compared\n\n${table(
      ['model', 'cross-validated accuracy', ''],
      report.cross_validation.map((result) => [
        result.model,
        percentWithin(result),
        result.model === report.model ? 'chosen' : '',
      ]),
    )}`,
    ...(differing.length === 0 ? [] : [`Planned, but not compared: ${differing.join(', ')}.`]),
    `## Tests\n\n${candidate.tests === null ? 'They were not run.' : `${candidate.tests.passed} passed, ${candidate.tests.failed} failed, in the sandbox ${program}.`}`,
    `## Warnings of the generator\n\n${list(candidate.warnings.map((warning) => plain(warning)))}`,
    `## Files\n\n${table(
      ['file', 'bytes', 'sha256'],
      files.map(({ path, bytes, digest }) => [code(path, 100), String(bytes), `\`${digest}\``]),
    )}`,
    sources.section(),
  );
}

function changes({ candidate, files, before }: DevelopmentParts): object {
  const changeOf = (path: string, digest: string): string => {
    const old = before?.digests[path.replace(/^development\//, '')];
    return old === undefined ? 'added' : old === digest ? 'unchanged' : 'changed';
  };
  return {
    program: candidate.program,
    version: candidate.version,
    compared_with_version: before?.version ?? null,
    files: files.map(({ path, digest, bytes }) => ({ path, change: changeOf(path, digest), sha256: digest, bytes })),
    removed: Object.keys(before?.digests ?? {}).filter((name) => !files.some(({ path }) => path === `development/${name}`)),
  };
}

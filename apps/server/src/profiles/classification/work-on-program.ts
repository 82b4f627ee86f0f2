import { createHash } from 'node:crypto';
import type { ProgramStore } from '@loopwright/edge';
import { type Json, PlatformError } from '@loopwright/protocol';
import { runAnalysis } from './analysis/run-analysis.ts';
import { developmentDocuments } from './documents/development.ts';
import { documentationDocuments } from './documents/documentation.ts';
import { qualityDocuments } from './documents/quality.ts';
import type { CandidateFacts, ClassScore, GeneratorReport, Verdict, WrittenFile } from './facts.ts';
import { generatorReportSchema } from './facts.ts';
import type { Baseline } from './analysis/baselines.ts';
import { classScores, verdictsOf } from './judge.ts';
import { type WorkTools, writeDocuments } from './work-tools.ts';
import type { WorkOf } from './work.ts';

/** Documents that this phase writes itself: they are no files of the program. */
const OWN = new Set(['dev_summary.md', 'file_change_log.json']);

/** Development: what was made, from what, and what changed against the version before. */
export async function develop(
  { task, split, design, candidate }: WorkOf<'develop'>,
  { programs, workspace }: WorkTools,
): Promise<{ files: WrittenFile[] }> {
  const { artifacts } = await workspace.list('development');
  const files = artifacts
    .filter(({ path }) => !OWN.has(path))
    .map(({ path, digest, bytes }) => ({ path: `development/${path}`, digest, bytes }));
  const report = await reportOf(programs, candidate);
  const before = await versionBefore(programs, candidate, files);
  const documents = developmentDocuments({ task, split, candidate, report, planned: design.models, files, before });
  return { files: await writeDocuments(workspace, 'development', documents) };
}

/** Quality: every criterion against what was measured on the hold-out. */
export async function judge(
  { task, split, plan, candidate, evaluation }: WorkOf<'judge'>,
  { examples, programs, workspace, signal }: WorkTools,
): Promise<{ baselines: Baseline[]; classes: ClassScore[]; verdicts: Verdict[]; files: WrittenFile[] }> {
  const [train, holdout] = [await examples.read(split.train), await examples.read(split.holdout)];
  const baselines = await runAnalysis({ kind: 'judged-baselines', train, holdout }, signal);
  const { source_bytes } = await reportOf(programs, candidate);
  const classes = classScores(evaluation);
  const verdicts = verdictsOf(plan.criteria, { evaluation, sizeBytes: source_bytes });
  const files = await writeDocuments(
    workspace,
    'qa',
    qualityDocuments({ task, candidate, evaluation, baselines, classes, verdicts }),
  );
  return { baselines, classes, verdicts, files };
}

/** Documentation: how the version is used, what it is worth, and who accepted it. */
export async function document(
  work: WorkOf<'document'>,
  { examples, programs, edge, workspace, signal }: WorkTools,
): Promise<{ files: WrittenFile[] }> {
  const { task, split, candidate, evaluation, quality, decision, data } = work;
  const { program, version } = candidate;
  const { input_schema: inputSchema, output_schema: outputSchema } = await programs.loadMetadata(program, version);
  const [example] = await examples.read(split.holdout);
  const sample = example === undefined ? null : await answerOf(edge, { candidate, input: example.input, signal });
  const documents = documentationDocuments({
    task,
    split,
    candidate,
    evaluation,
    verdicts: quality.verdicts,
    decision,
    report: await reportOf(programs, candidate),
    dataWarnings: data.warnings,
    inputSchema,
    outputSchema,
    sample,
    modelCard: await programs.readFile(program, version, 'MODEL_CARD.md'),
  });
  return { files: await writeDocuments(workspace, 'documentation', documents) };
}

/** What the generator measured, as the version keeps it. */
async function reportOf(programs: ProgramStore, { program, version }: CandidateFacts): Promise<GeneratorReport> {
  const { metadata } = await programs.loadMetadata(program, version);
  const report = generatorReportSchema.safeParse(metadata['report']);
  if (report.success) return report.data;
  throw new PlatformError(
    'GENERATION_FAILED',
    `Cannot describe version ${version} of "${program}": its report is not one of the induction agent`,
    { cause: report.error },
  );
}

/** Digests of the same files in the version before; `null` when there is none. */
async function versionBefore(
  programs: ProgramStore,
  { program, version }: CandidateFacts,
  files: readonly WrittenFile[],
): Promise<{ version: number; digests: Record<string, string> } | null> {
  const before = version - 1;
  if (before < 1 || !(await programs.exists(program, before))) return null;
  const { metadata } = await programs.get(program, before);
  const digests: Record<string, string> = { 'program.ts': metadata.digest };
  for (const name of files.map(({ path }) => path.replace(/^development\//, '')).filter((path) => path !== 'program.ts')) {
    const text = await programs.readFile(program, before, name).catch(() => undefined);
    if (text !== undefined) digests[name] = createHash('sha256').update(text).digest('hex');
  }
  return { version: before, digests };
}

async function answerOf(
  edge: WorkTools['edge'],
  { candidate: { program, version }, input, signal }: { candidate: CandidateFacts; input: Json; signal: AbortSignal },
): Promise<{ input: Json; output: Json } | null> {
  const { results } = await edge.executeBatch({ task_id: program, version, items: [{ id: '0', input }], log: false }, signal);
  const [result] = results;
  return result?.success === true ? { input, output: result.output ?? null } : null;
}

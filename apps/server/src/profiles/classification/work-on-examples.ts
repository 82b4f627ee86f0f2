import { type LabelledExample, PlatformError, inductionCandidates } from '@loopwright/protocol';
import type { Baseline } from './analysis/baselines.ts';
import { areTexts } from './analysis/measure-shape.ts';
import { runAnalysis } from './analysis/run-analysis.ts';
import { criteriaOf } from './criteria.ts';
import { architectureDocuments } from './documents/architecture.ts';
import { dataDocuments } from './documents/data.ts';
import { planningDocuments } from './documents/planning.ts';
import type { Criterion, SplitFacts, WrittenFile } from './facts.ts';
import { type WorkTools, writeDocuments } from './work-tools.ts';
import type { WorkOf } from './work.ts';

/** Planning: baselines on the training part, what the result is judged by, and the three documents of the phase. */
export async function plan(
  { task, split: given }: WorkOf<'plan'>,
  { examples, workspace, signal }: WorkTools,
): Promise<{ baselines: Baseline[]; criteria: Criterion[]; files: WrittenFile[] }> {
  const train = await examples.read(given.train);
  const split = withKind(given, train);
  if (split.profile.kind === 'other') {
    throw new PlatformError(
      'INDUCTION_REFUSED',
      'Cannot plan a classification: the inputs are neither texts nor flat records of numbers, texts and booleans',
    );
  }
  const baselines = await runAnalysis({ kind: 'baselines', train, seed: task.seed }, signal);
  const criteria = criteriaOf(task, split, baselines);
  const files = await writeDocuments(workspace, 'planning', planningDocuments({ task, split, baselines, criteria }));
  return { baselines, criteria, files };
}

/** Architecture: which models will be compared on such data, and why. */
export async function design(
  { task, split: given, plan: { baselines } }: WorkOf<'design'>,
  { examples, workspace, signal }: WorkTools,
): Promise<{ models: string[]; files: WrittenFile[] }> {
  const train = await examples.read(given.train);
  const split = withKind(given, train);
  const shape = await runAnalysis({ kind: 'shape', train }, signal);
  const { characters } = shape;
  const models = inductionCandidates(
    characters === null ? { kind: 'table' } : { kind: 'text', characters, classes: split.profile.classes },
  );
  const files = await writeDocuments(
    workspace,
    'architecture',
    architectureDocuments({ task, split, baselines, models, ...shape }),
  );
  return { models: models.map(({ name }) => name), files };
}

/** Data: everything that can be counted about the examples and their split. */
export async function profile(
  { task, split: given }: WorkOf<'profile'>,
  { examples, workspace, signal }: WorkTools,
): Promise<{ warnings: string[]; leaking_fields: string[]; files: WrittenFile[] }> {
  const [train, holdout] = [await examples.read(given.train), await examples.read(given.holdout)];
  const split = withKind(given, train);
  const data = await runAnalysis({ kind: 'data', train, holdout }, signal);
  const files = await writeDocuments(workspace, 'data', dataDocuments({ task, split, data }));
  return { warnings: data.warnings, leaking_fields: data.leakage.fields, files };
}

/** A record with one text is a text for the agents, whatever its member is called. */
function withKind(split: SplitFacts, train: readonly LabelledExample[]): SplitFacts {
  return areTexts(train) ? { ...split, profile: { ...split.profile, kind: 'text' } } : split;
}

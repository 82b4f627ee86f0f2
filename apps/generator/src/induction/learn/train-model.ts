import type { Random } from '@loopwright/protocol';
import { LIMITS } from '../limits.ts';
import { readCells } from '../program/table-cells.ts';
import { tableFeatures } from '../program/table-features.ts';
import { textFeatures } from '../program/text-features.ts';
import { type InputKind, textOf } from '../read/input-kind.ts';
import { measureColumns } from '../read/columns.ts';
import type { Sample } from '../read/read-examples.ts';
import type { Candidate, Learner } from '../select/candidates.ts';
import { compactModel } from './compact-model.ts';
import { growTree } from './decision-tree.ts';
import { type TrainingTask, trainSvm } from './linear-svm.ts';
import type { LinearPart, Model } from './model.ts';
import { trainNaiveBayes } from './naive-bayes.ts';
import { packWeights } from './pack-weights.ts';
import { sparseRows, withoutLoneFeatures } from './sparse-rows.ts';

/** Learns a model from some of the samples. */
export type Trainer = (members: readonly number[], random: Random) => Model;

/** Everything that {@link createTrainer} works on: the training part, never the hold-out. */
export interface TrainingData {
  readonly kind: InputKind;
  readonly samples: readonly Sample[];
  readonly classes: number;
}

/** From so many samples on every fold has the 100 at which the learners leave out the features of a single row. */
const MIN_TO_PRUNE = 160;

/** Prepares the training of one candidate: texts are cut into features once, for all folds. */
export function createTrainer(candidate: Candidate, { kind, samples, classes }: TrainingData): Trainer {
  const truth = samples.map((sample) => sample.label);
  if (candidate.kind === 'text') {
    const field = kind.kind === 'text' ? kind.field : null;
    const { settings, learner } = candidate;
    const scoring = { dampen: true, normalise: learner.kind === 'linear_svm' };
    const all = sparseRows(featuresOfTexts(samples, field, settings), scoring);
    const rows = samples.length >= MIN_TO_PRUNE ? withoutLoneFeatures(all) : all;
    return (members, random) => {
      const linear = trainLinear({ rows, members, truth, classes, random }, learner, scoring);
      return { kind: 'text', field, settings, linear };
    };
  }
  const fields = kind.kind === 'table' ? kind.fields : [];
  return (members, random) => {
    const inputs = samples.map((sample) => sample.input);
    const columns = measureColumns(
      fields,
      members.map((member) => inputs[member] ?? null),
    );
    const cells = inputs.map((input) => readCells(input, columns));
    if (candidate.kind === 'tree')
      return { kind: 'tree', columns, tree: growTree({ columns, rows: cells, truth, classes }, members, candidate.depth) };
    const bins = candidate.learner.kind === 'naive_bayes';
    const scoring = { dampen: false, normalise: false };
    const rows = sparseRows(
      cells.map((row) => tableFeatures(row, columns, bins)),
      scoring,
    );
    return {
      kind: 'table',
      columns,
      bins,
      linear: trainLinear({ rows, members, truth, classes, random }, candidate.learner, scoring),
    };
  };
}

/** One after the other, so that the counts of one text are gone before the next is cut. */
function* featuresOfTexts(
  samples: readonly Sample[],
  field: string | null,
  settings: Parameters<typeof textFeatures>[1],
): Generator<Map<string, number>> {
  for (const sample of samples) yield textFeatures(textOf(sample.input, field), settings);
}

function trainLinear(task: TrainingTask, learner: Learner, scoring: { dampen: boolean; normalise: boolean }): LinearPart {
  const isText = scoring.dampen;
  const dense = learner.kind === 'linear_svm' ? trainSvm(task, learner.cost, isText) : trainNaiveBayes(task, learner.alpha);
  if (task.classes > LIMITS.readableClasses) {
    const { lines, largest, features } = packWeights(dense, task.rows.names, LIMITS.packedTableBytes);
    const bias = dense.bias.map((value) => Number(value.toPrecision(6)));
    return { score: { bias, ...scoring }, tables: { kind: 'packed', lines, largest: largest }, features, scale: 1 };
  }
  const { bias, evidence, features, scale } = compactModel(dense, task.rows.names, LIMITS.tableBytes);
  return { score: { bias, ...scoring }, tables: { kind: 'readable', evidence }, features, scale };
}

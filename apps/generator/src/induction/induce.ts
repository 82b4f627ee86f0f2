import { likelyGoal } from '@loopwright/protocol';
import { learnClassification } from './classification/learn-classification.ts';
import { learnRegression } from './regression/learn-regression.ts';
import { learnTransformation } from './transformation/learn-transformation.ts';
import type { InductionResult, InductionTask } from './task.ts';

/** Refusals of labels after which a program search may still find something. */
const SEARCHABLE: ReadonlySet<string> = new Set(['too_few_examples', 'too_many_classes']);

/**
 * Learns a program from examples: one that gives labels, one that estimates a number, or one that transforms texts. Where the goal is told by
 * the outputs and leads nowhere, the other one of labels and transformation is tried.
 *
 * @throws the reason of `signal` when it is aborted
 */
export function induce(task: InductionTask): InductionResult {
  const isOpen = task.goal === undefined || task.goal === 'auto';
  const goal = isOpen ? likelyGoal(task.examples) : task.goal;
  if (goal === 'regression') return learnRegression(task);
  if (goal === 'classification') {
    const labelled = learnClassification(task);
    if (!isOpen || labelled.ok || !SEARCHABLE.has(labelled.refused.code)) return labelled;
    const searched = learnTransformation(task);
    return searched.ok ? searched : labelled;
  }
  const searched = learnTransformation(task);
  if (!isOpen || searched.ok) return searched;
  const labelled = learnClassification(task);
  if (labelled.ok) return labelled;
  const [refused, otherwise] =
    labelled.refused.code === 'unsupported_output'
      ? [searched.refused, `As labels: ${labelled.refused.reason}`]
      : [labelled.refused, `As a transformation: ${searched.refused.reason}`];
  return { ok: false, refused: { ...refused, reason: `${refused.reason}. ${otherwise}` } };
}

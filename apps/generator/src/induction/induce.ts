import { learnClassification } from './classification/learn-classification.ts';
import type { InductionResult, InductionTask } from './task.ts';

/**
 * Learns a program from examples: one that labels, one that estimates a number, or one that transforms texts.
 *
 * @throws the reason of `signal` when it is aborted
 */
export function induce(task: InductionTask): InductionResult {
  return learnClassification(task);
}

import { type Json, type Random, canonicalJson } from '@loopwright/protocol';
import { type OpenModel, openModel } from '../learn/model.ts';
import type { Sample } from '../read/read-examples.ts';
import { type Selected, type Validated, mostFrequent } from '../select/cross-validate.ts';
import type { TrainingData } from '../learn/train-model.ts';
import { type Ambiguity, type ClarificationQuestion, MAX_QUESTIONS } from './clarification.ts';

/** What the questions are drawn from. */
export interface LabelQuestions {
  readonly selected: Selected;
  readonly data: TrainingData;
  readonly labels: readonly (string | number | boolean)[];
  readonly unlabelledInputs: readonly Json[];
  /** Answers of the chosen model. */
  readonly open: OpenModel;
  readonly random: Random;
}

/** A label is doubted when both candidates give another one and the chosen one is so sure. */
const SURE = 0.9;

/**
 * Compares the chosen candidate with the one that came second. Inputs without a label on which they disagree are asked about; then examples
 * whose label both contradict although neither was trained with it. The share of disagreement is that on the inputs without labels, or where there are
 * none, that of the cross-validation.
 */
export function askAboutLabels(task: LabelQuestions): Ambiguity {
  const { selected, labels } = task;
  const { best, rival } = selected;
  if (rival === undefined) return { candidates: [best.result.model], compared: 0, disagreement: null, questions: [] };
  const candidates = [best.result.model, rival.result.model];
  const doubted = doubtedLabels(best, rival, { samples: selected.samples, labels });
  if (task.unlabelledInputs.length === 0) {
    const differing = best.answers.filter(({ place }, at) => rival.answers[at]?.place !== place).length;
    const compared = best.answers.length;
    return { candidates, compared, disagreement: differing / Math.max(1, compared), questions: doubted.slice(0, MAX_QUESTIONS) };
  }
  const open = disagreements(task, rival);
  return {
    candidates,
    compared: task.unlabelledInputs.length,
    disagreement: open.length / task.unlabelledInputs.length,
    questions: [...open.slice(0, MAX_QUESTIONS - Math.min(4, doubted.length)), ...doubted].slice(0, MAX_QUESTIONS),
  };
}

/** Inputs without a label on which the two disagree, the least sure first. */
function disagreements(
  { data, labels, unlabelledInputs, open, random }: LabelQuestions,
  rival: Validated,
): ClarificationQuestion[] {
  const everyone = [...data.samples.keys()];
  const usual = mostFrequent(data, everyone);
  const openRival = openModel(rival.trainer()(everyone, random), 1);
  const found: (ClarificationQuestion & { sureness: number })[] = [];
  const seen = new Set<string>();
  for (const input of unlabelledInputs) {
    const key = canonicalJson(input);
    const [mine, other] = [open(input), openRival(input)];
    if ((mine?.place ?? usual) === (other?.place ?? usual) || seen.has(key)) continue;
    seen.add(key);
    const answers = [
      { candidate: 'chosen', output: labels[mine?.place ?? usual] ?? null, confidence: round(mine?.confidence ?? 0) },
      { candidate: 'second', output: labels[other?.place ?? usual] ?? null, confidence: null },
    ];
    found.push({ input, why: 'candidates_disagree', answers, given: null, sureness: mine?.confidence ?? 0 });
  }
  return found.sort((a, b) => a.sureness - b.sureness).map(({ sureness: _sureness, ...question }) => question);
}

function doubtedLabels(
  best: Validated,
  rival: Validated,
  { samples, labels }: { samples: readonly Sample[]; labels: LabelQuestions['labels'] },
): ClarificationQuestion[] {
  const found = best.answers.flatMap((mine, at) => {
    const other = rival.answers[at];
    const sample = samples[at];
    if (sample === undefined || other === undefined || mine.place !== other.place || mine.place === sample.label) return [];
    return mine.confidence < SURE ? [] : [{ sample, mine }];
  });
  return found
    .sort((a, b) => b.mine.confidence - a.mine.confidence)
    .map(({ sample, mine }) => ({
      input: sample.input,
      why: 'label_doubted',
      answers: [{ candidate: 'both', output: labels[mine.place] ?? null, confidence: round(mine.confidence) }],
      given: labels[sample.label] ?? null,
    }));
}

function round(confidence: number): number {
  return Math.round(confidence * 1e4) / 1e4;
}

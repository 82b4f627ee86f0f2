import type { Json } from '@loopwright/protocol';
import type { AnsweredExample } from '../emit/cases.ts';
import type { OpenModel } from '../learn/model.ts';
import type { Sample } from '../read/read-examples.ts';
import type { InductionReport } from '../report.ts';
import { type Score, scoreAnswers } from '../score/confusion.ts';
import type { SureAnswer } from '../select/calibrate.ts';

/** The one look at the hold-out: answers, score, how sure they are, and the median time of an answer. */
export function scoreHoldOut(
  heldOut: readonly Sample[],
  answers: InductionReport['labels'],
  { open, answer, usual }: { open: OpenModel; answer: (input: Json) => number; usual: number },
): { answered: AnsweredExample[]; score: Score; sure: SureAnswer[]; latencyMs: number } {
  const latencies: number[] = [];
  const given = heldOut.map((sample) => {
    const before = performance.now();
    const place = answer(sample.input);
    latencies.push(performance.now() - before);
    return place;
  });
  const sure = heldOut.map(({ input, label }) => {
    const { place, confidence } = open(input) ?? { place: usual, confidence: 0 };
    return { confidence, isRight: place === label };
  });
  const truth = heldOut.map((sample) => sample.label);
  const answered = heldOut.map(({ input, label }, at) => ({
    input,
    label: answers[label] ?? null,
    answer: answers[given[at] ?? 0] ?? null,
  }));
  const latencyMs = latencies.sort((a, b) => a - b)[Math.floor(latencies.length / 2)] ?? 0;
  return { answered, score: scoreAnswers(truth, given, answers.length), sure, latencyMs };
}

/** What a model answered to examples whose labels are known. */
export interface Score {
  readonly n: number;
  readonly right: number;
  /** `confusion[true label][answer]` counts examples. */
  readonly confusion: readonly (readonly number[])[];
}

/** How well one label is recognised. A share is `null` where there is nothing to divide by. */
export interface ClassScore {
  readonly n: number;
  /** Share of the answers with this label that are right. */
  readonly precision: number | null;
  /** Share of the examples with this label that are recognised. */
  readonly recall: number | null;
}

/** Counts answers by true label. */
export function scoreAnswers(truth: readonly number[], answers: readonly number[], labels: number): Score {
  const confusion = Array.from({ length: labels }, () => Array.from<number>({ length: labels }).fill(0));
  let right = 0;
  for (const [index, label] of truth.entries()) {
    const answer = answers[index] ?? 0;
    const row = confusion[label];
    if (row !== undefined) row[answer] = (row[answer] ?? 0) + 1;
    if (answer === label) right += 1;
  }
  return { n: truth.length, right, confusion };
}

/** Precision and recall of each label. */
export function classScores({ confusion }: Score): ClassScore[] {
  return confusion.map((row, label) => {
    const n = row.reduce((sum, count) => sum + count, 0);
    const answered = confusion.reduce((sum, other) => sum + (other[label] ?? 0), 0);
    const right = row[label] ?? 0;
    return { n, precision: answered === 0 ? null : right / answered, recall: n === 0 ? null : right / n };
  });
}

/** Mean recall of the labels that occur: 1 / number of labels is what guessing gives. */
export function balancedAccuracy(score: Score): number {
  const recalls = classScores(score).flatMap(({ recall }) => (recall === null ? [] : [recall]));
  return recalls.reduce((sum, recall) => sum + recall, 0) / Math.max(1, recalls.length);
}

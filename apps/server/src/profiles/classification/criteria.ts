import type { Baseline } from './analysis/baselines.ts';
import type { Criterion, SplitFacts } from './facts.ts';
import type { TaskFacts } from './intake/task.ts';

/** Most criteria of one result. */
const LIMIT = 60;

/** What the result will be judged by: what was demanded, and that it beats what needs no learning. */
export function criteriaOf(task: TaskFacts, split: SplitFacts, baselines: readonly Baseline[]): Criterion[] {
  const criteria: Omit<Criterion, 'id'>[] = [share('accuracy', task.accuracy_target, null, task.accuracy_source)];
  for (const { kind, value, label, quote } of task.constraints) {
    const source = `intake: “${quote}”`;
    if ((kind === 'recall' || kind === 'precision') && value !== null) {
      // A sentence that names no label of the data is about every one of them.
      const named = split.labels.filter((name) => name.toLowerCase() === label?.toLowerCase());
      for (const name of named.length > 0 ? named : split.labels) criteria.push(share(kind, value, name, source));
    }
    if (kind === 'size_bytes' && value !== null) {
      criteria.push({
        title: `program.ts is no larger than ${value} bytes`,
        metric: 'size_bytes',
        label: null,
        at_least: null,
        is_strict: false,
        at_most: value,
        source,
      });
    }
  }
  if (task.latency_ms !== null) {
    const said = task.constraints.find(({ kind }) => kind === 'latency_ms');
    criteria.push({
      title: `99 of 100 answers take at most ${task.latency_ms} ms in the sandbox`,
      metric: 'latency_ms',
      label: null,
      at_least: null,
      is_strict: false,
      at_most: task.latency_ms,
      source: said === undefined ? `answer of ${task.answered_by ?? 'nobody'}` : `intake: “${said.quote}”`,
    });
  }
  for (const { name, rule, accuracy } of baselines) {
    criteria.push({
      ...share('accuracy', accuracy, null, `baseline ${name}, cross-validated on the training part`),
      is_strict: true,
      title: `It is right more often than the baseline ${name} (${rule})`,
    });
  }
  return criteria.slice(0, LIMIT).map((criterion, index) => Object.assign({ id: `S-${index + 1}` }, criterion));
}

function share(
  metric: 'accuracy' | 'recall' | 'precision',
  value: number,
  label: string | null,
  source: string,
): Omit<Criterion, 'id'> {
  const what = label === null ? metric : `${metric} of ${JSON.stringify(label)}`;
  return {
    title: `The ${what} on unseen inputs is at least ${(100 * value).toFixed(1)} %`,
    metric,
    label,
    at_least: value,
    is_strict: false,
    at_most: null,
    source,
  };
}

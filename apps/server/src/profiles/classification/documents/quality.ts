import type { Baseline } from '../analysis/baselines.ts';
import type { CandidateFacts, ClassScore, EvaluationFacts, Verdict } from '../facts.ts';
import type { TaskFacts } from '../intake/task.ts';
import { type DraftDocument, dataDocument } from './document.ts';
import { code, list, markdown, percent, percentWithin, plain, table } from './markdown.ts';
import { Sources } from './sources.ts';

/** What quality assurance writes from. */
export interface QualityParts {
  readonly task: TaskFacts;
  readonly candidate: CandidateFacts;
  readonly evaluation: EvaluationFacts;
  readonly baselines: readonly Baseline[];
  readonly classes: readonly ClassScore[];
  readonly verdicts: readonly Verdict[];
}

const MOST_LABELS = 20;
const MOST_MISTAKES = 20;

/** `qa_results.json` and `quality_gate_report.md`. */
export function qualityDocuments(parts: QualityParts): DraftDocument[] {
  const { task, candidate, evaluation, baselines, classes, verdicts } = parts;
  const results = {
    program: candidate.program,
    version: candidate.version,
    tests: candidate.tests,
    holdout: {
      examples: evaluation.examples,
      correct: evaluation.correct,
      errors: evaluation.errors,
      accuracy: evaluation.accuracy,
      interval: evaluation.interval,
    },
    latency_ms: evaluation.latency_ms,
    classes,
    confusion: evaluation.confusion,
    mistakes: evaluation.failures,
    baselines,
    verdicts: verdicts.map(({ criterion: { id, title }, measured, interval, verdict, certain, reason }) => ({
      id,
      title,
      measured,
      interval,
      verdict,
      certain,
      reason,
    })),
    sources: { examples: task.examples, holdout: evaluation.dataset, program: candidate.digest },
  };
  return [dataDocument('qa_results.json', results), { name: 'quality_gate_report.md', content: report(parts) }];
}

function report({ task, candidate, evaluation, baselines, classes, verdicts }: QualityParts): string {
  const sources = new Sources();
  const holdout = sources.cite('hold-out', evaluation.dataset);
  const program = sources.cite(`program.ts, version ${candidate.version}`, candidate.digest);
  const missed = verdicts.filter(({ verdict }) => verdict === 'missed');
  const accuracy = { accuracy: evaluation.accuracy, ...evaluation.interval };
  return markdown(
    `Quality: ${plain(task.program)} ${candidate.version}`,
    `**${percentWithin(accuracy)}** of ${evaluation.examples} held-out inputs are answered correctly ${holdout} ${program}; ${evaluation.errors} runs failed. ${missed.length === 0 ? 'Every criterion that could be measured is met.' : `${missed.length} criteria are missed: ${missed.map(({ criterion }) => criterion.id).join(', ')}.`}`,
    `## Criteria\n\n${table(
      ['', 'criterion', 'measured', 'verdict', 'certain'],
      verdicts.map((verdict) => [
        verdict.criterion.id,
        plain(verdict.criterion.title),
        measuredText(verdict),
        verdict.verdict.replace('_', ' '),
        certainText(verdict),
      ]),
    )}\n\n“Certain” means that the whole 95 % interval says the same.`,
    `## Compared with what needs no learning\n\nLearned from the training part, judged on the hold-out ${holdout}:\n\n${table(['', 'rule', 'accuracy'], [['this program', '', percentWithin(accuracy)], ...baselines.map((baseline) => [baseline.name, plain(baseline.rule), percentWithin(baseline)])])}`,
    `## By label\n\n${table(
      ['label', 'held out', 'precision', 'recall', 'F1'],
      classes.map(({ label, n, precision, recall, f1 }) => [
        code(label, 60),
        String(n),
        shareText(precision),
        shareText(recall),
        shareText(f1),
      ]),
    )}`,
    confusionSection(evaluation, classes),
    `## Mistakes\n\n${list(
      evaluation.failures.map(
        ({ input, expected, given }) =>
          `expected ${plain(JSON.stringify(expected), 80)}, got ${plain(JSON.stringify(given), 80)}: ${plain(JSON.stringify(input))}`,
      ),
      'There were none.',
    )}${mistakesNote(evaluation)}`,
    `## Time\n\nHalf of the runs took at most ${evaluation.latency_ms.p50.toFixed(2)} ms, 99 of 100 at most ${evaluation.latency_ms.p99.toFixed(2)} ms, inside the sandbox on this machine.`,
    `## Tests\n\n${candidate.tests === null ? 'They were not run.' : `${candidate.tests.passed} passed, ${candidate.tests.failed} failed ${program}.`}`,
    sources.section(),
  );
}

function confusionSection({ confusion }: EvaluationFacts, classes: readonly ClassScore[]): string {
  const given = [...new Set(Object.values(confusion).flatMap((row) => Object.keys(row)))].sort();
  if (classes.length <= MOST_LABELS && given.length <= MOST_LABELS) {
    const rows = classes.map(({ label }) => [code(label, 40), ...given.map((answer) => String(confusion[label]?.[answer] ?? 0))]);
    return `## Confusion\n\nRows: the true label. Columns: the answer.\n\n${table(['', ...given.map((answer) => code(answer, 40))], rows)}`;
  }
  const worst = Object.entries(confusion)
    .flatMap(([label, row]) => Object.entries(row).map(([answer, count]) => ({ label, answer, count })))
    .filter(({ label, answer }) => label !== answer)
    .sort((a, b) => b.count - a.count)
    .slice(0, MOST_MISTAKES);
  return `## Confusion: the worst pairs\n\n${table(
    ['true label', 'answer', 'inputs'],
    worst.map(({ label, answer, count }) => [code(label, 40), code(answer, 40), String(count)]),
  )}`;
}

function mistakesNote({ examples, correct, failures }: EvaluationFacts): string {
  return examples - correct > failures.length ? `\n\nThese are the first ${failures.length} of ${examples - correct}.` : '';
}

function measuredText({ measured, interval, criterion }: Verdict): string {
  if (measured === null) return '–';
  if (criterion.metric === 'latency_ms') return `${measured.toFixed(2)} ms`;
  if (criterion.metric === 'size_bytes') return `${measured} bytes`;
  return interval === null ? percent(measured) : percentWithin({ accuracy: measured, ...interval });
}

function certainText({ certain, reason }: Verdict): string {
  return certain === null ? plain(reason ?? '') : certain ? 'yes' : 'no';
}

function shareText(value: number | null): string {
  return value === null ? '–' : percent(value);
}

import type { JsonObject } from '@loopwright/protocol';
import type { DataFacts } from '../analysis/data-facts.ts';
import type { CandidateFacts, DecisionFacts, EvaluationFacts, GeneratorReport, SplitFacts, Verdict } from '../facts.ts';
import type { TaskFacts } from '../intake/task.ts';
import type { DraftDocument } from './document.ts';
import { code, list, markdown, percentWithin, plain, table } from './markdown.ts';
import { Sources } from './sources.ts';

/** What documentation is written from. */
export interface DocumentationParts {
  readonly task: TaskFacts;
  readonly split: SplitFacts;
  readonly candidate: CandidateFacts;
  readonly evaluation: EvaluationFacts;
  readonly verdicts: readonly Verdict[];
  readonly decision: DecisionFacts;
  readonly report: GeneratorReport;
  readonly dataWarnings: DataFacts['warnings'];
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject;
  /** An input of the examples and what this version answers to it. */
  readonly sample: { readonly input: unknown; readonly output: unknown } | null;
  /** The card that the generator wrote for this version. */
  readonly modelCard: string;
}

/** `README.md`, `system_overview.md`, `how_to_run.md`, `api_reference.md`, `release_notes.md` and `MODEL_CARD.md`. */
export function documentationDocuments(parts: DocumentationParts): DraftDocument[] {
  return [
    { name: 'README.md', content: readme(parts) },
    { name: 'system_overview.md', content: overview(parts) },
    { name: 'how_to_run.md', content: howToRun(parts) },
    { name: 'api_reference.md', content: reference(parts) },
    { name: 'release_notes.md', content: releaseNotes(parts) },
    { name: 'MODEL_CARD.md', content: modelCard(parts) },
  ];
}

function score({ evaluation, candidate }: DocumentationParts, sources: Sources): string {
  const holdout = sources.cite('hold-out', evaluation.dataset);
  const program = sources.cite(`program.ts, version ${candidate.version}`, candidate.digest);
  return `It answers ${percentWithin({ accuracy: evaluation.accuracy, ...evaluation.interval })} of ${evaluation.examples} held-out inputs correctly ${holdout} ${program}.`;
}

function readme(parts: DocumentationParts): string {
  const { task, split, candidate } = parts;
  const sources = new Sources();
  return markdown(
    plain(task.program),
    plain(task.task_description, 2000),
    `Version ${candidate.version}: ${parts.report.model}, learned from ${split.counts.train} examples ${sources.cite('training part', split.train)}. ${score(parts, sources)}`,
    `## Use\n\n${commandOf(parts)}`,
    `## Documents\n\n${list(['[How to run it](how_to_run.md)', '[Interface](api_reference.md)', '[How it works](system_overview.md)', '[Model card](MODEL_CARD.md)', '[Release notes](release_notes.md)'])}`,
    sources.section(),
  );
}

function overview(parts: DocumentationParts): string {
  const { task, split, report, dataWarnings, evaluation } = parts;
  const sources = new Sources();
  const train = sources.cite('training part', split.train);
  return markdown(
    `How ${plain(task.program)} works`,
    `## What it does\n\n${score(parts, sources)} Its model is ${report.model}${report.features === null ? '' : ` with ${report.features} features`} ${train}.`,
    '## How a request goes\n\n1. The edge runtime takes the request and checks the input against the schema of the version.\n2. A sandbox without file, network or process access runs `run(input)`.\n3. The answer is recorded with the digest of the version, then sent.',
    `## Limits\n\n${list([
      'It knows what the examples show and nothing else: inputs from another time, source or language may be answered wrongly.',
      `Unknown inputs get ${task.unknown_label === null ? 'the most frequent label' : code(task.unknown_label)}; unknown means that nothing in them was in the examples.`,
      ...dataWarnings.map((warning) => `${plain(warning)} ${sources.cite('labelled examples', task.examples)}.`),
    ])}`,
    `## Time\n\nHalf of ${evaluation.examples} runs took at most ${evaluation.latency_ms.p50.toFixed(2)} ms, 99 of 100 at most ${evaluation.latency_ms.p99.toFixed(2)} ms ${sources.cite('hold-out', evaluation.dataset)}.`,
    sources.section(),
  );
}

function commandOf({ candidate, sample }: DocumentationParts): string {
  const body = JSON.stringify({ input: sample?.input ?? null }).replaceAll("'", String.raw`'\''`);
  return [
    '```sh',
    `curl -s http://127.0.0.1:8080/api/v1/programs/${candidate.program}/execute \\`,
    "  -H 'content-type: application/json' \\",
    `  -d '${body}'`,
    '```',
  ].join('\n');
}

function howToRun(parts: DocumentationParts): string {
  const { candidate } = parts;
  const sources = new Sources();
  sources.cite(`program.ts, version ${candidate.version}`, candidate.digest);
  return markdown(
    `How to run ${plain(candidate.program)}`,
    `## Served\n\nOnce version ${candidate.version} is active, with the address of your server:\n\n${commandOf(parts)}`,
    "## By itself\n\n`program.ts` needs Node 24 and nothing else:\n\n```ts\nimport { run } from './program.ts';\n\nconsole.log(run(input));\n```",
    `## Tests\n\n\`\`\`sh\nnode --test program.test.ts\n\`\`\`\n\n${candidate.tests === null ? 'They were not run when this version was made.' : `${candidate.tests.passed} passed and ${candidate.tests.failed} failed when this version was made.`}`,
    `## Back to the version before\n\nThe active version is moved by a promotion, and moved back by another one; \`GET /api/v1/programs/${candidate.program}/promotions\` lists them.`,
    sources.section(),
  );
}

function reference({ candidate, inputSchema, outputSchema, sample }: DocumentationParts): string {
  const sources = new Sources();
  const program = sources.cite(`program.ts, version ${candidate.version}`, candidate.digest);
  const json = (value: unknown): string => `\`\`\`json\n${JSON.stringify(value, null, 2).replaceAll('```', '` ` `')}\n\`\`\``;
  return markdown(
    `Interface of ${plain(candidate.program)}`,
    `## \`run(input)\`\n\nThe input ${program}:\n\n${json(inputSchema)}\n\nThe answer:\n\n${json(outputSchema)}`,
    `## Errors\n\n${table(
      ['when', 'what'],
      [
        ['the input has another shape', '`run` throws; over HTTP: 422 `PROGRAM_FAILED`'],
        ['no version is active', '409 `NO_ACTIVE_VERSION`'],
        ['there is no such program', '404 `PROGRAM_NOT_FOUND`'],
      ],
    )}`,
    ...(sample === null
      ? []
      : [`## Example\n\nThis version answers ${plain(JSON.stringify(sample.output))} to\n\n${json(sample.input)}`]),
    sources.section(),
  );
}

function releaseNotes(parts: DocumentationParts): string {
  const { task, candidate, evaluation, verdicts, decision } = parts;
  const sources = new Sources();
  const missed = verdicts
    .filter(({ verdict }) => verdict !== 'met')
    .map(({ criterion, verdict }) => `${criterion.id} ${verdict.replace('_', ' ')}: ${plain(criterion.title)}`);
  return markdown(
    `Release notes: ${plain(task.program)} ${candidate.version}`,
    `## What is new\n\n${evaluation.active_version === null ? 'The first version.' : `It is to replace version ${evaluation.active_version}, which was active when it was measured.`} ${score(parts, sources)}`,
    `## Accepted\n\nBy ${plain(decision.answered_by ?? 'nobody')}${decision.answered_at === null ? '' : ` at ${decision.answered_at}`}; what was shown has the digest \`${decision.subject_digest}\`.${decision.comment === null || decision.comment === '' ? '' : ` Comment: ${plain(decision.comment, 1000)}`}`,
    `## Criteria that are not met\n\n${list(missed)}`,
    `## Open questions\n\n${list(task.open_questions.map(({ text }) => plain(text)))}`,
    sources.section(),
  );
}

/** The generator's own card, and what was measured after it was written. */
function modelCard(parts: DocumentationParts): string {
  const sources = new Sources();
  const text = score(parts, sources);
  return `${parts.modelCard.trim()}\n\n## Judged by the control plane\n\nThe score above is the generator's own, on a part of what it was given. On the hold-out that it never saw: ${text}\n\n${sources.section()}\n`;
}

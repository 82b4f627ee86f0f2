import type { ConversationReply } from '@loopwright/models';
import type { CodeArtifact, JsonObject } from '@loopwright/protocol';
import { toJson } from '@loopwright/protocol';
import type { AgentResult } from '../agent/agent.ts';
import { readAnswer } from '../prompt/read-answer.ts';
import { systemPrompt, taskPrompt } from '../prompt/task-prompt.ts';
import { type CheckedAnswer, checkAnswer, unreadable } from './check-answer.ts';
import { exampleMetadata } from './example-tests.ts';
import { findingText, findingsDigest, plainText } from './finding.ts';
import type { LoopParts } from './loop-parts.ts';
import { ModelDialogue } from './model-dialogue.ts';
import { type ModelTask, isTest } from './model-task.ts';
import { pickExamples } from './pick-examples.ts';

/** Why the loop ended: the answer was accepted, nothing changed any more, the rounds were over, or the model declined. */
type Ending = 'accepted' | 'no_progress' | 'iterations' | 'declined';

/** How far an answer came, the best last. */
const STAGES = ['form', 'syntax', 'types', 'tests'] as const;
const FINDINGS_KEPT = 20;

/**
 * Asks a model for files, checks them, and asks again with what was found, until nothing is found, nothing changes or the rounds are over. What the model writes is data: it is parsed, checked and run
 * in the sandbox, and decides nothing but its own content.
 *
 * @throws the reason of the signal; PROVIDER_UNAVAILABLE, SERVICE_UNAVAILABLE and OVERLOADED, which another attempt may not meet
 */
export async function generateWithModel(task: ModelTask, parts: LoopParts): Promise<AgentResult> {
  const picked = pickExamples(task.examples);
  const prompt = { task, shown: picked.shown, dependencies: parts.dependencies, toolTypes: parts.tools?.types ?? null };
  const dialogue = new ModelDialogue(parts, { system: systemPrompt(prompt), task: taskPrompt(prompt) });
  const most = task.plan.max_iterations;
  let best: CheckedAnswer | undefined;
  let before: string | undefined;
  let answeredBy: ConversationReply | undefined;
  let iteration = 0;
  let ending: Ending = 'iterations';
  while (iteration < most) {
    iteration += 1;
    parts.onEvent({ event_type: 'stage_started', stage: `iteration ${iteration}`, progress: (iteration - 1) / most });
    const reply = await dialogue.answer();
    answeredBy = reply;
    if (reply.finish === 'refused') {
      ending = 'declined';
      break;
    }
    const read = readAnswer(reply, task);
    tellFiles(read, parts);
    const checked = 'findings' in read ? unreadable(read.findings) : await checkAnswer(read, { task, picked }, parts);
    if (best === undefined || !isBetter(best, checked)) best = checked;
    parts.onEvent({
      event_type: 'stage_completed',
      stage: `iteration ${iteration}`,
      data: { findings: checked.findings.length },
    });
    if (checked.findings.length === 0) {
      ending = 'accepted';
      break;
    }
    const digest = findingsDigest(checked.findings);
    if (digest === before) {
      ending = 'no_progress';
      break;
    }
    before = digest;
    dialogue.refine(reply, checked.findings);
  }
  return resultOf(task, parts, { best, ending, iteration, answeredBy, failures: dialogue.failures });
}

function tellFiles(read: ReturnType<typeof readAnswer>, { onEvent }: LoopParts): void {
  onEvent({ event_type: 'code_generated', stage: 'generate', data: { files: 'files' in read ? read.files.length : 0 } });
  if (!('files' in read)) return;
  for (const { path, content } of read.files)
    onEvent({
      event_type: 'code_block_ready',
      stage: 'generate',
      data: { path: plainText(path, 300), characters: content.length },
    });
}

/** Whether the first came further than the second, or as far with less that is wrong. */
function isBetter(first: CheckedAnswer, second: CheckedAnswer): boolean {
  const rank = ({ findings, answer }: CheckedAnswer): number =>
    findings.length === 0 ? STAGES.length : answer === null ? -1 : STAGES.indexOf(findings[0]?.stage ?? 'form');
  return rank(first) === rank(second) ? first.findings.length < second.findings.length : rank(first) > rank(second);
}

interface Outcome {
  readonly best: CheckedAnswer | undefined;
  readonly ending: Ending;
  readonly iteration: number;
  readonly answeredBy: ConversationReply | undefined;
  readonly failures: readonly string[];
}

function resultOf(task: ModelTask, parts: LoopParts, { best, ending, iteration, answeredBy, failures }: Outcome): AgentResult {
  const { ledger, tools, models } = parts;
  const isAccepted = ending === 'accepted';
  const unchecked = isAccepted ? (best?.unchecked ?? []) : [];
  const status = isAccepted ? (unchecked.length > 0 ? 'PARTIAL_SUCCESS' : 'SUCCESS') : 'FAILURE';
  const clean = (text: string): string => models.redact(text);
  const metadata: JsonObject = {
    agent: 'model',
    model: answeredBy === undefined ? null : `${answeredBy.provider}/${answeredBy.model}`,
    program_name: task.programName,
    entry: task.programFile,
    summary: clean(best?.answer?.summary ?? ''),
    ended: ending,
    fenced: best?.answer?.isFenced ?? false,
    findings: (best?.findings ?? []).slice(0, FINDINGS_KEPT).map((one) => ({ stage: one.stage, text: clean(findingText(one)) })),
    checks: toJson(best?.stages ?? []),
    not_checked: [...unchecked],
    ...exampleMetadata(best?.examples ?? null),
    tools: tools?.report(ledger.tokensPerCharacter()) ?? null,
  };
  return {
    status,
    artifacts: (best?.answer?.files ?? []).map(({ path, content, purpose }) =>
      artifactOf(path, clean(content), purpose === null ? null : clean(purpose)),
    ),
    test_results: best?.testResult ?? null,
    iterations_used: iteration,
    error_message: isAccepted ? null : clean(errorOf(ending, best)),
    warnings: [...failures, ...unchecked, ...ledger.doubts()].map((text) => plainText(clean(text), 1000)),
    llm_usage: ledger.usage(),
    metadata,
  };
}

function errorOf(ending: Ending, best: CheckedAnswer | undefined): string {
  if (ending === 'declined') return 'The model or its filter declined to answer';
  const first = best?.findings[0];
  const what = first === undefined ? '' : `: ${findingText(first)}`;
  const count = best?.findings.length ?? 0;
  const reason =
    ending === 'no_progress' ? 'the model changed nothing about what was found' : 'the answers of the model were not accepted';
  return `Cannot generate the files: ${reason}; ${count} findings are left${what}`;
}

function artifactOf(path: string, content: string, description: string | null): CodeArtifact {
  return { file_path: path, content, artifact_type: typeOf(path), language: languageOf(path), description };
}

function typeOf(path: string): CodeArtifact['artifact_type'] {
  if (isTest(path)) return 'test';
  if (/\.(?:md|txt)$/.test(path)) return 'documentation';
  if (/\.(?:json|csv|tsv|jsonl)$/.test(path)) return 'data';
  return /\.(?:ya?ml|toml|ini)$/.test(path) ? 'config' : 'source_code';
}

function languageOf(path: string): string | null {
  if (/\.[cm]?ts$/.test(path)) return 'typescript';
  if (path.endsWith('.py')) return 'python';
  return /\.[cm]?js$/.test(path) ? 'javascript' : null;
}

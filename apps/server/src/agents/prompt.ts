import type { Json, JsonObject } from '@loopwright/protocol';
import { DATA_BLOCK_RULE, dataBlock } from '@loopwright/models';
import { type AnswerForm, answerSchema } from './answer/answer-schema.ts';
import type { Finding } from './answer/check-answer.ts';
import type { MaterialFile } from './read-material.ts';

/** What a prompt is made of. */
export interface PromptParts {
  /** Who the agent is, as in "architect". */
  readonly role: string;
  readonly phase: string;
  /** What it shall do, in the words of the definition. */
  readonly task: string;
  readonly form: AnswerForm;
  /** Facts for the task: the intake, results of earlier phases. Data. */
  readonly data: Json;
  /** Earlier artifacts. Data. */
  readonly artifacts: readonly MaterialFile[];
  /** What people answered to the agent's questions. Data. */
  readonly answers: JsonObject | null;
}

/** What was wrong with the answer before. */
export interface Remediation {
  readonly findings: readonly Finding[];
  readonly previous: string;
}

/** Characters of all artifacts together that go into a prompt. */
const ARTIFACT_CHARACTERS = 240_000;
/** Characters of the answer before that are shown again (`reference/domain.md` §4.3). */
const PREVIOUS_CHARACTERS = 2000;

/** What each agent is told before its task. Its sentences about data are a hint to the model; what holds is that its answer is data too, checked and never executed. */
export function systemPrompt({ role, phase, form }: PromptParts): string {
  return [
    `You are the ${role} of a software project, working in its phase "${phase}".`,
    'Answer with one JSON object and nothing else: no text before or after it, no Markdown fence.',
    DATA_BLOCK_RULE,
    'Do not invent figures, names, sources or results. What you do not know, name as open.',
    'Write no control characters and no terminal escape sequences.',
    ...(form.questions
      ? [
          'Only if the task cannot be done without an answer from people, give "questions" instead of "documents": at most 12, each ending with a question mark. Otherwise decide yourself and name the assumption.',
        ]
      : []),
    ...(form.files
      ? ['The paths in "files" are relative, with "/" between names, without ".." and without the name of the phase.']
      : []),
  ].join('\n');
}

/** The task with its material and the form of the answer. */
export function taskPrompt(parts: PromptParts, remediation?: Remediation): string {
  const blocks = [
    `# Task\n\n${parts.task}`,
    `# Material\n\n${dataBlock('facts', JSON.stringify(parts.data, null, 1))}`,
    ...withinLimit(parts.artifacts).map(({ path, digest, text }) => dataBlock(`artifact ${path} sha256:${digest}`, text)),
    ...(parts.answers === null ? [] : [dataBlock('answers of people to your questions', JSON.stringify(parts.answers, null, 1))]),
    `# Form of the answer\n\nA JSON object that fits this JSON Schema:\n\n${JSON.stringify(answerSchema(parts.form))}`,
    ...(remediation === undefined ? [] : [remediationText(remediation)]),
  ];
  return blocks.join('\n\n');
}

function withinLimit(artifacts: readonly MaterialFile[]): { path: string; digest: string; text: string }[] {
  let left = ARTIFACT_CHARACTERS;
  return artifacts.map(({ path, digest, content }) => {
    const text =
      content.length <= left
        ? content
        : `${content.slice(0, Math.max(0, left))}\n[cut off here: ${content.length} characters in all]`;
    left -= Math.min(left, content.length);
    return { path, digest, text };
  });
}

function remediationText({ findings, previous }: Remediation): string {
  const list = findings.map(({ pointer, message }) => `- ${pointer === '' ? 'the answer' : pointer} ${message}`).join('\n');
  const shown = previous.length > PREVIOUS_CHARACTERS ? `${previous.slice(0, PREVIOUS_CHARACTERS)}…` : previous;
  return `# Your answer before was not accepted\n\nA mechanical check found:\n\n${list}\n\nIts beginning:\n\n${dataBlock('previous answer', shown)}\n\nGive the whole answer again, with these findings resolved.`;
}

import { admit } from '@loopwright/generation';
import type { ConversationReply } from '@loopwright/models';
import type { Json } from '@loopwright/protocol';
import { z } from 'zod';
import { type CheckFinding, finding, plainText } from '../loop/finding.ts';
import { LOOP_LIMITS } from '../loop/limits.ts';
import type { ModelTask, TextFile } from '../loop/model-task.ts';
import { SUBMIT_FILES } from './answer-tools.ts';
import { fencedFiles } from './fenced-files.ts';

/** The files of an answer, with what the model says of them. */
export interface ModelAnswer {
  readonly summary: string;
  readonly files: readonly (TextFile & { readonly purpose: string | null })[];
  /** Whether they were read out of a text, because the model called nothing. */
  readonly isFenced: boolean;
}

const submittedSchema = z.strictObject({
  summary: z.string().max(20_000).default(''),
  files: z
    .array(
      z.strictObject({
        path: z.string().min(1).max(LOOP_LIMITS.pathCharacters),
        content: z.string().max(LOOP_LIMITS.fileCharacters),
        purpose: z.string().max(5000).optional(),
      }),
    )
    .min(1)
    .max(LOOP_LIMITS.files),
});

/** The files that a model gave, or what is wrong with the form of its answer. */
export function readAnswer(
  reply: ConversationReply,
  task: ModelTask,
): ModelAnswer | { readonly findings: readonly CheckFinding[] } {
  const cutOff = reply.finish === 'length' ? [finding('form', 'the answer was cut off at the limit of tokens: be shorter')] : [];
  const read = filesIn(reply);
  if ('findings' in read) return { findings: [...cutOff, ...read.findings] };
  const findings = [...formFindings(read, task)];
  return findings.length > 0 ? { findings: [...cutOff, ...findings] } : read;
}

function filesIn({ toolCalls, text }: ConversationReply): ModelAnswer | { readonly findings: CheckFinding[] } {
  const submissions = toolCalls.filter(({ name }) => name === SUBMIT_FILES.name);
  const [submission] = submissions;
  if (submission === undefined) {
    const files = fencedFiles(text);
    if (files.length === 0) return { findings: [finding('form', 'the answer has no files: call "submit_files"')] };
    return { summary: '', files: files.map(({ path, content }) => ({ path, content, purpose: null })), isFenced: true };
  }
  if (submissions.length > 1) return { findings: [finding('form', '"submit_files" was called more than once in an answer')] };
  const parsed = submittedSchema.safeParse(parsedJson(submission.input));
  if (!parsed.success) {
    const found = parsed.error.issues.slice(0, 10).map(({ path, message }) => finding('form', `/${path.join('/')} ${message}`));
    return { findings: found };
  }
  const { summary, files } = parsed.data;
  const given = files.map(({ path, content, purpose }) => ({
    path,
    content,
    purpose: purpose === undefined ? null : plainText(purpose),
  }));
  return { summary: plainText(summary, 2000), files: given, isFenced: false };
}

function parsedJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Paths that could leave their folder, texts that could steer a terminal or hide code, and files that are not this answer's to give. */
function* formFindings({ files }: ModelAnswer, { givenTests, programFile, plan }: ModelTask): Generator<CheckFinding> {
  const given = givenTests.map(({ path, content }) => artifactOf(path, content));
  const admissions = admit([...given, ...files.map(({ path, content }) => artifactOf(path, content))]).slice(given.length);
  const seen = new Set(givenTests.map(({ path }) => path));
  for (const [index, admission] of admissions.entries()) {
    const file = files[index];
    if (file === undefined) continue;
    if (seen.has(file.path))
      yield finding('form', 'the path is refused: it is that of a given test or of another file', { file: file.path });
    seen.add(file.path);
    if ('reason' in admission) yield finding('form', `the path is refused: ${admission.reason}`, { file: file.path });
    else if (admission.names.join('/') !== file.path)
      yield finding('form', 'the path is not written plainly', { file: file.path });
    const hidden = hiddenCharacter(file.content);
    if (hidden !== undefined)
      yield finding('form', `the content has the character ${hidden}, which is refused`, { file: file.path });
  }
  const characters = files.reduce((sum, { content }) => sum + content.length, 0);
  if (characters > LOOP_LIMITS.answerCharacters)
    yield finding('form', `the files have more than ${LOOP_LIMITS.answerCharacters} characters together`);
  const paths = new Set(files.map(({ path }) => path));
  if (programFile !== null && !paths.has(programFile)) yield finding('form', `the file "${programFile}" is missing`);
  for (const path of Object.keys(plan.scaffolding.file_structure ?? {}))
    if (!path.endsWith('/') && !paths.has(path)) yield finding('form', 'the file is asked for and missing', { file: path });
}

/** Control characters and those that turn the direction of writing: what is read would not be what runs. */
function hiddenCharacter(text: string): string | undefined {
  const found = /[^\P{Cc}\n\r\t]|[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]|\p{Cs}/u.exec(text)?.[0];
  if (found === undefined) return undefined;
  return `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function artifactOf(path: string, content: string): Parameters<typeof admit>[0][number] {
  return { file_path: path, content, artifact_type: 'source_code', language: null, description: null };
}

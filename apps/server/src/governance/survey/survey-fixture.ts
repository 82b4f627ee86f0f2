import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '@loopwright/protocol';
import type { z } from 'zod';
import { examineFiles } from './examine-files.ts';
import type { FileFacts, Survey, SurveyOptions, surveyLineSchema } from './survey.ts';
import { digestOfFiles, surveyWorkspace } from './survey-workspace.ts';

/** Makes a folder of files. */
export async function folderOf(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'loopwright-survey-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

const BASE = { forbiddenTerms: [], colors: null, fonts: null, validators: [], runnable: true };

/** Surveys a folder. */
export function surveyOf(root: string, options: Partial<SurveyOptions> = {}): Promise<Survey> {
  return surveyWorkspace({ root, ...BASE, ...options }, { clock: systemClock });
}

/** Surveys files in a process of its own. */
export async function surveyFiles(
  files: Readonly<Record<string, string | Buffer>>,
  options: Partial<SurveyOptions> = {},
): Promise<Survey> {
  return surveyOf(await folderOf(files), options);
}

/** Surveys files that are known to be harmless, in this process: it saves the start of one. */
export async function surveyHere(
  files: Readonly<Record<string, string | Buffer>>,
  options: Partial<SurveyOptions> = {},
): Promise<Survey> {
  const order = { ...BASE, ...options, root: await folderOf(files), from: null, deadly: [] };
  const lines: z.infer<typeof surveyLineSchema>[] = [];
  for await (const line of examineFiles(order)) lines.push(line);
  const found = lines.flatMap((line) => ('file' in line ? [line.file] : []));
  const [end] = lines.flatMap((line) => ('end' in line ? [line.end] : []));
  return {
    files: found,
    links: end?.links ?? [],
    left: end?.left ?? null,
    validations: end?.validations ?? [],
    digest: digestOfFiles(found),
  };
}

/** What a survey says of one file. */
export function fileOf({ files }: Survey, path: string): FileFacts {
  const file = files.find((candidate) => candidate.path === path);
  if (file === undefined) throw new Error(`The survey has no file "${path}"`);
  return file;
}

import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '@loopwright/protocol';
import type { FileFacts, Survey, SurveyOptions } from './survey.ts';
import { surveyWorkspace } from './survey-workspace.ts';

/** Makes a folder of files. */
export async function folderOf(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'loopwright-survey-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

/** Surveys a folder. */
export function surveyOf(root: string, options: Partial<SurveyOptions> = {}): Promise<Survey> {
  const base = { forbiddenTerms: [], colors: null, fonts: null, validators: [], runnable: true };
  return surveyWorkspace({ root, ...base, ...options }, { clock: systemClock });
}

/** Surveys files. */
export async function surveyFiles(
  files: Readonly<Record<string, string | Buffer>>,
  options: Partial<SurveyOptions> = {},
): Promise<Survey> {
  return surveyOf(await folderOf(files), options);
}

/** What a survey says of one file. */
export function fileOf({ files }: Survey, path: string): FileFacts {
  const file = files.find((candidate) => candidate.path === path);
  if (file === undefined) throw new Error(`The survey has no file "${path}"`);
  return file;
}

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Json, type LabelledExample, systemClock } from '@loopwright/protocol';
import type { Induced, InductionTask } from './task.ts';

const execute = promisify(execFile);

/** A task with usual settings. */
export function taskOf(examples: readonly LabelledExample[], options: Partial<InductionTask> = {}): InductionTask {
  const usual = { programName: 'demo', taskDescription: 'Do it.', unknownLabel: null, accuracyTarget: null, seed: 1 };
  return { ...usual, examples, clock: systemClock, ...options };
}

/** An emitted program, loaded as Node does. */
export interface Emitted extends AsyncDisposable {
  readonly folder: string;
  readonly answer: (input: unknown) => Json;
  readonly judge: (input: unknown) => { output: Json; confidence: number; doubtful: boolean; low: number; high: number };
}

/** Writes the files and loads the program. */
export async function emit(result: Induced): Promise<Emitted> {
  const folder = await mkdtemp(join(tmpdir(), 'induction-'));
  for (const file of result.files) await writeFile(join(folder, file.file_path), file.content);
  const loaded = (await import(pathToFileURL(join(folder, 'program.ts')).href)) as {
    run: Emitted['answer'];
    judge: Emitted['judge'];
  };
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  return { folder, answer: loaded.run, judge: loaded.judge, [Symbol.asyncDispose]: remove };
}

/** Runs the emitted tests with `node --test`, and the compiler in strict mode over the program. */
export async function checkFiles(folder: string): Promise<void> {
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_OPTIONS: undefined };
  const tested = await execute(process.execPath, ['--test', 'program.test.ts'], { cwd: folder, env });
  assert.match(tested.stdout, /fail 0/u);
  const tsc = fileURLToPath(new URL('../../../../node_modules/typescript/bin/tsc', import.meta.url));
  const options = [
    '--noEmit',
    '--strict',
    '--noUncheckedIndexedAccess',
    '--erasableSyntaxOnly',
    '--target',
    'es2024',
    '--types',
    '',
  ];
  await execute(process.execPath, [tsc, '--ignoreConfig', ...options, 'program.ts'], { cwd: folder });
}

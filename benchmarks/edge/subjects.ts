import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '@loopwright/protocol';
import { ProgramStore } from '@loopwright/edge';
import type { SubjectKind } from './subject.ts';
import { SCHEMAS, sampleText, textProgram } from './text-program.ts';

/** A server that was started. */
export interface Subject {
  readonly kind: SubjectKind;
  readonly url: string;
  readonly child: ChildProcess;
}

/** Makes a data folder with the text program active. */
export async function programFolder(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-bench-edge-'));
  const store = new ProgramStore({ dir, clock: systemClock });
  const warmup = { warmup_inputs: [1, 2, 3].map((seed) => ({ text: sampleText(seed) })) };
  const metadata = { ...SCHEMAS, metadata: warmup };
  await store.store('text', { id: 'one', source: textProgram(), metadata });
  await store.setActive('text', 1, { record: { id: 'one' } });
  return dir;
}

/** Starts servers, each on a copy of a data folder; they end with the stack. */
export async function startSubjects(
  kinds: readonly SubjectKind[],
  folder: string,
  stack: AsyncDisposableStack,
): Promise<Subject[]> {
  return Promise.all(
    kinds.map((kind) => {
      const dir = mkdtempSync(join(tmpdir(), `loopwright-bench-edge-${kind}-`));
      cpSync(folder, dir, { recursive: true, verbatimSymlinks: true });
      return startSubject(kind, dir, stack);
    }),
  );
}

/** Starts a server on a data folder; both end with the stack. */
export async function startSubject(kind: SubjectKind, dir: string, stack: AsyncDisposableStack): Promise<Subject> {
  const child = spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, 'subject.ts'), kind, dir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  stack.defer(async () => {
    const ended = once(child, 'exit');
    child.stdin.end();
    await ended;
    rmSync(dir, { recursive: true, force: true });
  });
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { kind, url, child };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type Clock, PlatformError, messageOf } from '@loopwright/protocol';
import type { SurveyOrder } from './examine-files.ts';
import { SURVEY_LIMITS } from './limits.ts';
import { type FileFacts, type Survey, type SurveyOptions, type Validation, surveyLineSchema } from './survey.ts';

/** What a survey needs besides what it is told. */
export interface SurveyParts {
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

interface Part {
  readonly files: readonly FileFacts[];
  /** The file that was begun and not ended. */
  readonly begun: string | null;
  readonly end: { links: string[]; left: string | null; validations: Validation[] } | undefined;
  readonly isLate: boolean;
}

/**
 * Looks at everything in a workspace, in a process of its own without the right to write, to start processes or to read anything else; it is
 * killed when it takes too long. A file on which the parser ends the process is left out and named. What a workspace holds makes this neither
 * fail nor hang: what was not looked at is in `left` and in the files' `unread`.
 *
 * @throws the reason of the signal; PlatformError SERVICE_UNAVAILABLE when the process cannot be started.
 */
export async function surveyWorkspace(options: SurveyOptions, { clock, signal }: SurveyParts): Promise<Survey> {
  const files = new Map<string, FileFacts>();
  const deadly: string[] = [];
  const deadline = clock.now() + SURVEY_LIMITS.timeMs;
  let left: string | null = 'the survey did not come to its end';
  let end: Part['end'];
  for (let attempt = 0; attempt <= SURVEY_LIMITS.restarts && end === undefined; attempt += 1) {
    signal?.throwIfAborted();
    const order = JSON.stringify({ ...options, from: deadly.at(-1) ?? null, deadly } satisfies SurveyOrder);
    const part = await runOnce(order, { root: options.root, clock, signal, timeMs: deadline - clock.now() });
    signal?.throwIfAborted();
    for (const file of part.files) files.set(file.path, file);
    end = part.end;
    if (part.isLate) {
      left = `the survey took longer than ${SURVEY_LIMITS.timeMs / 1000} s`;
      break;
    }
    if (end !== undefined) break;
    if (part.begun === null && files.size === 0)
      throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot look at the workspace: the process that does it does not start');
    if (part.begun === null || deadly.includes(part.begun)) break;
    deadly.push(part.begun);
    left = `the file "${part.begun}" ended the survey`;
  }
  const list = [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    files: list,
    links: end?.links ?? [],
    left: end === undefined ? left : end.left,
    validations: end?.validations ?? [],
    digest: end === undefined || end.left !== null ? null : digestOfFiles(list),
  };
}

/** The digest of paths and contents; `null` when a content is not known. */
export function digestOfFiles(files: readonly FileFacts[]): string | null {
  const hash = createHash('sha256');
  for (const { path, digest } of files) {
    if (digest === null) return null;
    hash.update(`${path}\0${digest}\n`);
  }
  return hash.digest('hex');
}

async function runOnce(
  order: string,
  { root, clock, signal, timeMs }: { root: string; clock: Clock; signal: AbortSignal | undefined; timeMs: number },
): Promise<Part> {
  const child = start(root);
  const files: FileFacts[] = [];
  let begun: string | null = null;
  let end: Part['end'];
  let isLate = false;
  const kill = (): void => void child.kill('SIGKILL');
  const cancel = clock.schedule(Math.max(0, timeMs), () => {
    isLate = true;
    kill();
  });
  signal?.addEventListener('abort', kill, { once: true });
  try {
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(order);
    for await (const line of linesOf(child)) {
      const parsed = surveyLineSchema.safeParse(line);
      // Whatever the parser did to its process, it says nothing here that is not of this form.
      if (!parsed.success) break;
      if ('begin' in parsed.data) begun = parsed.data.begin;
      else if ('file' in parsed.data) {
        files.push(parsed.data.file);
        begun = null;
      } else end = parsed.data.end;
    }
  } finally {
    cancel();
    signal?.removeEventListener('abort', kill);
    kill();
  }
  return { files, begun, end, isLate };
}

function start(root: string): ChildProcess {
  const isSource = import.meta.filename.endsWith('.ts');
  const main = fileURLToPath(new URL(`./survey-main.${isSource ? 'ts' : 'js'}`, import.meta.url));
  const conditions = process.execArgv.filter((argument) => argument.startsWith('--conditions='));
  const args = [
    ...conditions,
    '--permission',
    '--allow-addons',
    ...readable(root).map((path) => `--allow-fs-read=${path}`),
    '--disable-warning=SecurityWarning',
    '--disable-warning=ExperimentalWarning',
    `--max-old-space-size=${SURVEY_LIMITS.heapMb}`,
    main,
  ];
  try {
    return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'], env: {}, windowsHide: true });
  } catch (error) {
    throw new PlatformError('SERVICE_UNAVAILABLE', `Cannot look at the workspace: ${messageOf(error)}`, { cause: error });
  }
}

/** The workspace, and the program with its packages: this file is in `{root}/apps/server/src/governance/survey`, or as deep in a build. */
function readable(root: string): string[] {
  return [root, fileURLToPath(new URL('../../../../../', import.meta.url))];
}

async function* linesOf(child: ChildProcess): AsyncGenerator {
  const output = child.stdout;
  if (output === null) return;
  output.setEncoding('utf8');
  let pieces: string[] = [];
  let characters = 0;
  child.on('error', () => output.destroy());
  for await (const piece of output as AsyncIterable<string>) {
    const parts = piece.split('\n');
    for (const [index, part] of parts.entries()) {
      pieces.push(part);
      characters += part.length;
      if (characters > SURVEY_LIMITS.lineCharacters) return;
      if (index === parts.length - 1) break;
      const line = pieces.join('');
      pieces = [];
      characters = 0;
      yield parsedLine(line);
    }
  }
}

function parsedLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

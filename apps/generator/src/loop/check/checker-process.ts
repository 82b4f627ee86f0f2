import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PAGE_BYTES = 4096;

/** What the process said: a line, or the code it ended with (`null` where it was killed). */
export interface CheckerAnswer {
  readonly line?: string;
  readonly code?: number | null;
}

/** The process of static checks with the compiler, which is its child. */
export class CheckerProcess {
  readonly #child: ChildProcess;
  #waiting: PromiseWithResolvers<CheckerAnswer> | undefined;
  hasEnded = false;
  readonly ended: Promise<void>;

  constructor() {
    const isSource = import.meta.filename.endsWith('.ts');
    const main = fileURLToPath(new URL(`./static-check-main.${isSource ? 'ts' : 'js'}`, import.meta.url));
    const conditions = process.execArgv.filter((argument) => argument.startsWith('--conditions='));
    // A process group of its own, so that the compiler is killed with it.
    this.#child = spawn(process.execPath, [...conditions, '--disable-warning=ExperimentalWarning', main], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: {},
      detached: true,
      windowsHide: true,
    });
    const { stdin, stdout } = this.#child;
    stdin?.on('error', () => undefined);
    if (stdout !== null) createInterface({ input: stdout }).on('line', (line) => this.#waiting?.resolve({ line }));
    this.#child.on('error', (error) => this.#waiting?.reject(error));
    this.ended = new Promise((resolve) => {
      const end = (code: number | null): void => {
        this.hasEnded = true;
        this.#waiting?.resolve({ code });
        resolve();
      };
      this.#child.on('close', end);
      this.#child.on('error', () => {
        if (this.#child.pid === undefined) end(null);
      });
    });
    // It ends with its standard input; until then it must not keep this process alive.
    this.#child.unref();
  }

  /** Gives a task, a line without line feeds, and waits for what comes of it. One at a time. */
  async ask(task: string): Promise<CheckerAnswer> {
    this.#child.ref();
    this.#waiting = Promise.withResolvers<CheckerAnswer>();
    this.#child.stdin?.write(`${task}\n`);
    try {
      return await this.#waiting.promise;
    } finally {
      this.#waiting = undefined;
      this.#child.unref();
    }
  }

  kill(): void {
    const { pid } = this.#child;
    if (pid === undefined || this.hasEnded) return;
    this.hasEnded = true;
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }

  /** Resident bytes of the process and its children, where the system tells; 0 elsewhere. */
  residentBytes(): number {
    const { pid } = this.#child;
    try {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
      return [String(pid), ...children].reduce((sum, id) => sum + residentOf(id), 0);
    } catch {
      return 0;
    }
  }
}

function residentOf(id: string): number {
  return Number(readFileSync(`/proc/${id}/statm`, 'utf8').split(' ')[1] ?? 0) * PAGE_BYTES;
}

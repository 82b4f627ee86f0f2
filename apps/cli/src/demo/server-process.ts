import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { PlatformError } from '@loopwright/protocol';

/** The server's entry; it runs as a process of its own, so its path is all that the command line knows of it. */
export const SERVER_MAIN = join(import.meta.dirname, '../../../server/src/main.ts');
/** The entry that examines what the server stored; a process of its own as well. */
export const DOCTOR_MAIN = join(import.meta.dirname, '../../../server/src/doctor-main.ts');
/** The entry that works on the data folder for whoever has it in hand; a process of its own as well. */
export const ADMIN_MAIN = join(import.meta.dirname, '../../../server/src/admin-main.ts');

/** How long a start may take, in milliseconds. */
const START_LIMIT_MS = 60_000;
/** Pause before a server that died is started again, in milliseconds. */
const RESTART_PAUSE_MS = 200;
/** A server that dies this often without ever having listened will not come up. */
const STILLBORN_LIMIT = 3;

/** A server of one's own: started, and started again when it dies, until it is stopped. */
export class ServerProcess implements AsyncDisposable {
  readonly #dataDir: string;
  readonly #logFile: string;
  readonly #onRestart: (how: string) => void;
  #child: ChildProcess | undefined;
  #url: string | undefined;
  #failure: PlatformError | undefined;
  #stillborn = 0;
  #stopping = false;

  /** `logFile` gets what the server writes to standard error. */
  constructor(options: { dataDir: string; logFile: string; onRestart: (how: string) => void }) {
    this.#dataDir = options.dataDir;
    this.#logFile = options.logFile;
    this.#onRestart = options.onRestart;
    this.#start();
  }

  /** Process id of the running server, for whoever wants to try a crash. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Base URL of the server; waits for one that is starting. Throws SERVICE_UNAVAILABLE or what kept it from starting. */
  async url(): Promise<string> {
    const end = Date.now() + START_LIMIT_MS;
    while (this.#url === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      if (Date.now() > end)
        throw new PlatformError('SERVICE_UNAVAILABLE', `Cannot start the server: it does not listen; see "${this.#logFile}"`);
      await delay(20);
    }
    return this.#url;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #start(): void {
    const log = openSync(this.#logFile, 'a');
    const args = [...process.execArgv, SERVER_MAIN, '--data-dir', this.#dataDir, '--port', '0', '--edge-port', '0'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', log] });
    this.#child = child;
    const said: string[] = [];
    createInterface({ input: child.stdout ?? Readable.from([]) }).on('line', (line) => {
      said.push(line);
      const url = /listening on (http:\/\/\S+)/.exec(line)?.[1];
      if (url === undefined) return;
      this.#url = url;
      this.#stillborn = 0;
    });
    child.on('error', (error) => {
      this.#failure = new PlatformError('SERVICE_UNAVAILABLE', `Cannot start the server: ${error.message}`, { cause: error });
    });
    child.on('exit', (code, signal) => {
      if (this.#url === undefined) this.#stillborn += 1;
      this.#url = undefined;
      if (this.#stopping) return;
      if (this.#stillborn >= STILLBORN_LIMIT) {
        const reason = said.at(-1) ?? `it ended with ${signal ?? code}`;
        this.#failure = new PlatformError('SERVICE_UNAVAILABLE', `Cannot start the server: ${reason}; see "${this.#logFile}"`);
        return;
      }
      this.#onRestart(signal ?? `exit code ${code}`);
      setTimeout(() => this.#start(), RESTART_PAUSE_MS);
    });
  }
}

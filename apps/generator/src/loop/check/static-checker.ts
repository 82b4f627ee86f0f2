import type { Clock } from '@loopwright/protocol';
import { PlatformError, messageOf } from '@loopwright/protocol';
import { type CheckFinding, finding } from '../finding.ts';
import { LOOP_LIMITS } from '../limits.ts';
import { CheckerProcess } from './checker-process.ts';
import { NO_COMPILER, type StaticCheckTask, staticFindingsSchema } from './static-check-task.ts';

/** Modules of Node that stand in the sandbox for tests. */
const TEST_MODULES = ['node:test', 'node:assert', 'node:assert/strict', 'assert', 'assert/strict', 'test'];
/** How often the memory of the compiler is looked at while it works, in milliseconds. */
const WATCH_MS = 100;

/**
 * Parses files and checks their types strictly, in memory. Parser and compiler stand in a process of their own, which is kept between checks, does one at a time, and is killed when one takes too long or
 * too much memory. Nothing is run. Whoever makes it closes it.
 */
export class StaticChecker implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #dependencies: readonly string[];
  #process: CheckerProcess | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** `dependencies` are the packages that programs may import. */
  constructor(parts: { clock: Clock; dependencies: readonly string[] }) {
    this.#clock = parts.clock;
    this.#dependencies = parts.dependencies;
  }

  /**
   * What is wrong with files, by their paths.
   *
   * @throws the reason of the signal; SERVICE_UNAVAILABLE when the process cannot be started
   */
  async check(files: ReadonlyMap<string, string>, signal: AbortSignal): Promise<CheckFinding[]> {
    const turn = this.#turn.then(() => this.#check(files, signal));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #check(files: ReadonlyMap<string, string>, signal: AbortSignal): Promise<CheckFinding[]> {
    signal.throwIfAborted();
    if (this.#process === undefined || this.#process.hasEnded) this.#process = new CheckerProcess();
    const checker = this.#process;
    let stopped: string | undefined;
    const stop = (reason: string): void => {
      stopped ??= reason;
      checker.kill();
    };
    const cancelTimer = this.#clock.schedule(LOOP_LIMITS.staticCheckMs, () =>
      stop(`more than ${LOOP_LIMITS.staticCheckMs / 1000} s`),
    );
    const watch = setInterval(() => {
      if (checker.residentBytes() > LOOP_LIMITS.staticCheckBytes)
        stop(`more than ${LOOP_LIMITS.staticCheckBytes / 1024 / 1024} MB of memory`);
    }, WATCH_MS);
    const abort = (): void => stop('aborted');
    signal.addEventListener('abort', abort, { once: true });
    try {
      const task: StaticCheckTask = { files: Object.fromEntries(files), provided: TEST_MODULES, allowed: this.#dependencies };
      const answer = await checker.ask(JSON.stringify(task));
      signal.throwIfAborted();
      if (stopped !== undefined)
        return [finding('types', `the files cannot be checked: the compiler needs ${stopped} for them; make them simpler`)];
      if (answer.code === NO_COMPILER) throw new Error('the compiler is not installed');
      // Native code that a text has crashed leaves nothing behind.
      if (answer.line === undefined)
        return [finding('syntax', 'the files cannot be read: the parser stopped on them; make them simpler')];
      // What it has grown to is not kept for the next one.
      if (checker.residentBytes() > LOOP_LIMITS.staticCheckBytes / 2) checker.kill();
      return staticFindingsSchema
        .parse(JSON.parse(answer.line))
        .map(({ stage, message, file, line }) => finding(stage, message, { file, line }));
    } catch (error) {
      signal.throwIfAborted();
      throw new PlatformError('SERVICE_UNAVAILABLE', `Cannot check the files: ${messageOf(error)}`, { cause: error });
    } finally {
      cancelTimer();
      clearInterval(watch);
      signal.removeEventListener('abort', abort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process?.kill();
    await this.#process?.ended;
  }
}

import type { ModuleTrace } from '@loopwright/module-sdk';
import type { ProgramLanguage } from '@loopwright/protocol';
import { type SandboxOptions, openSandbox } from '../sandbox/open-sandbox.ts';
import type { Sandbox, SandboxHealth, SandboxProgram, SandboxResult } from '../sandbox/sandbox.ts';
import { tracedSandbox } from '../sandbox/traced-sandbox.ts';

/** What can be changed of a sandbox while it runs programs. */
export type SandboxLimits = Pick<SandboxOptions, 'workers' | 'timeoutMs' | 'memoryLimitMb' | 'state'>;

/** Milliseconds from one look to the next whether a sandbox that was replaced has answered its last call. */
const LOOK_MS = 100;

/** A sandbox whose limits can be changed: another one takes its place, and calls under way end where they began. */
export class AdjustableSandbox implements Sandbox {
  readonly #trace: ModuleTrace;
  #options: SandboxOptions;
  #sandbox: Sandbox;
  /** Those that were replaced and have calls left. */
  readonly #retired = new Set<Sandbox>();
  #changing: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  private constructor(options: SandboxOptions, trace: ModuleTrace, sandbox: Sandbox) {
    this.#options = options;
    this.#trace = trace;
    this.#sandbox = sandbox;
  }

  /** Throws what `openSandbox` throws. */
  static async open(options: SandboxOptions, trace: ModuleTrace): Promise<AdjustableSandbox> {
    return new AdjustableSandbox(options, trace, tracedSandbox(await openSandbox(options), trace));
  }

  /** How it is opened now. */
  get options(): SandboxOptions {
    return this.#options;
  }

  /** Runs what comes from now on within other limits. Throws what `openSandbox` throws; all stays as it was then. */
  adjust(limits: SandboxLimits): Promise<void> {
    const change = (): Promise<void> => this.#change(limits);
    const changed = this.#changing.then(change, change);
    this.#changing = changed;
    return changed;
  }

  run(program: SandboxProgram, inputJson: string): Promise<SandboxResult> {
    return this.#sandbox.run(program, inputJson);
  }

  prepare(language: ProgramLanguage, program?: SandboxProgram): Promise<void> {
    return this.#sandbox.prepare(language, program);
  }

  health(): SandboxHealth {
    return this.#sandbox.health();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#changing.catch(() => undefined);
    await Promise.all([this.#sandbox, ...this.#retired].map((sandbox) => sandbox.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #change(limits: SandboxLimits): Promise<void> {
    const options = { ...this.#options, ...limits };
    if (this.#isClosed || isSame(options, this.#options)) return;
    const sandbox = tracedSandbox(await openSandbox(options), this.#trace);
    try {
      // What programs of Python need was there, and no request is to wait for it.
      if (this.health().python !== undefined) await sandbox.prepare('python');
    } catch (error) {
      await sandbox.close();
      throw error;
    }
    const before = this.#sandbox;
    this.#options = options;
    this.#sandbox = sandbox;
    this.#retired.add(before);
    this.#endWhenIdle(before);
  }

  /** It is looked at, because to count the calls costs each of them, and limits are hardly ever changed. */
  #endWhenIdle(before: Sandbox): void {
    if (this.#isClosed) return;
    if (before.health().calls > 0) {
      this.#options.clock.schedule(LOOK_MS, () => this.#endWhenIdle(before));
      return;
    }
    this.#retired.delete(before);
    // Nobody asks it any more; workers that cannot be ended are told in the log of the sandbox.
    before.close().catch(() => undefined);
  }
}

function isSame(one: SandboxLimits, other: SandboxLimits): boolean {
  return (['workers', 'timeoutMs', 'memoryLimitMb', 'state'] as const).every((key) => one[key] === other[key]);
}

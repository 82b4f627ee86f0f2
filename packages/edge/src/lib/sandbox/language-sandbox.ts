import { PlatformError, type ProgramLanguage } from '@loopwright/protocol';
import type { Sandbox, SandboxHealth, SandboxProgram, SandboxResult } from './sandbox.ts';

/**
 * A sandbox for each language behind one. That of Python is opened when it is needed first. A process of Python sees one program in its life: it has no
 * isolates, and what one program changes in the interpreter would be there for the next one, the version before it too.
 */
export class LanguageSandbox implements Sandbox {
  readonly #javascript: Sandbox;
  readonly #openPython: () => Promise<Sandbox>;
  #opening: Promise<Sandbox> | undefined;
  #python: Sandbox | undefined;
  /** Calls that wait until Python is opened. */
  #waiting = 0;

  /** `openPython` is called once at the most; why it fails is told to every program of Python from then on. */
  constructor(javascript: Sandbox, openPython: () => Promise<Sandbox>) {
    this.#javascript = javascript;
    this.#openPython = openPython;
  }

  async prepare(language: ProgramLanguage): Promise<void> {
    if (language === 'python') await this.#pythonSandbox();
  }

  run(program: SandboxProgram, inputJson: string): Promise<SandboxResult> {
    if (program.language !== 'python') return this.#javascript.run(program, inputJson);
    const tenant = `${program.tenant ?? ''} ${program.key}`;
    if (this.#python !== undefined) return this.#python.run({ ...program, tenant }, inputJson);
    return this.#runWhenOpened({ ...program, tenant }, inputJson);
  }

  async #runWhenOpened(program: SandboxProgram, inputJson: string): Promise<SandboxResult> {
    this.#waiting += 1;
    let running: Promise<SandboxResult>;
    try {
      running = (await this.#pythonSandbox()).run(program, inputJson);
    } finally {
      this.#waiting -= 1;
    }
    return running;
  }

  health(): SandboxHealth {
    const javascript = this.#javascript.health();
    const health = { ...javascript, calls: javascript.calls + this.#waiting };
    const python = this.#python?.health();
    if (python === undefined) return health;
    const { engine, walls, workers, restarts } = python;
    return {
      ...health,
      calls: health.calls + python.calls,
      quarantined: health.quarantined + python.quarantined,
      python: { engine, walls, workers, restarts },
    };
  }

  async close(): Promise<void> {
    // Nobody opens it any more.
    this.#opening ??= Promise.reject(new PlatformError('SERVICE_UNAVAILABLE', 'Cannot run the program: the sandbox is closed'));
    const python = await this.#opening.catch(() => undefined);
    await Promise.all([this.#javascript.close(), python?.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #pythonSandbox(): Promise<Sandbox> {
    this.#opening ??= this.#openPython().then((python) => (this.#python = python));
    return this.#opening;
  }
}

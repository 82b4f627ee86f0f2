import { PlatformError } from '@loopwright/protocol';
import type { Jail } from './jail/jail.ts';
import type { Sandbox, SandboxHealth, SandboxResult } from './sandbox.ts';

/** The sandbox of a machine without the jail that it must have: it runs nothing, and says so. */
export class RefusingSandbox implements Sandbox {
  readonly #jail: Jail;

  constructor(jail: Jail) {
    this.#jail = jail;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  run(): Promise<SandboxResult> {
    return Promise.reject(
      new PlatformError('JAIL_REQUIRED', `Cannot run the program: ${this.#jail.refusal ?? 'there is no jail'}`),
    );
  }

  health(): SandboxHealth {
    const { name, walls, refusal = null } = this.#jail;
    return { engine: 'none', jail: name, walls, refusal, workers: 0, restarts: 0, memoryWatch: 'none', calls: 0, quarantined: 0 };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

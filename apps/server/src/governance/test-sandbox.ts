import type { Sandbox } from '@loopwright/edge';
import { PlatformError } from '@loopwright/protocol';

/** The sandbox of tests, opened with the first test: most servers never run one. */
export class TestSandbox implements AsyncDisposable {
  readonly #open: () => Promise<Sandbox>;
  #sandbox: Promise<Sandbox> | undefined;
  #isClosed = false;

  /** `open` opens the sandbox, which this object then owns. */
  constructor(open: () => Promise<Sandbox>) {
    this.#open = open;
  }

  /** The sandbox. Throws SERVICE_UNAVAILABLE when the server goes down or no worker can be started. */
  readonly get = (): Promise<Sandbox> => {
    if (this.#isClosed) throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot run the tests: the server is going down');
    this.#sandbox ??= this.#open().catch((error: unknown) => {
      // The next test tries again.
      this.#sandbox = undefined;
      throw error;
    });
    return this.#sandbox;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await (await this.#sandbox?.catch(() => undefined))?.close();
  }
}

import type { ProgramLanguage } from '@loopwright/protocol';
import type { StatelessCheck } from '../build/stateless/stateless-check.ts';
import type { Sandbox, SandboxHealth, SandboxProgram, SandboxResult } from './sandbox.ts';

/** How many programs are remembered. */
const PROGRAMS_REMEMBERED = 2000;

/**
 * Sees to it that calls of a program find what they shall of those before. Where that is nothing, a program is evaluated for each call, until it has been found
 * to have nothing to keep: from then on its calls share one evaluation, which is many times faster and which they cannot tell.
 */
export class StateSandbox implements Sandbox {
  readonly #inner: Sandbox;
  readonly #state: 'kept' | 'fresh';
  readonly #check: StatelessCheck;
  /** By key: whether a program keeps nothing; false also while it is looked at. */
  readonly #stateless = new Map<string, boolean>();
  /** By key: those that are looked at. */
  readonly #looks = new Map<string, Promise<void>>();
  /** Programs that keep nothing, as they are run: most are called many times, and long keys are found sooner when they are the same text. */
  readonly #shared = new WeakMap<SandboxProgram, SandboxProgram>();

  /** `state`: of programs that do not say. Both other parts are its own from now on. */
  constructor(inner: Sandbox, state: 'kept' | 'fresh', check: StatelessCheck) {
    this.#inner = inner;
    this.#state = state;
    this.#check = check;
  }

  run(program: SandboxProgram, inputJson: string): Promise<SandboxResult> {
    const { state = this.#state, key } = program;
    if (state !== 'fresh') return this.#inner.run(state === program.state ? program : { ...program, state }, inputJson);
    if (!this.#isStateless(program)) return this.#inner.run({ ...program, state }, inputJson);
    let shared = this.#shared.get(program);
    if (shared === undefined) {
      // Another key: to whoever runs it, it is another program.
      shared = { ...program, key: `${key} stateless`, state: 'none' };
      this.#shared.set(program, shared);
    }
    return this.#inner.run(shared, inputJson);
  }

  async prepare(language: ProgramLanguage, program?: SandboxProgram): Promise<void> {
    await this.#inner.prepare(language);
    if (program === undefined || (program.state ?? this.#state) !== 'fresh' || this.#isStateless(program, true)) return;
    await this.#looks.get(program.key);
  }

  health(): SandboxHealth {
    return this.#inner.health();
  }

  async close(): Promise<void> {
    this.#check.close();
    await this.#inner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #isStateless({ key, code, language, inParts }: SandboxProgram, isUrgent = false): boolean {
    const known = this.#stateless.get(key);
    if (known !== undefined) return known;
    this.#stateless.set(key, false);
    const [oldest] = this.#stateless.keys();
    if (this.#stateless.size > PROGRAMS_REMEMBERED && oldest !== undefined) this.#stateless.delete(oldest);
    if (language !== 'python' && inParts !== true) this.#looks.set(key, this.#look(key, code, isUrgent));
    return false;
  }

  async #look(key: string, code: string, isUrgent: boolean): Promise<void> {
    const reason = await this.#check.whyStateful(code, isUrgent);
    if (reason === undefined) this.#stateless.set(key, true);
    this.#looks.delete(key);
  }
}

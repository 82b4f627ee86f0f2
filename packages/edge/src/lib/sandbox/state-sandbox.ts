import type { ProgramLanguage } from '@loopwright/protocol';
import type { StatelessCheck } from '../build/stateless/stateless-check.ts';
import type { Sandbox, SandboxHealth, SandboxProgram, SandboxResult } from './sandbox.ts';

/** How many programs are remembered. */
const PROGRAMS_REMEMBERED = 2000;
/** The call of a program with which it is looked at: to look takes as long as some evaluations, and many programs are hardly ever called. */
const LOOKED_AT_CALL = 3;

/** What is known of a program. */
interface Finding {
  calls: number;
  /** Whether it keeps nothing; false also until that is found. */
  isStateless: boolean;
  look: Promise<void> | undefined;
}

/**
 * Sees to it that calls of a program find what they shall of those before. Where that is nothing, a program is evaluated for each call, until it has been found
 * to have nothing to keep: from then on its calls share one evaluation, which is many times faster and which they cannot tell.
 */
export class StateSandbox implements Sandbox {
  readonly #inner: Sandbox;
  readonly #state: 'kept' | 'fresh';
  readonly #check: StatelessCheck;
  /** By key. */
  readonly #findings = new Map<string, Finding>();
  /** Programs that keep nothing, as they are run: most are called many times, and long keys are found sooner when they are the same text. */
  readonly #shared = new WeakMap<SandboxProgram, SandboxProgram>();

  /** `state`: of programs that do not say. Both other parts are its own from now on. */
  constructor(inner: Sandbox, state: 'kept' | 'fresh', check: StatelessCheck) {
    this.#inner = inner;
    this.#state = state;
    this.#check = check;
  }

  run(program: SandboxProgram, inputJson: string): Promise<SandboxResult> {
    const known = this.#shared.get(program);
    if (known !== undefined) return this.#inner.run(known, inputJson);
    const { state = this.#state, key } = program;
    if (state !== 'fresh') return this.#inner.run(state === program.state ? program : { ...program, state }, inputJson);
    const finding = this.#findingOf(program);
    finding.calls += 1;
    if (finding.calls >= LOOKED_AT_CALL) finding.look ??= this.#look(program, finding, false);
    if (!finding.isStateless) return this.#inner.run({ ...program, state }, inputJson);
    // Another key: to whoever runs it, it is another program.
    const shared: SandboxProgram = { ...program, key: `${key} stateless`, state: 'none' };
    this.#shared.set(program, shared);
    return this.#inner.run(shared, inputJson);
  }

  async prepare(language: ProgramLanguage, program?: SandboxProgram): Promise<void> {
    await this.#inner.prepare(language);
    if (program === undefined || (program.state ?? this.#state) !== 'fresh') return;
    const finding = this.#findingOf(program);
    await (finding.look ??= this.#look(program, finding, true));
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

  #findingOf({ key }: SandboxProgram): Finding {
    const known = this.#findings.get(key);
    if (known !== undefined) return known;
    const finding = { calls: 0, isStateless: false, look: undefined };
    this.#findings.set(key, finding);
    const [oldest] = this.#findings.keys();
    if (this.#findings.size > PROGRAMS_REMEMBERED && oldest !== undefined) this.#findings.delete(oldest);
    return finding;
  }

  async #look({ code, language, inParts }: SandboxProgram, finding: Finding, isUrgent: boolean): Promise<void> {
    if (language === 'python' || inParts === true) return;
    finding.isStateless = (await this.#check.whyStateful(code, isUrgent)) === undefined;
  }
}

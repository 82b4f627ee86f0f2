import type { Json } from '@loopwright/protocol';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { ServedPrograms } from '../serve/served-programs.ts';
import type { Oracle, OracleAnswer } from './oracle.ts';

/** Asks the active version of another program, in the sandbox; its runs are not recorded. */
export class ProgramOracle implements Oracle {
  readonly #programs: ServedPrograms;
  readonly #sandbox: Sandbox;
  readonly #references: () => Readonly<Record<string, string>>;

  constructor({
    programs,
    sandbox,
    references,
  }: {
    programs: ServedPrograms;
    sandbox: Sandbox;
    references: () => Readonly<Record<string, string>>;
  }) {
    this.#programs = programs;
    this.#sandbox = sandbox;
    this.#references = references;
  }

  /** Nothing when the reference program fails on the input. Throws what loading it throws. */
  async ask({ task_id, input_data }: Parameters<Oracle['ask']>[0]): Promise<OracleAnswer | undefined> {
    const references = this.#references();
    const reference = Object.hasOwn(references, task_id) ? references[task_id] : undefined;
    if (reference === undefined) return undefined;
    const { program, metadata } = await this.#programs.activeVersion(reference);
    const result = await this.#sandbox.run(program, JSON.stringify(input_data));
    if (result.status !== 'success') return undefined;
    return {
      output: JSON.parse(result.outputJson) as Json,
      provider: 'program',
      model: `${reference} v${metadata.version}`,
      costUsd: 0,
      latencyMs: result.latencyMs,
    };
  }
}

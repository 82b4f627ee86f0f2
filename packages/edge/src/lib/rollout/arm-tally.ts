import { type ArmFigures, NO_FIGURES } from '@loopwright/protocol';
import { COLD_ANSWERS } from './limits.ts';

/** Counts what one version of a rollout does. */
export class ArmTally {
  readonly #figures: { -readonly [Name in keyof ArmFigures]: number } = { ...NO_FIGURES };

  /** An answer, and the limit above which it was slow; `undefined`: there is none yet. */
  addAnswer(latencyMs: number, slowMs: number | undefined): void {
    const figures = this.#figures;
    figures.requests += 1;
    figures.answered += 1;
    figures.latency_sum_ms += latencyMs;
    if (slowMs === undefined || figures.answered <= COLD_ANSWERS) return;
    figures.timed += 1;
    if (latencyMs > slowMs) figures.slow += 1;
  }

  addFailure(): void {
    this.#figures.requests += 1;
    this.#figures.failures += 1;
  }

  setValidations(validated: number, mismatched: number): void {
    Object.assign(this.#figures, { validated, mismatched });
  }

  figures(): ArmFigures {
    return { ...this.#figures };
  }
}

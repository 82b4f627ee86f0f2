import { type Clock, messageOf } from '@loopwright/protocol';
import type { Oracle } from './oracle.ts';
import type { Validations } from './validations.ts';

/** How often samples are looked for, in milliseconds, and how many are asked about each time: requests come first. */
const ROUND_MS = 500;
const SAMPLES = 20;
const PROVIDER = 'program';

/** What {@link OracleRounds} works with. */
export interface OracleRoundsOptions {
  readonly oracle: Oracle;
  /** The programs that it judges now. */
  readonly programs: () => readonly string[];
  /** Opened with the first round. */
  readonly validations: () => Validations;
  readonly clock: Clock;
  readonly log: (message: string) => void;
}

/** Asks an oracle about the samples that wait, again and again, until it is closed. */
export class OracleRounds {
  readonly #options: OracleRoundsOptions;
  #round: Promise<void> = Promise.resolve();
  #isClosed = false;
  #isPlanned = false;
  #said = '';
  #stopTimer: () => void = () => undefined;

  constructor(options: OracleRoundsOptions) {
    this.#options = options;
    this.wake();
  }

  /** To be called when there are other programs. */
  wake(): void {
    if (!this.#isClosed && !this.#isPlanned && this.#options.programs().length > 0) this.#plan();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimer();
    await this.#round;
  }

  #plan(): void {
    this.#isPlanned = true;
    this.#stopTimer = this.#options.clock.schedule(ROUND_MS, () => {
      this.#round = this.#ask().finally(() => {
        this.#isPlanned = false;
        this.wake();
      });
    });
  }

  async #ask(): Promise<void> {
    for (const taskId of this.#options.programs()) {
      try {
        for (let asked = 0; asked < SAMPLES && !this.#isClosed; asked += 1) if (!(await this.#askOnce(taskId))) break;
      } catch (error) {
        // The same thing is said once.
        const message = `Cannot validate "${taskId}": ${messageOf(error)}`;
        if (message !== this.#said) this.#options.log(message);
        this.#said = message;
      }
    }
  }

  async #askOnce(taskId: string): Promise<boolean> {
    const { oracle } = this.#options;
    const validations = this.#options.validations();
    const sample = validations.list(taskId, { state: 'open', after: 0, limit: 1 }).samples[0];
    if (sample === undefined) return false;
    const answer = await oracle.ask(sample);
    if (answer === undefined) validations.skip(taskId, sample.sample_id, PROVIDER);
    else {
      const { output, ...said } = answer;
      await validations.answer(taskId, sample.sample_id, { output }, { by: PROVIDER, oracle: said });
    }
    return true;
  }
}

import type { EngineAnswer, LoadedProgram } from './engine.ts';
import { FAIR_SHARE, PATIENCE } from './limits.ts';

/** How old the reading of processor time may be, in milliseconds: it costs a twentieth of a quick call. */
const READING_MS = 1;

/**
 * Calls programs. One that is stopped before it had its share of a processor is called once more from its beginning, with the rest of the patience that
 * there is: nothing outside of it has seen the first half, and what it kept went with its isolate.
 */
export class FairCalls {
  #reading = process.threadCpuUsage();
  #readAt = performance.now();

  run(program: LoadedProgram, inputJson: string): EngineAnswer {
    const now = performance.now();
    if (now - this.#readAt > READING_MS) {
      this.#reading = process.threadCpuUsage();
      this.#readAt = now;
    }
    const answer = program.call(inputJson);
    // Whoever is told of processor time decides about it.
    if (answer.status !== 'timeout' || answer.cpuMs !== undefined) return answer;
    const { user, system } = process.threadCpuUsage(this.#reading);
    if ((user + system) / 1000 >= FAIR_SHARE * program.timeoutMs) return answer;
    return program.call(inputJson, Math.ceil((PATIENCE - 1) * program.timeoutMs));
  }
}

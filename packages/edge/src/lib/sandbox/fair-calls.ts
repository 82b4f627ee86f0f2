import type { EngineAnswer, LoadedProgram } from './engine.ts';
import { FAIR_SHARE, PATIENCE } from './limits.ts';

/** How old the reading of processor time may be, in milliseconds: it costs a twentieth of a quick call. */
const READING_MS = 1;

/**
 * Calls programs. One that is stopped before it had its share of a processor is called once more from its beginning, with enough time
 * for that share, as far as the patience goes: nothing outside of it has seen the first half, and what it kept went with its isolate.
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
    const { timeoutMs } = program;
    const hadMs = (user + system) / 1000;
    const fairMs = FAIR_SHARE * timeoutMs;
    if (hadMs >= fairMs) return answer;
    // As long as its share takes if it gets no more of a processor than before: one that loops is not to keep it for all the patience there is.
    const shareMs = (timeoutMs * fairMs) / Math.max(hadMs, 1);
    return program.call(inputJson, Math.ceil(Math.min((PATIENCE - 1) * timeoutMs, Math.max(timeoutMs, shareMs))));
  }
}

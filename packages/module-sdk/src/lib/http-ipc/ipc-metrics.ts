/** What a server of HTTP over IPC has done; names as in the source. */
export interface IpcMetrics {
  readonly requests_received: number;
  readonly responses_sent: number;
  /** Answers with a status from 500, and exchanges that broke off. */
  readonly errors_encountered: number;
  /** From the arrival of a request to the head of its answer, mean over all answers; `null` before the first. */
  readonly avg_response_time_ms: number | null;
}

/** Counts for {@link IpcMetrics}. */
export class IpcCounters {
  #received = 0;
  #sent = 0;
  #errors = 0;
  #totalMs = 0;

  received(): void {
    this.#received += 1;
  }

  sent(status: number, tookMs: number): void {
    this.#sent += 1;
    this.#totalMs += tookMs;
    if (status >= 500) this.#errors += 1;
  }

  brokeOff(): void {
    this.#errors += 1;
  }

  metrics(): IpcMetrics {
    return {
      requests_received: this.#received,
      responses_sent: this.#sent,
      errors_encountered: this.#errors,
      avg_response_time_ms: this.#sent === 0 ? null : this.#totalMs / this.#sent,
    };
  }
}

import type { Clock } from '@loopwright/protocol';
import type { Middleware } from '../http-ipc/http-ipc-router.ts';

/** Counts the requests of a module. */
export class RequestFigures {
  readonly #clock: Clock;
  #received = 0;
  #sent = 0;
  #errors = 0;
  #totalMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts what passes; answers of 500 and more, and errors, are errors. */
  readonly middleware: Middleware = async (request, next) => {
    const begun = this.#clock.now();
    this.#received += 1;
    let isError = true;
    try {
      const response = await next(request);
      isError = response.status >= 500;
      return response;
    } finally {
      this.#sent += 1;
      this.#totalMs += this.#clock.now() - begun;
      if (isError) this.#errors += 1;
    }
  };

  /** The source's four figures; the mean is `null` before the first answer. */
  read(): {
    requests_received: number;
    responses_sent: number;
    errors_encountered: number;
    avg_response_time_ms: number | null;
  } {
    return {
      requests_received: this.#received,
      responses_sent: this.#sent,
      errors_encountered: this.#errors,
      avg_response_time_ms: this.#sent === 0 ? null : this.#totalMs / this.#sent,
    };
  }
}

import { APICallError } from '@ai-sdk/provider';
import { parseRetryAfter } from '@loopwright/generation';
import { type Clock, messageOf } from '@loopwright/protocol';

/** What a failed call of a model means for what is done next. */
export interface CallFailure {
  /** `busy`: the same call may succeed soon (429, 5xx). `failed`: this provider will not give an answer now. */
  readonly kind: 'busy' | 'failed';
  /** What the provider said, for people: one line, no control characters. */
  readonly reason: string;
  readonly status: number | undefined;
  /** How long it asked to wait. */
  readonly retryAfterMs: number | undefined;
}

const REASON_CHARACTERS = 300;

/** Reads what the library of a provider threw. `redact` takes keys out of what the provider wrote. */
export function readFailure(error: unknown, redact: (text: string) => string, clock: Pick<Clock, 'now'>): CallFailure {
  const status = APICallError.isInstance(error) ? error.statusCode : undefined;
  const headers = APICallError.isInstance(error) ? error.responseHeaders : undefined;
  const isBusy = status === 429 || (status !== undefined && status >= 500);
  const said = redact(whole(error))
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim();
  const text = said.length > REASON_CHARACTERS ? `${said.slice(0, REASON_CHARACTERS)}…` : said;
  return {
    kind: isBusy ? 'busy' : 'failed',
    reason: status === undefined || status < 300 ? text : `it answered ${status}: ${text}`,
    status,
    retryAfterMs: isBusy ? parseRetryAfter(headers?.['retry-after'] ?? null, clock) : undefined,
  };
}

/** The message of an error with those of its causes: "fetch failed" alone says nothing. */
function whole(error: unknown): string {
  const texts: string[] = [];
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth += 1) {
    if (!texts.includes(at.message)) texts.push(at.message);
  }
  return texts.length === 0 ? messageOf(error) : texts.join(': ');
}

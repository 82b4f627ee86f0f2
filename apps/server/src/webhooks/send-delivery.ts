import { type Clock, messageOf } from '@loopwright/protocol';
import type { OutboundHosts } from '../outbound/outbound-hosts.ts';
import { parseRetryAfter } from './retry-schedule.ts';
import { signatureOf } from './signature.ts';
import { checkTarget } from './target.ts';

/** How much of an answer's body is kept, in bytes. */
const BODY_LIMIT_BYTES = 2048;

/** What is sent, and where to. */
export interface Outgoing {
  readonly url: string;
  readonly deliveryId: string;
  readonly payload: string;
  /** The signing secrets that hold now. */
  readonly secrets: readonly string[];
}

/** How one attempt went. */
export interface AttemptResult {
  readonly at: number;
  readonly latencyMs: number;
  readonly status: number | null;
  readonly body: string | null;
  /** Why it failed; `null` when the receiver took it. */
  readonly error: string | null;
  readonly retryAfterMs: number;
}

/** With what deliveries are sent. */
export interface SenderParts {
  readonly hosts: Pick<OutboundHosts, 'allowHost' | 'isListed' | 'fetch'>;
  readonly clock: Clock;
  /** How long an answer may take, its body included. */
  readonly timeoutMs: number;
}

/** Sends one delivery once; never throws, but for `signal`: then nothing is known of it. */
export async function sendDelivery(parts: SenderParts, outgoing: Outgoing, signal: AbortSignal): Promise<AttemptResult> {
  const { hosts, clock, timeoutMs } = parts;
  const at = clock.now();
  const timeout = new AbortController();
  const cancel = clock.schedule(timeoutMs, () => timeout.abort(new Error(`it gave no answer in ${timeoutMs / 1000} s`)));
  const result = (fields: Pick<AttemptResult, 'status' | 'body' | 'error' | 'retryAfterMs'>): AttemptResult => ({
    at,
    latencyMs: clock.now() - at,
    ...fields,
  });
  const either = AbortSignal.any([signal, timeout.signal]);
  try {
    // Looking up a name has no time limit of its own.
    const url = await Promise.race([checkTarget(outgoing.url, hosts), untilAborted(either)]);
    const response = await hosts.fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: either,
      headers: headersOf(outgoing, at),
      body: outgoing.payload,
    });
    const { status } = response;
    const body = await firstBytes(response);
    const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), clock.now());
    return result({ status, body, error: failureOf(status), retryAfterMs });
  } catch (error) {
    signal.throwIfAborted();
    return result({ status: null, body: null, error: reasonOf(error, timeout.signal), retryAfterMs: 0 });
  } finally {
    cancel();
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(messageOf(signal.reason))), { once: true });
  });
}

function headersOf({ deliveryId, payload, secrets }: Outgoing, at: number): Record<string, string> {
  const timestamp = Math.floor(at / 1000);
  return {
    'content-type': 'application/json',
    'user-agent': 'Loopwright-Webhooks/0.1',
    'webhook-id': deliveryId,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatureOf({ id: deliveryId, timestamp, body: payload }, secrets),
  };
}

function failureOf(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return `the receiver answered ${status}: redirects are not followed`;
  return `the receiver answered ${status}`;
}

/** The beginning of a body; the rest is not read. */
async function firstBytes(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    length += part.length;
    // Leaving the loop gives the rest up.
    if (length >= BODY_LIMIT_BYTES) break;
  }
  return Buffer.concat(parts).subarray(0, BODY_LIMIT_BYTES).toString('utf8');
}

/** What went wrong, in words; undici puts the reason below `fetch failed`. */
function reasonOf(error: unknown, timeout: AbortSignal): string {
  if (timeout.aborted) return messageOf(timeout.reason);
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return messageOf(cause).slice(0, 500);
}

import { z } from 'zod';
import type { FuzzAnswer } from './send-request.ts';

/** Errors of a server that does what it should: nobody configured a model provider, and one caller ends a module that another replaces. */
const HONEST_5XX = new Set(['PROVIDER_NOT_CONFIGURED', 'MODULE_START_FAILED']);
const INSIDE = /\n\s+at |node:internal|node_modules|\.ts:\d+|ERR_SQLITE|SQLITE_/;

/** What `/ready` says with a 503: an administrator can end a module, and the fuzzer is one. */
const notReadySchema = z.strictObject({
  ready: z.literal(false),
  checks: z.array(z.strictObject({ name: z.string(), ready: z.boolean(), reason: z.string().nullable() })),
});

const errorSchema = z.looseObject({ error_code: z.string(), message: z.string(), status: z.int(), request_id: z.string() });

/** What is wrong with an answer, whatever was asked; `undefined` when nothing is. */
export function problemOf({ status, contentType, text }: FuzzAnswer): string | undefined {
  if (status === -1) return undefined;
  if (INSIDE.test(text) && status >= 400) return `shows its inside: ${text.slice(0, 300)}`;
  if (status < 400) return undefined;
  if (text === '') return status >= 500 ? `answered ${status} with nothing` : undefined;
  if (status === 503 && notReadySchema.safeParse(parse(text)).success) return undefined;
  const error = /json/.test(contentType) ? errorSchema.safeParse(parse(text)) : undefined;
  // Node answers by itself what it cannot read as HTTP: without a body, or with one that is no JSON.
  if (error === undefined) return status >= 500 ? `answered ${status} ${text.slice(0, 300)}` : undefined;
  if (!error.success) return `answered ${status} with an error that is none: ${text.slice(0, 300)}`;
  if (error.data.status !== status) return `answered ${status} and says ${error.data.status}`;
  if (status >= 500 && !HONEST_5XX.has(error.data.error_code)) return `answered ${status} ${text.slice(0, 300)}`;
  return undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

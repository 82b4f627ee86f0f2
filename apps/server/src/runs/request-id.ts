import { executionIdOf } from '../http/idempotency.ts';
import type { RunParts } from './run-parts.ts';

/** Who asks, and under which Idempotency-Key. */
export interface Asked {
  readonly by: string;
  readonly key?: string | undefined;
}

/** The id of what a request makes: the same one for the same key of the same user, so that the request can be repeated. */
export function requestId({ random }: Pick<RunParts, 'random'>, { by, key }: Asked, purpose: string): string {
  return key === undefined ? random.uuid() : executionIdOf(by, purpose, key);
}

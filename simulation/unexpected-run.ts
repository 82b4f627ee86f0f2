import { type StoreReader, isFinal } from '@loopwright/engine';
import { positionOf } from './model.ts';
import { traceIn } from './trace-in.ts';
import type { Flow } from './node.ts';

/** A step may only run where the model stands by what is committed, under that key, and not while it is paused; else this says why not. */
export function unexpectedRun(
  read: StoreReader,
  flow: Flow,
  { id, idempotencyKey }: { id: string; idempotencyKey: string },
): string | undefined {
  const execution = read.execution(id);
  const status = execution?.status;
  const begun = read.journal(id).filter(({ kind, state }) => kind === 'step' && state === 'running');
  // One that a budget counts, its own or that of an execution which waits for it, is recorded as begun before it runs; a pause that comes
  // between finds it under way.
  const hasBudget = read.limits.payers(id).some((payer) => read.limits.budget(payer) !== undefined);
  const isUnderWay = hasBudget && begun.some(({ key }) => idempotencyKey === keyOf(id, key));
  if (execution === undefined || status === undefined || isFinal(status) || (status === 'paused' && !isUnderWay))
    return `${id}: ${idempotencyKey} runs while it is ${status}`;
  const position = positionOf(flow, read.journal(id), traceIn(execution));
  const expected = position.state === 'open' ? position.open.map(({ key }) => keyOf(id, key)) : [position.state];
  if (expected.includes(idempotencyKey)) return undefined;
  return `${id}: ${idempotencyKey} runs, the model stands at ${expected.join(', ')}`;
}

/** The idempotency key of a step: the tries of a `try` are one intent. */
function keyOf(id: string, key: string): string {
  return `${id}:${key.replaceAll(/@try-\d+/g, '')}`;
}

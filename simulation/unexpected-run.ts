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
  if (execution === undefined || status === 'paused' || status === undefined || isFinal(status))
    return `${id}: ${idempotencyKey} runs while it is ${status}`;
  const position = positionOf(flow, read.journal(id), traceIn(execution));
  const expected =
    position.state === 'open' ? position.open.map(({ key }) => `${id}:${key.replaceAll(/@try-\d+/g, '')}`) : [position.state];
  if (expected.includes(idempotencyKey)) return undefined;
  return `${id}: ${idempotencyKey} runs, the model stands at ${expected.join(', ')}`;
}

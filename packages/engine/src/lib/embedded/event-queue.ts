import { createHash } from 'node:crypto';
import type { Json } from '@loopwright/protocol';
import type { StepAddress } from '../context/durable-context.ts';
import { type CloudEvent, type Listener, countOf, readEvent } from '../event/listener.ts';
import type { JournalEntry } from '../execution/execution.ts';
import type { OwnedEntry, StoreTransaction } from '../store/store.ts';
import { eventKey } from './event-key.ts';
import type { Life } from './life.ts';
import { newEntry } from './new-entry.ts';
import { closeListener, openListener } from './open-listener.ts';

/**
 * The events of a listener that gives each by itself, as entries of the journal.
 *
 * Q1 The nth event taken is recorded under `KEY@event-n` in the transaction that takes it, whether the execution is in memory, busy or paused.
 * Q2 Behind the last one stands an end, or the error that ended it. Q3 An event that was taken is recorded by its digest and not taken again.
 */

/** The most events that one `listen` with `foreach` takes. */
export const EACH_LIMIT = 10_000;

function seenKey(key: string, { source, id }: CloudEvent): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([source, id]))
    .digest('hex');
  return `${key}@seen-${digest.slice(0, 32)}`;
}

/** Whether the listener has taken this event before. */
export function wasQueued(transaction: StoreTransaction, { executionId, entry }: OwnedEntry, event: CloudEvent): boolean {
  return transaction.keyedEntry(executionId, seenKey(entry.key, event)) !== undefined;
}

/** Records the event that a listener has just counted. */
export function queueEvent(
  transaction: StoreTransaction,
  { executionId, entry }: OwnedEntry,
  { event, listener, at }: { event: CloudEvent; listener: Listener; at: number },
): OwnedEntry {
  const recorded = { state: 'done', recordedAt: at } as const;
  const seen = newEntry({ key: seenKey(entry.key, event), name: entry.name }, 'event', at);
  transaction.putEntry(executionId, { ...seen, ...recorded });
  const queued: JournalEntry = {
    ...newEntry({ key: eventKey(entry.key, countOf(listener) - 1), name: entry.name }, 'event', at),
    ...recorded,
    value: { event: readEvent(event, listener.read) },
  };
  transaction.putEntry(executionId, queued);
  return { executionId, entry: queued };
}

/** Records that no event has this index or a higher one, or the error why. */
export function queueEnd(
  transaction: StoreTransaction,
  { executionId, entry: { key, name } }: OwnedEntry,
  { index, at, ...end }: Pick<JournalEntry, 'value'> & { index: number; state: 'done' | 'failed'; at: number },
): OwnedEntry {
  const entry: JournalEntry = { ...newEntry({ key: eventKey(key, index), name }, 'event', at), ...end, recordedAt: at };
  transaction.putEntry(executionId, entry);
  return { executionId, entry };
}

/** Waits for one event of a listener; see `DurableContext.consume`. */
export async function consumeEvent(
  life: Life,
  address: StepAddress,
  { listener, index }: { listener: Listener; index: number },
): Promise<{ event: Json } | undefined> {
  const { executionId } = life;
  const key = eventKey(address.key, index);
  if (life.recorded(key) === undefined && life.entry(address.key) === undefined) {
    await life.begin(address.key, (transaction, at) => openListener(transaction, { executionId, address, listener, at }));
  }
  const value = await life.received(key);
  await life.open(address.key);
  return value === null ? undefined : (value as { event: Json });
}

/** Ends a listener; see `DurableContext.endConsumption`. */
export async function endConsumption(life: Life, { key }: StepAddress): Promise<void> {
  if (life.entry(key)?.state !== 'waiting') return;
  await life.commit((transaction, at) => {
    const entry = transaction.entry(life.executionId, key);
    if (entry === undefined || entry.state === 'cancelled') return undefined;
    if (entry.state !== 'waiting') return entry;
    const value = countOf(entry.value as unknown as Listener);
    return closeListener(transaction, { executionId: life.executionId, entry }, { state: 'done', value, at });
  });
}

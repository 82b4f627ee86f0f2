import {
  cancelExecution,
  cancelTree,
  fireTimer,
  isFinal,
  pauseExecution,
  pauseTree,
  publishEvent,
  receiveEnding,
  resumeExecution,
  takeAnswer,
} from '@loopwright/engine/carrier';
import { type Json, PlatformError, toJson } from '@loopwright/protocol';
import * as restate from '@restatedev/restate-sdk';
import type { Changes } from '../record/execution-record.ts';
import {
  type Command,
  type Head,
  type Reply,
  type Verdict,
  beginSchema,
  commandSchema,
  commitSchema,
  endedSchema,
  eventsRequestSchema,
  followSchema,
  offerSchema,
  pageRequestSchema,
  parkSchema,
  startSchema,
  timerSchema,
  wakeSchema,
} from '../record/messages.ts';
import { RecordTransaction } from '../record/record-transaction.ts';
import { applyChanges, sendDrive } from './apply-changes.ts';
import { parsed } from './parsed.ts';
import type { Node } from './node.ts';
import { UNTIL_IT_WORKS } from './service-names.ts';
import { light, openRecord, readEvents, readHead, readPage, readTasks } from './state.ts';

/** How long Restate remembers the outcome of a command under its idempotency key, in milliseconds. */
const COMMAND_MEMORY_MS = 10 * 60_000;

/**
 * The object that holds the record of one execution and decides all about it. Each handler is one transition; Restate runs them one at a time,
 * and what one wrote is durable before its caller hears of it.
 */
export function executionObject(node: Node): restate.VirtualObjectDefinition<string, unknown> {
  return restate.object({
    name: node.names.execution,
    handlers: {
      start: restate.handlers.object.exclusive(
        { idempotencyRetention: COMMAND_MEMORY_MS },
        (context: restate.ObjectContext, message: unknown) => start(context, node, message),
      ),
      begin: (context: restate.ObjectContext, message: unknown) => begin(context, message),
      wakeAt: (context: restate.ObjectContext, message: unknown) => wakeAt(context, message),
      commit: (context: restate.ObjectContext, message: unknown) => commit(context, node, message),
      park: (context: restate.ObjectContext, message: unknown) => park(context, message),
      command: restate.handlers.object.exclusive(
        { idempotencyRetention: COMMAND_MEMORY_MS },
        (context: restate.ObjectContext, message: unknown) => command(context, node, message),
      ),
      timer: (context: restate.ObjectContext, message: unknown) => timer(context, node, message),
      offer: (context: restate.ObjectContext, message: unknown) => offer(context, node, message),
      follow: (context: restate.ObjectContext, message: unknown) => follow(context, node, message),
      ended: (context: restate.ObjectContext, message: unknown) => ended(context, node, message),
      load: restate.handlers.object.shared((context: restate.ObjectSharedContext, message: unknown) =>
        readPage(context, parsed(pageRequestSchema, message).after),
      ),
      events: restate.handlers.object.shared((context: restate.ObjectSharedContext, message: unknown) =>
        readEvents(context, parsed(eventsRequestSchema, message).after),
      ),
    },
    options: { enableLazyState: true, retryPolicy: UNTIL_IT_WORKS, journalRetention: 0 },
  });
}

async function start(context: restate.ObjectContext, node: Node, message: unknown): Promise<Json> {
  const { execution, events } = parsed(startSchema, message);
  const existing = await readHead(context);
  if (existing !== undefined) return toJson({ created: false, requestDigest: existing.execution.requestDigest });
  const head: Head = {
    version: 1,
    lastSeq: 0,
    execution: light(execution),
    open: [],
    early: [],
    listening: [],
    driver: null,
    isDriveSent: true,
    commitId: null,
  };
  context.set('input', execution.input);
  const changes: Changes = { execution, entries: [], tasks: [], early: [], listening: [], events, started: [] };
  sendDrive(context, node);
  await applyChanges(context, node, { head, changes, effects: { by: 'driver', now: execution.createdAt } });
  return { created: true, requestDigest: execution.requestDigest };
}

/** An attempt takes the execution over: from here on it alone may commit. */
async function begin(context: restate.ObjectContext, message: unknown): Promise<Json> {
  const { driver, wake } = parsed(beginSchema, message);
  const head = await readHead(context);
  if (head === undefined) return null;
  context.set('head', { ...head, driver: { id: driver, wake }, isDriveSent: false });
  return toJson(await readPage(context, null));
}

async function wakeAt(context: restate.ObjectContext, message: unknown): Promise<Verdict> {
  const { driver, wake, version } = parsed(wakeSchema, message);
  const head = await readHead(context);
  if (head?.driver?.id !== driver) return 'gone';
  context.set('head', { ...head, driver: { id: driver, wake } });
  return head.version === version ? 'done' : 'changed';
}

async function park(context: restate.ObjectContext, message: unknown): Promise<Verdict> {
  const { driver, version } = parsed(parkSchema, message);
  const head = await readHead(context);
  // Parked already: the answer to the first request was lost.
  if (head?.driver === null && head.version === version) return 'done';
  if (head?.driver?.id !== driver) return 'gone';
  if (head.version !== version) return 'changed';
  context.set('head', { ...head, driver: null });
  return 'done';
}

async function commit(context: restate.ObjectContext, node: Node, message: unknown): Promise<Verdict> {
  const { driver, commitId, version, changes } = parsed(commitSchema, message);
  const head = await readHead(context);
  if (head?.commitId === commitId) return 'done';
  if (head?.driver?.id !== driver) return 'gone';
  if (head.version !== version) return 'changed';
  const now = changes.execution.updatedAt;
  await applyChanges(context, node, { head: { ...head, commitId }, changes, effects: { by: 'driver', now } });
  return 'done';
}

async function command(context: restate.ObjectContext, node: Node, message: unknown): Promise<Reply> {
  const order = parsed(commandSchema, message);
  try {
    const head = await readHead(context);
    if (head === undefined) throw new PlatformError('EXECUTION_NOT_FOUND', `Cannot find the execution "${context.key}"`);
    const definition = order.do === 'answer' ? await node.definition(head.execution.definitionDigest) : undefined;
    const value = await transit(context, node, { head, now: order.at }, (transaction) =>
      obey(transaction, context.key, order, () => definition),
    );
    return { value: toJson(value) };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    const { code, message: text, details } = error;
    return { refused: { code, message: text, ...(details === undefined ? {} : { details }) } };
  }
}

function obey(
  transaction: RecordTransaction,
  executionId: string,
  order: Command,
  definition: Parameters<typeof takeAnswer>[2]['definition'],
): unknown {
  switch (order.do) {
    case 'answer': {
      const { answer, answerId, answeredBy, at } = order;
      const given = { answer: answer as Parameters<typeof takeAnswer>[2]['answer'], answerId, answeredBy, at, definition };
      const target = { executionId, ...(order.target as Parameters<typeof takeAnswer>[1]) };
      return takeAnswer(transaction, target, given);
    }
    case 'cancel':
      return cancelExecution(transaction, executionId, order).execution;
    case 'pause':
      return pauseExecution(transaction, executionId, order);
    case 'resume':
      return resumeExecution(transaction, executionId, order);
  }
}

/** A timer is due; one that was given up or moved meanwhile is no longer in the record with this time. */
async function timer(context: restate.ObjectContext, node: Node, message: unknown): Promise<void> {
  const { key, dueAt } = parsed(timerSchema, message);
  const head = await readHead(context);
  const entry = head?.open.find((one) => one.key === key);
  if (head === undefined || entry?.dueAt !== dueAt) return;
  // Restate's clock and this one may differ: a timer does not fire before its time.
  const now = Math.max(dueAt, await context.run('now', () => node.clock.now()));
  await transit(context, node, { head, now }, (transaction) => fireTimer(transaction, { executionId: context.key, entry }, now));
}

/** Shows an event to what listens here; tells how many went on. */
async function offer(context: restate.ObjectContext, node: Node, message: unknown): Promise<number> {
  const { event, projects } = parsed(offerSchema, message);
  const head = await readHead(context);
  if (head === undefined || head.listening.length === 0) return 0;
  const now = await context.run('now', () => node.clock.now());
  const at = { at: now, expressions: node.expressions, projects };
  const woken = await transit(context, node, { head, now }, (transaction) => publishEvent(transaction, event, at));
  return woken.length;
}

/** Does what the execution that waits for this one was ordered. */
async function follow(context: restate.ObjectContext, node: Node, message: unknown): Promise<void> {
  const { do: order, at, who, reason } = parsed(followSchema, message);
  const head = await readHead(context);
  if (head === undefined || isFinal(head.execution.status)) return;
  const { key } = context;
  await transit(context, node, { head, now: at }, (transaction) => {
    if (order === 'cancel') cancelTree(transaction, key, { who, reason }, at);
    else if (order === 'pause') pauseTree(transaction, key, { who, at });
    else if (head.execution.status === 'paused') resumeExecution(transaction, key, { who, at });
  });
}

/** Gives the task that waits for another execution what became of that one. */
async function ended(context: restate.ObjectContext, node: Node, message: unknown): Promise<void> {
  const { key, ...child } = parsed(endedSchema, message);
  const head = await readHead(context);
  if (head === undefined) return;
  const parent = { executionId: context.key, key };
  await transit(context, node, { head, now: child.at }, (transaction) => receiveEnding(transaction, parent, child));
}

/** Makes a transition on what is open and writes what it changed. */
async function transit<T>(
  context: restate.ObjectContext,
  node: Node,
  { head, now }: { head: Head; now: number },
  make: (transaction: RecordTransaction) => T,
): Promise<T> {
  const transaction = new RecordTransaction(openRecord(head, await readTasks(context)));
  const value = make(transaction);
  const changes = transaction.changes();
  if (changes !== undefined) await applyChanges(context, node, { head, changes, effects: { by: 'command', now } });
  return value;
}

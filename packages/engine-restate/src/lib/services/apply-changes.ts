import type { StoredHumanTask } from '@loopwright/engine';
import { audienceOf } from '@loopwright/engine/carrier';
import { toJson } from '@loopwright/protocol';
import type { ObjectContext } from '@restatedev/restate-sdk';
import type { Changes } from '../record/execution-record.ts';
import type { Head } from '../record/messages.ts';
import { ask, send } from './messaging.ts';
import type { Node } from './node.ts';
import { tellRelatives } from './relatives.ts';
import { eventKey, light, readTasks, writeEntries } from './state.ts';
import { listenersKey } from './service-names.ts';

/** What a transition does besides changing the record. */
export interface Effects {
  /** `command`: by somebody outside, the driver is told. `driver`: by the driver itself. */
  readonly by: 'command' | 'driver';
  readonly now: number;
}

/**
 * Writes what a transition changed and does what follows from it: timers, listeners, emitted events, the driver, the views.
 *
 * A1 Everything here follows from the message, the state and recorded times: a handler that is repeated after a crash does the same.
 * A2 The message is durable in Restate before the handler begins, and the object has one writer; so what the views are told is what will be
 * recorded, even if the process dies in between. The views take each event once.
 */
export async function applyChanges(
  context: ObjectContext,
  node: Node,
  { head, changes, effects }: { head: Head; changes: Changes; effects: Effects },
): Promise<Head> {
  if (changes.execution.status === 'completed') context.set('output', changes.execution.output);
  if (changes.tasks.length > 0) context.set('tasks', mergedTasks(await readTasks(context), changes.tasks));
  for (const event of changes.events) context.set(eventKey(event.seq), event);
  const next: Head = {
    ...head,
    version: head.version + 1,
    lastSeq: changes.events.at(-1)?.seq ?? head.lastSeq,
    execution: light(changes.execution),
    open: writeEntries(context, head.open, changes.entries),
    early: [...changes.early],
    listening: [...changes.listening],
  };
  const woken = effects.by === 'command' ? wakeDriver(context, node, next) : next;
  context.set('head', woken);
  setTimers(context, node, changes, effects.now);
  tellRelatives(context, node, { head, changes, open: next.open });
  await follow(context, node, head, changes);
  await node.project(context.key, changes);
  return woken;
}

function mergedTasks(before: readonly StoredHumanTask[], changed: readonly StoredHumanTask[]): StoredHumanTask[] {
  const tasks = new Map(before.map((task) => [task.id, task]));
  for (const task of changed) tasks.set(task.id, task);
  return [...tasks.values()];
}

/** Lets the driver take note: the attempt that goes on is woken, or a new one is sent. */
function wakeDriver(context: ObjectContext, node: Node, head: Head): Head {
  if (head.driver?.wake != null) {
    context.resolveAwakeable(head.driver.wake, null);
    return { ...head, driver: { ...head.driver, wake: null } };
  }
  if (head.driver !== null || head.isDriveSent) return head;
  sendDrive(context, node);
  return { ...head, isDriveSent: true };
}

/** Sends a drive of this execution. */
export function sendDrive(context: ObjectContext, node: Node): void {
  send(context, { service: node.names.driver, key: context.key, handler: 'drive' }, null);
}

function setTimers(context: ObjectContext, node: Node, { entries }: Changes, now: number): void {
  for (const { key, dueAt, state } of entries) {
    if (dueAt === null || state !== 'waiting') continue;
    const delay = Math.max(0, dueAt - now);
    send(context, { service: node.names.execution, key: context.key, handler: 'timer' }, { key, dueAt }, delay);
  }
}

/** Makes known who listens, and shows what was emitted to the others. */
async function follow(context: ObjectContext, node: Node, head: Head, changes: Changes): Promise<void> {
  const before = new Set(head.listening.map(({ type }) => type));
  const after = new Set(changes.listening.map(({ type }) => type));
  const listeners = (type: string): { service: string; key: string } => ({
    service: node.names.listeners,
    key: listenersKey(type),
  });
  for (const type of after) {
    // Waited for: from the commit on, every event of the type is shown to it.
    if (!before.has(type)) await ask(context, { ...listeners(type), handler: 'add' }, context.key);
  }
  for (const type of before) {
    if (!after.has(type)) send(context, { ...listeners(type), handler: 'remove' }, context.key);
  }
  const projects = audienceOf(changes.execution.projectId, node.eventRoutes);
  for (const { kind, state, value } of changes.entries) {
    if (kind !== 'emit' || state !== 'done') continue;
    send(context, { service: node.names.publisher, handler: 'publish' }, toJson({ event: value, except: context.key, projects }));
  }
}

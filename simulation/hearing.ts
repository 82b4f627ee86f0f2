import type { CloudEvent, ExecutionEvent, StoreReader } from '@loopwright/engine';
import { COLOURS, EVENT_TYPES, type Flow, type ListenNode, everyNode } from './node.ts';
import type { Call } from './world.ts';

/** An event that a listener took, and for which of its filters. */
interface Heard {
  readonly filter: number;
  readonly event: CloudEvent;
}

/** The filter of an event that ends a listener and is no part of what it gives. */
const END = -1;

/** The filter of a listener that takes an event after those it has taken; the reference for the engine's own rule. */
function filterFor(
  { types, correlate, until, mode }: ListenNode,
  heard: readonly Heard[],
  event: CloudEvent,
): number | undefined {
  if (heard.some(({ event: { id } }) => id === event.id)) return undefined;
  if (typeof until === 'object' && 'type' in until && until.type === event.type) return END;
  const colour = colourOf(event);
  const first = heard[0] === undefined ? colour : colourOf(heard[0].event);
  const wanted = correlate === 'none' ? colour : correlate === 'first' ? first : correlate;
  if (colour !== wanted) return undefined;
  const at = types.findIndex(
    (type, index) => type === event.type && (mode !== 'all' || heard.every(({ filter }) => filter !== index)),
  );
  return at === -1 ? undefined : at;
}

const colourOf = ({ data }: CloudEvent): string => (data as { colour: string }).colour;

/** Whether a listener has all it waits for. With `foreach` a condition is asked after each round, so more may have come by then. */
function isFull({ mode, types, until, each }: ListenNode, heard: readonly Heard[]): boolean {
  if (until === undefined) return heard.length === (mode === 'all' ? types.length : 1);
  if (until === 'never') return false;
  if ('type' in until) return heard.at(-1)?.filter === END;
  return each === undefined && heard.length >= until.atLeast;
}

/** Whether a listener may be over: what it waits for is there, or the round of an event ended it. */
function mayBeOver(node: ListenNode, heard: readonly Heard[]): boolean {
  return isFull(node, heard) || (node.each !== undefined && heard.length > 0);
}

/** Every way of an event that a definition may wait for. */
export const EVERY_EVENT = EVENT_TYPES.flatMap((type) => COLOURS.map((colour) => ({ type, colour })));

/** The listeners that are open now. */
export function openListeners(read: StoreReader, executionIds: readonly string[]): { executionId: string; key: string }[] {
  return executionIds.flatMap((executionId) =>
    read
      .journal(executionId)
      .filter(({ kind, state }) => kind === 'listen' && state === 'waiting')
      .map(({ key }) => ({ executionId, key })),
  );
}

/** Every event is taken by whom it is for, once, and by nobody else; one whose publication was acknowledged was taken by all who listened. */
export function hearingProblems(
  read: StoreReader,
  flowOf: (executionId: string) => Flow,
  { calls, executionIds }: { calls: readonly Call[]; executionIds: readonly string[] },
): string[] {
  const published = calls.flatMap(({ event }) => (event === undefined ? [] : [event]));
  const logs = new Map(executionIds.map((id) => [id, read.events(id, 0, 100_000)]));
  const emitted = [...logs.values()].flat().flatMap(({ type, data }) => (type === 'event_emitted' ? [data as CloudEvent] : []));
  const events = new Map([...published, ...emitted].map((event) => [event.id, event]));
  const problems = strayEvents(read, logs);
  const heardBy = new Map<string, readonly Heard[]>();
  for (const [id, log] of logs) {
    for (const [key, { node, heard, wrong }] of hearings(flowOf(id), log, events)) {
      heardBy.set(`${id} ${key}`, heard);
      problems.push(...wrong.map((problem) => `${id}: ${key} ${problem}`));
      const entry = read.entry(id, key);
      if (entry?.state === 'done' && !mayBeOver(node, heard)) problems.push(`${id}: ${key} is done with ${heard.length} events`);
      if (entry?.state === 'waiting' && isFull(node, heard)) problems.push(`${id}: ${key} has all its events and waits`);
    }
  }
  for (const { event, outcome, listening = [] } of calls) {
    if (event === undefined || outcome !== 'taken') continue;
    for (const { executionId, key } of listening) {
      const entry = read.entry(executionId, key);
      const node = everyNode(flowOf(executionId).list).find(({ name }) => name === entry?.name);
      if (entry?.state !== 'waiting' || node?.kind !== 'listen') continue;
      if (filterFor(node, heardBy.get(`${executionId} ${key}`) ?? [], event) !== undefined)
        problems.push(`${executionId}: ${key} listened, and did not take the event ${event.id}`);
    }
  }
  return problems;
}

/** What listeners took although an execution of another project had emitted it. */
function strayEvents(read: StoreReader, logs: ReadonlyMap<string, readonly ExecutionEvent[]>): string[] {
  const emittedIn = new Map<unknown, string | undefined>();
  for (const [id, log] of logs)
    for (const { type, data } of log) if (type === 'event_emitted') emittedIn.set(data['id'], read.projectOf(id));
  return [...logs].flatMap(([id, log]) =>
    log
      .filter(({ type, data }) => type === 'event_consumed' && emittedIn.has(data['id']))
      .filter(({ data }) => emittedIn.get(data['id']) !== read.projectOf(id))
      .map(({ data }) => `${id}: took the event ${JSON.stringify(data['id'])} of another project`),
  );
}

interface Hearing {
  readonly node: ListenNode;
  readonly heard: Heard[];
  readonly wrong: string[];
}

/** What each listener took, by key, as the events of its execution tell it. */
function hearings(flow: Flow, log: readonly ExecutionEvent[], events: ReadonlyMap<string, CloudEvent>): Map<string, Hearing> {
  const found = new Map<string, Hearing>();
  for (const { type, step, data } of log) {
    const node = everyNode(flow.list).find(({ name }) => name === step);
    const { key, id } = data as { key: string; id: string };
    if (node?.kind !== 'listen') continue;
    if (type === 'listening') found.set(key, { node, heard: [], wrong: [] });
    if (type !== 'event_consumed') continue;
    const hearing = found.get(key);
    const event = events.get(id);
    const filter = hearing === undefined || event === undefined ? undefined : filterFor(node, hearing.heard, event);
    if (hearing === undefined || event === undefined) continue;
    if (filter === undefined || isFull(node, hearing.heard))
      hearing.wrong.push(`took the event ${event.id}, which is not for it`);
    else hearing.heard.push({ filter, event });
  }
  return found;
}

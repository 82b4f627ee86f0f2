import {
  type ExecutionPlanInput,
  type GenerationEvent,
  type JsonObject,
  generationEventSchema,
  systemClock,
  systemRandom,
} from '@loopwright/protocol';
import type { Agent } from '../agent/agent.ts';
import { type GeneratorOptions, createGenerator } from '../generator.ts';

/** A service on a port of its own. */
export interface Service extends AsyncDisposable {
  readonly url: string;
}

/** Starts a service over a folder. */
export async function startService(dataDir: string, options: Partial<GeneratorOptions> = {}): Promise<Service> {
  const generator = await createGenerator({
    dataDir,
    clock: systemClock,
    random: systemRandom,
    jailPolicy: 'off',
    sandboxWorkers: 1,
    ...options,
  });
  const url = await generator.app.listen({ host: '127.0.0.1', port: 0 });
  return { url, [Symbol.asyncDispose]: () => generator[Symbol.asyncDispose]() };
}

/** A plan for an agent of the test. */
export function planFor(agent: string, id: string, more: JsonObject = {}): ExecutionPlanInput {
  return { execution_id: id, scaffolding: { task_description: 'Do it' }, metadata: { agent, ...more } };
}

/** Sends a plan. */
export async function send(url: string, plan: ExecutionPlanInput, init: RequestInit = {}): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...(init.headers as Record<string, string> | undefined) };
  return fetch(`${url}/execute`, { method: 'POST', body: JSON.stringify(plan), ...init, headers });
}

/** The events of a stream, in their order; stops reading when `enough` says so. */
export async function eventsOf(
  response: Response,
  enough: (event: GenerationEvent) => boolean = () => false,
): Promise<GenerationEvent[]> {
  const events: GenerationEvent[] = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const lines = new Map(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      const data = lines.get('data');
      if (data === undefined) continue;
      const event = generationEventSchema.parse(JSON.parse(data));
      if (event.id !== lines.get('id') || event.event_type !== lines.get('event'))
        throw new Error(`the stream names another event: ${block}`);
      events.push(event);
      if (enough(event)) return events;
    }
  }
  return events;
}

/** An agent that goes on step by step, as the test lets it. */
export interface HeldAgent extends Agent {
  /** The plans that were begun, in their order. */
  readonly begun: string[];
  /** The plans whose signal was aborted. */
  readonly aborted: string[];
  /** Lets the plan under way emit this many events, and then end. */
  readonly release: (id: string) => void;
}

/** Makes an agent that emits `metadata.events` events and then waits to be released. */
export function heldAgent(concurrency: number): HeldAgent {
  const begun: string[] = [];
  const aborted: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<undefined>>();
  const gateOf = (id: string): PromiseWithResolvers<undefined> => {
    const gate = gates.get(id) ?? Promise.withResolvers<undefined>();
    gates.set(id, gate);
    return gate;
  };
  return {
    name: 'held',
    description: 'Waits for the test',
    concurrency,
    begun,
    aborted,
    release: (id) => gateOf(id).resolve(undefined),
    check: () => undefined,
    run: async ({ execution_id: id, metadata }, { signal, onEvent }) => {
      begun.push(id);
      for (let number = 1; number <= Number(metadata['events'] ?? 0); number += 1)
        onEvent({ event_type: 'progress', stage: 'hold', message: `event ${number}` });
      const left = Promise.withResolvers<never>();
      const leave = (): void => {
        aborted.push(id);
        left.reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      await Promise.race([gateOf(id).promise, left.promise]);
      return { status: 'SUCCESS', metadata: { agent: 'held', begun: id } };
    },
  };
}

/** Waits until something holds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

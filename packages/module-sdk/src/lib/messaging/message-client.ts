import {
  type Clock,
  encodeModuleEnvelope,
  type Json,
  type ModuleEnvelope,
  ORCHESTRATOR_ID,
  PlatformError,
  type Random,
  readModuleEnvelope,
  toJson,
} from '@loopwright/protocol';
import type { ModuleSideChannel } from '../channel/module-channel.ts';
import { withDeadline } from '../secrets/deadline.ts';
import { errorOfWire, wireError } from '../services/service-error.ts';
import { IncomingStreams, type StreamHandler } from './incoming-streams.ts';
import { type Chunk, sendStream } from './outgoing-stream.ts';

/** Answers requests of other modules; what it throws as `PlatformError` they learn, of any other error only that it failed. */
export type MessageHandler = (content: Json, from: { readonly source: string }) => unknown;

/** Takes publications of a topic; what it throws is reported. */
export type TopicListener = (content: Json, from: { readonly source: string }) => void | Promise<void>;

/** What a {@link MessageClient} works with. */
export interface MessageClientOptions {
  readonly channel: ModuleSideChannel;
  readonly clock: Clock;
  readonly random: Random;
  /** Gets what handlers and listeners throw that is no `PlatformError`. */
  readonly onError: (error: unknown) => void;
  /** Time for an answer, in milliseconds. @default 30 000 */
  readonly timeoutMs?: number;
}

interface Waiter {
  readonly resolve: (content: Json) => void;
  readonly reject: (error: Error) => void;
}

const TIMEOUT_MS = 30_000;
const REQUESTS_LIMIT = 256;
const HANDLERS_LIMIT = 100;

/** Messages with other modules over the host: requests, publish and subscribe, streams. */
export class MessageClient {
  readonly #options: MessageClientOptions;
  readonly #waiting = new Map<string, Waiter>();
  readonly #handlers = new Map<string, MessageHandler>();
  readonly #topics = new Map<string, Set<TopicListener>>();
  readonly #streams: IncomingStreams;
  #running = 0;
  #isClosed = false;

  constructor(options: MessageClientOptions) {
    this.#options = options;
    const { channel, clock } = options;
    this.#streams = new IncomingStreams({ clock });
    channel.on('routed_module_message', ({ source_module_id: source, original_request_id: id, payload }) => {
      const envelope = readModuleEnvelope(payload);
      if (envelope === undefined || envelope.kind === 'response' || envelope.kind === 'error')
        return channel.reportUnexpected('a message of another module cannot be read');
      if (envelope.kind === 'publish') return this.#publish(envelope, source);
      return void this.#answer(envelope, { source, id });
    });
    channel.on('routed_module_response', ({ request_id: id, payload }) => {
      const waiter = this.#waiting.get(id);
      const envelope = readModuleEnvelope(payload);
      if (envelope?.kind === 'response') waiter?.resolve(envelope.content);
      else if (envelope?.kind === 'error') waiter?.reject(errorOfWire(envelope));
      else waiter?.reject(new PlatformError('MODULE_PROTOCOL_ERROR', 'Cannot read the answer of the module'));
    });
    channel.onClose(() => {
      this.#isClosed = true;
      const gone = hostIsGone();
      for (const { reject } of this.#waiting.values()) reject(gone);
      this.#streams.end(gone);
    });
  }

  /** Asks another module. @throws `MODULE_NOT_FOUND`, `MODULE_TIMEOUT`, `OVERLOADED`, `FORBIDDEN`, `SERVICE_UNAVAILABLE`, and what it answers. */
  request(targetId: string, endpoint: string, content: Json, { timeoutMs }: { readonly timeoutMs?: number } = {}): Promise<Json> {
    return this.#ask(targetId, { kind: 'request', endpoint, content }, timeoutMs);
  }

  /** Answers the requests of other modules to an endpoint. @throws RangeError When somebody answers them already. */
  handle(endpoint: string, handler: MessageHandler): void {
    if (this.#handlers.has(endpoint)) throw new RangeError(`Cannot answer "${endpoint}": it is answered already`);
    this.#handlers.set(endpoint, handler);
  }

  /** Tells all subscribers of a topic, each at most once; gives how many modules it went to. */
  async publish(topic: string, content: Json): Promise<number> {
    return Number(await this.#ask(ORCHESTRATOR_ID, { kind: 'publish', topic, content }));
  }

  /** Calls a listener for each publication from now on, until the returned function is called. @throws `LIMIT_EXCEEDED` */
  async subscribe(topic: string, listener: TopicListener): Promise<() => Promise<void>> {
    const listeners = this.#topics.get(topic) ?? new Set();
    this.#topics.set(topic, listeners.add(listener));
    const leave = async (): Promise<void> => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.#topics.get(topic) !== listeners) return;
      this.#topics.delete(topic);
      if (!this.#isClosed) await this.request(ORCHESTRATOR_ID, 'unsubscribe', topic);
    };
    try {
      await this.request(ORCHESTRATOR_ID, 'subscribe', topic);
    } catch (error) {
      listeners.delete(listener);
      if (listeners.size === 0) this.#topics.delete(topic);
      throw error;
    }
    return leave;
  }

  /**
   * Sends bytes to another module: pieces of 64 KiB, at most 10 that the other side has not taken. Resolves when its handler has finished with all of them.
   *
   * @throws As {@link MessageClient.request}, what the handler throws, and what `source` throws.
   */
  sendStream(targetId: string, endpoint: string, source: AsyncIterable<Uint8Array>): Promise<void> {
    const send = async (chunk: Chunk): Promise<void> => void (await this.#ask(targetId, { kind: 'chunk', endpoint, ...chunk }));
    const { clock, random } = this.#options;
    return sendStream({ source, send, clock, streamId: random.uuid() });
  }

  /** Takes the streams of other modules to an endpoint. @throws RangeError When somebody takes them already. */
  handleStream(endpoint: string, handler: StreamHandler): void {
    this.#streams.handle(endpoint, handler);
  }

  #ask(targetId: string, envelope: ModuleEnvelope & { readonly endpoint?: string }, timeoutMs?: number): Promise<Json> {
    const { channel, clock, random, timeoutMs: usual = TIMEOUT_MS } = this.#options;
    const ms = timeoutMs ?? usual;
    if (this.#isClosed) return Promise.reject(hostIsGone());
    if (this.#waiting.size >= REQUESTS_LIMIT)
      return Promise.reject(
        new PlatformError('OVERLOADED', `Cannot send the message: ${REQUESTS_LIMIT} of this module are under way`),
      );
    const id = random.uuid();
    const answered = new Promise<Json>((resolve, reject) => {
      const payload = encodeModuleEnvelope(envelope);
      this.#waiting.set(id, { resolve, reject });
      const endpoint = envelope.endpoint ?? envelope.kind;
      channel.send({ op: 'route_to_module', target_module_id: targetId, target_endpoint: endpoint, request_id: id, payload });
    });
    const expired = (): Error =>
      new PlatformError('MODULE_TIMEOUT', `Cannot wait for the module "${targetId}": it did not answer within ${ms} ms`);
    return withDeadline(answered, { clock, ms, expired }).finally(() => this.#waiting.delete(id));
  }

  async #answer(envelope: Extract<ModuleEnvelope, { kind: 'request' | 'chunk' }>, { source, id }: From): Promise<void> {
    const reply = (answer: ModuleEnvelope): void =>
      void this.#options.channel.send({
        op: 'route_to_module',
        target_module_id: source,
        target_endpoint: 'response',
        request_id: id,
        payload: encodeModuleEnvelope(answer),
      });
    try {
      const content =
        envelope.kind === 'chunk' ? await this.#streams.take(envelope, source) : await this.#handle(envelope, source);
      reply({ kind: 'response', content });
    } catch (error) {
      if (!(error instanceof PlatformError)) this.#options.onError(error);
      reply({ kind: 'error', ...wireError(error) });
    }
  }

  async #handle({ endpoint, content }: { endpoint: string; content: Json }, source: string): Promise<Json> {
    const handler = this.#handlers.get(endpoint);
    if (handler === undefined)
      throw new PlatformError('MODULE_NOT_FOUND', `Cannot answer "${endpoint}": this module has no such endpoint`);
    if (this.#running >= HANDLERS_LIMIT)
      throw new PlatformError('OVERLOADED', `Cannot answer "${endpoint}": ${HANDLERS_LIMIT} messages are being answered`);
    this.#running += 1;
    try {
      return toJson(await handler(content, { source }));
    } finally {
      this.#running -= 1;
    }
  }

  #publish({ topic, content }: { topic: string; content: Json }, source: string): void {
    for (const listener of this.#topics.get(topic) ?? [])
      void (async () => listener(content, { source }))().catch((error: unknown) => this.#options.onError(error));
  }
}

interface From {
  readonly source: string;
  readonly id: string;
}

function hostIsGone(): PlatformError {
  return new PlatformError('SERVICE_UNAVAILABLE', 'Cannot send the message: the orchestrator is gone');
}

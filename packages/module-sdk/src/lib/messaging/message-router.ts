// B1. Every request that was taken gets exactly one answer: of its target, or of the host when the target is gone. B2. What waits for a module is bounded:
// a module that does not read gets no more, and who writes to it learns that.
import {
  type Clock,
  type EncodedMessage,
  encodeModuleEnvelope,
  type Json,
  type ModuleEnvelope,
  ORCHESTRATOR_ID,
  PlatformError,
  type Random,
  readModuleEnvelope,
} from '@loopwright/protocol';
import type { OrchestratorChannel } from '../channel/module-channel.ts';
import { withDeadline } from '../secrets/deadline.ts';
import { errorOfWire, wireError } from '../services/service-error.ts';
import { Topics } from './topics.ts';

/** What a {@link MessageRouter} works with. */
export interface MessageRouterOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Whether a module may write to another, or (target {@link ORCHESTRATOR_ID}) publish and subscribe. @default all may */
  readonly maySend?: (sourceId: string, targetId: string, endpoint: string) => boolean;
  /** Time for an answer, in milliseconds. @default 30 000 */
  readonly timeoutMs?: number;
}

interface Pending {
  readonly target: string;
  readonly answer: (payload: EncodedMessage) => void;
  readonly endsAt: number;
}

interface Attached {
  readonly channel: OrchestratorChannel;
  /** Requests of this module that have no answer yet, by target and id; the oldest come first. */
  readonly pending: Map<string, Pending>;
}

const TIMEOUT_MS = 30_000;
const PENDING_LIMIT = 1000;
/** What may wait for a module that does not read: two streams' windows, as the wire writes them. */
const UNREAD_LIMIT_BYTES = 8 * 1024 * 1024;

/** Takes messages from module to module: the host's part of requests, of publish and subscribe, and of streams. */
export class MessageRouter {
  readonly #options: MessageRouterOptions;
  readonly #modules = new Map<string, Attached>();
  readonly #own = new Map<string, Pending>();
  readonly #topics = new Topics();

  constructor(options: MessageRouterOptions) {
    this.#options = options;
  }

  /** Publications that a subscriber did not get because it does not read. */
  get dropped(): number {
    return this.#topics.dropped;
  }

  /** Takes up a module until its channel closes. @throws RangeError When a module of that id is there, or it is the host's own. */
  attach(moduleId: string, channel: OrchestratorChannel): void {
    if (moduleId === ORCHESTRATOR_ID || this.#modules.has(moduleId))
      throw new RangeError(`Cannot attach the module "${moduleId}": the id is taken`);
    this.#modules.set(moduleId, { channel, pending: new Map() });
    channel.on('route_to_module', (message) =>
      this.#route(moduleId, message.target_module_id, {
        endpoint: message.target_endpoint,
        id: message.request_id,
        payload: message.payload,
      }),
    );
    channel.onClose(() => this.#detach(moduleId));
  }

  /** A request of the host itself. @throws `MODULE_NOT_FOUND`, `MODULE_TIMEOUT`, `OVERLOADED`, `SERVICE_UNAVAILABLE`, what the module answers. */
  async request(targetId: string, endpoint: string, content: Json): Promise<Json> {
    const { clock, random, timeoutMs: ms = TIMEOUT_MS } = this.#options;
    const id = random.uuid();
    const key = keyOf(targetId, id);
    const answered = new Promise<Json>((resolve, reject) => {
      const answer = (payload: EncodedMessage): void => {
        const envelope = readModuleEnvelope(payload);
        if (envelope?.kind === 'response') resolve(envelope.content);
        else if (envelope?.kind === 'error') reject(errorOfWire(envelope));
        else reject(new PlatformError('MODULE_PROTOCOL_ERROR', `Cannot read the answer of the module "${targetId}"`));
      };
      const payload = encodeModuleEnvelope({ kind: 'request', endpoint, content });
      this.#own.set(key, { target: targetId, answer, endsAt: Infinity });
      const refused = this.#deliver(targetId, { source: ORCHESTRATOR_ID, id, payload });
      if (refused !== undefined) reject(refused);
    });
    const expired = (): Error =>
      new PlatformError('MODULE_TIMEOUT', `Cannot wait for the module "${targetId}": it did not answer within ${ms} ms`);
    return withDeadline(answered, { clock, ms, expired }).finally(() => this.#own.delete(key));
  }

  #route(sourceId: string, targetId: string, message: Routed): void {
    const { maySend = () => true } = this.#options;
    if (this.#takeAnswer(sourceId, targetId, message)) return undefined;
    const source = this.#modules.get(sourceId);
    if (source === undefined) return undefined;
    const { id, payload, endpoint } = message;
    const answer = (answered: EncodedMessage, from = targetId): void =>
      void source.channel.send({ op: 'routed_module_response', source_module_id: from, request_id: id, payload: answered });
    const refuse = (error: unknown): void =>
      answer(encodeModuleEnvelope({ kind: 'error', ...wireError(error) }), ORCHESTRATOR_ID);
    if (!maySend(sourceId, targetId, endpoint))
      return refuse(new PlatformError('FORBIDDEN', `Cannot send to "${targetId}": this module may not`));
    try {
      if (targetId === ORCHESTRATOR_ID) return answer(this.#answerItself(sourceId, endpoint, payload));
      this.#expectAnswer(source, { targetId, id, answer });
      const refused = this.#deliver(targetId, { source: sourceId, id, payload });
      if (refused === undefined) return undefined;
      source.pending.delete(keyOf(targetId, id));
      return refuse(refused);
    } catch (error) {
      return refuse(error);
    }
  }

  /** An answer is what goes from a target to who asked it, under the id of the question. */
  #takeAnswer(sourceId: string, targetId: string, { id, payload }: Routed): boolean {
    const asker = targetId === ORCHESTRATOR_ID ? this.#own : this.#modules.get(targetId)?.pending;
    const key = keyOf(sourceId, id);
    const pending = asker?.get(key);
    if (pending === undefined) return false;
    asker?.delete(key);
    pending.answer(payload);
    return true;
  }

  #expectAnswer(source: Attached, asked: { targetId: string; id: string; answer: (payload: EncodedMessage) => void }): void {
    const { clock, timeoutMs = TIMEOUT_MS } = this.#options;
    const now = clock.now();
    // Who asked has given up on these by itself; they stand in the order in which they end.
    for (const [key, { endsAt }] of source.pending) {
      if (endsAt > now) break;
      source.pending.delete(key);
    }
    const key = keyOf(asked.targetId, asked.id);
    if (source.pending.has(key)) throw new RangeError('Cannot send the message: its request_id is under way');
    if (source.pending.size >= PENDING_LIMIT)
      throw new PlatformError('OVERLOADED', `Cannot send the message: ${PENDING_LIMIT} requests of this module are under way`);
    source.pending.set(key, { target: asked.targetId, answer: asked.answer, endsAt: now + timeoutMs });
  }

  /** Gives a message to a module, or the reason why not. */
  #deliver(
    targetId: string,
    { source, id, payload }: { source: string; id: string; payload: EncodedMessage },
  ): PlatformError | undefined {
    const target = this.#modules.get(targetId);
    if (target === undefined)
      return new PlatformError('MODULE_NOT_FOUND', `Cannot send to the module "${targetId}": it is not there`);
    if (target.channel.waitingBytes > UNREAD_LIMIT_BYTES)
      return new PlatformError('OVERLOADED', `Cannot send to the module "${targetId}": it does not read`);
    target.channel.send({ op: 'routed_module_message', source_module_id: source, original_request_id: id, payload });
    return undefined;
  }

  /** What modules ask the host itself. @throws PlatformError */
  #answerItself(sourceId: string, endpoint: string, payload: EncodedMessage): EncodedMessage {
    const envelope = readModuleEnvelope(payload);
    return encodeModuleEnvelope({ kind: 'response', content: this.#answerOf(sourceId, endpoint, envelope) });
  }

  #answerOf(sourceId: string, endpoint: string, envelope: ModuleEnvelope | undefined): Json {
    if (envelope?.kind === 'publish') {
      const payload = encodeModuleEnvelope(envelope);
      return this.#topics.publish(envelope.topic, (subscriber) => {
        const message = { source: sourceId, id: this.#options.random.uuid(), payload };
        return this.#deliver(subscriber, message) === undefined;
      });
    }
    if (envelope?.kind === 'request' && typeof envelope.content === 'string') {
      if (endpoint === 'subscribe') return this.#topics.subscribe(sourceId, envelope.content);
      if (endpoint === 'unsubscribe') return this.#topics.unsubscribe(sourceId, envelope.content);
    }
    throw new PlatformError('MODULE_NOT_FOUND', 'Cannot answer the message: the host has no such endpoint');
  }

  #detach(moduleId: string): void {
    this.#modules.delete(moduleId);
    this.#topics.remove(moduleId);
    const error = new PlatformError('SERVICE_UNAVAILABLE', `Cannot wait for the module "${moduleId}": it is gone`);
    const payload = encodeModuleEnvelope({ kind: 'error', ...wireError(error) });
    for (const asker of [this.#own, ...[...this.#modules.values()].map(({ pending }) => pending)])
      for (const [key, pending] of asker) {
        if (pending.target !== moduleId) continue;
        asker.delete(key);
        pending.answer(payload);
      }
  }
}

interface Routed {
  readonly endpoint: string;
  readonly id: string;
  readonly payload: EncodedMessage;
}

function keyOf(targetId: string, requestId: string): string {
  return JSON.stringify([targetId, requestId]);
}

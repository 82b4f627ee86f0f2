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
  /** Whether a module may publish to a topic, or subscribe to it. @default all may */
  readonly mayUseTopic?: (moduleId: string, action: 'publish' | 'subscribe', topic: string) => boolean;
  /** Time for an answer, in milliseconds. @default 30 000 */
  readonly timeoutMs?: number;
}

interface Pending {
  readonly target: Attached;
  readonly answer: (payload: EncodedMessage) => void;
  readonly endsAt: number;
}

/** One run of a module. */
interface Attached {
  readonly moduleId: string;
  /** Tells its subscriptions from those of another run of the module. */
  readonly key: string;
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
  /** The runs of each module; the first one gets the messages. */
  readonly #modules = new Map<string, Attached[]>();
  readonly #own = new Map<string, Pending>();
  readonly #topics = new Topics();
  #runs = 0;

  constructor(options: MessageRouterOptions) {
    this.#options = options;
  }

  /** Publications that a subscriber did not get because it does not read. */
  get dropped(): number {
    return this.#topics.dropped;
  }

  /**
   * Takes up a module until its channel closes. A run `inReserve` beside one that is there may send, and gets no messages until it is activated by what is returned.
   *
   * @throws RangeError When a module of that id is there and this one is not in reserve, or the id is the host's own.
   */
  attach(
    moduleId: string,
    channel: OrchestratorChannel,
    { inReserve = false }: { readonly inReserve?: boolean } = {},
  ): () => void {
    const runs = this.#modules.get(moduleId) ?? [];
    if (moduleId === ORCHESTRATOR_ID || (runs.length > 0 && !inReserve))
      throw new RangeError(`Cannot attach the module "${moduleId}": the id is taken`);
    const attached: Attached = { moduleId, key: `${moduleId}#${(this.#runs += 1)}`, channel, pending: new Map() };
    this.#modules.set(moduleId, [...runs, attached]);
    channel.on('route_to_module', (message) =>
      this.#route(attached, message.target_module_id, {
        endpoint: message.target_endpoint,
        id: message.request_id,
        payload: message.payload,
      }),
    );
    channel.onClose(() => this.#detach(attached));
    return () => {
      const now = this.#modules.get(moduleId);
      if (now?.includes(attached) === true) this.#modules.set(moduleId, [attached, ...now.filter((run) => run !== attached)]);
    };
  }

  /** A request of the host itself. @throws `MODULE_NOT_FOUND`, `MODULE_TIMEOUT`, `OVERLOADED`, `SERVICE_UNAVAILABLE`, what the module answers. */
  request(targetId: string, endpoint: string, content: Json): Promise<Json> {
    return this.#request(targetId, this.#active(targetId), { endpoint, content });
  }

  /** As {@link MessageRouter.request}, always to the run of the module that is active now: for what one run alone knows. */
  requester(targetId: string): (endpoint: string, content: Json) => Promise<Json> {
    const target = this.#active(targetId);
    return (endpoint, content) => this.#request(targetId, target, { endpoint, content });
  }

  #active(moduleId: string): Attached | undefined {
    return this.#modules.get(moduleId)?.[0];
  }

  async #request(
    targetId: string,
    target: Attached | undefined,
    { endpoint, content }: { readonly endpoint: string; readonly content: Json },
  ): Promise<Json> {
    if (target === undefined) throw notThere(targetId);
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
      this.#own.set(key, { target, answer, endsAt: Infinity });
      const refused = this.#deliver(target, { source: ORCHESTRATOR_ID, id, payload });
      if (refused !== undefined) reject(refused);
    });
    const expired = (): Error =>
      new PlatformError('MODULE_TIMEOUT', `Cannot wait for the module "${targetId}": it did not answer within ${ms} ms`);
    return withDeadline(answered, { clock, ms, expired }).finally(() => this.#own.delete(key));
  }

  #route(source: Attached, targetId: string, message: Routed): void {
    const { maySend = () => true } = this.#options;
    if (this.#takeAnswer(source, targetId, message)) return undefined;
    const { id, payload, endpoint } = message;
    const answer = (answered: EncodedMessage, from = targetId): void =>
      void source.channel.send({ op: 'routed_module_response', source_module_id: from, request_id: id, payload: answered });
    const refuse = (error: unknown): void =>
      answer(encodeModuleEnvelope({ kind: 'error', ...wireError(error) }), ORCHESTRATOR_ID);
    try {
      if (targetId === ORCHESTRATOR_ID) return answer(this.#answerItself(source, endpoint, payload));
      if (!maySend(source.moduleId, targetId, endpoint))
        throw new PlatformError(
          'FORBIDDEN',
          `Cannot send to "${endpoint}" of "${targetId}": the module "${source.moduleId}" may not`,
        );
      const target = this.#active(targetId);
      if (target === undefined) throw notThere(targetId);
      this.#expectAnswer(source, { target, id, answer });
      const refused = this.#deliver(target, { source: source.moduleId, id, payload });
      if (refused === undefined) return undefined;
      source.pending.delete(keyOf(targetId, id));
      return refuse(refused);
    } catch (error) {
      return refuse(error);
    }
  }

  /** An answer is what goes from a target to who asked it, under the id of the question. */
  #takeAnswer(source: Attached, targetId: string, { id, payload }: Routed): boolean {
    const key = keyOf(source.moduleId, id);
    const askers = targetId === ORCHESTRATOR_ID ? [this.#own] : (this.#modules.get(targetId) ?? []).map(({ pending }) => pending);
    const asker = askers.find((pending) => pending.get(key)?.target === source);
    const pending = asker?.get(key);
    if (pending === undefined) return false;
    asker?.delete(key);
    pending.answer(payload);
    return true;
  }

  #expectAnswer(source: Attached, asked: { target: Attached; id: string; answer: (payload: EncodedMessage) => void }): void {
    const { clock, timeoutMs = TIMEOUT_MS } = this.#options;
    const now = clock.now();
    // Who asked has given up on these by itself; they stand in the order in which they end.
    for (const [key, { endsAt }] of source.pending) {
      if (endsAt > now) break;
      source.pending.delete(key);
    }
    const key = keyOf(asked.target.moduleId, asked.id);
    if (source.pending.has(key)) throw new RangeError('Cannot send the message: its request_id is under way');
    if (source.pending.size >= PENDING_LIMIT)
      throw new PlatformError('OVERLOADED', `Cannot send the message: ${PENDING_LIMIT} requests of this module are under way`);
    source.pending.set(key, { target: asked.target, answer: asked.answer, endsAt: now + timeoutMs });
  }

  /** Gives a message to a module, or the reason why not. */
  #deliver(
    { channel, moduleId }: Attached,
    { source, id, payload }: { source: string; id: string; payload: EncodedMessage },
  ): PlatformError | undefined {
    if (channel.isClosed) return gone(moduleId);
    if (channel.waitingBytes > UNREAD_LIMIT_BYTES)
      return new PlatformError('OVERLOADED', `Cannot send to the module "${moduleId}": it does not read`);
    channel.send({ op: 'routed_module_message', source_module_id: source, original_request_id: id, payload });
    return undefined;
  }

  /** What modules ask the host itself. @throws PlatformError */
  #answerItself(source: Attached, endpoint: string, payload: EncodedMessage): EncodedMessage {
    const envelope = readModuleEnvelope(payload);
    return encodeModuleEnvelope({ kind: 'response', content: this.#answerOf(source, endpoint, envelope) });
  }

  #answerOf(source: Attached, endpoint: string, envelope: ModuleEnvelope | undefined): Json {
    if (envelope?.kind === 'publish') return this.#publish(source, envelope);
    if (envelope?.kind === 'request' && typeof envelope.content === 'string') {
      const topic = envelope.content;
      if (endpoint === 'subscribe') {
        this.#checkTopic(source, 'subscribe', topic);
        return this.#topics.subscribe(source.key, topic);
      }
      if (endpoint === 'unsubscribe') return this.#topics.unsubscribe(source.key, topic);
    }
    throw new PlatformError('MODULE_NOT_FOUND', 'Cannot answer the message: the host has no such endpoint');
  }

  /** Of two runs of a module the one that gets its messages gets its publications. */
  #publish(source: Attached, envelope: ModuleEnvelope & { kind: 'publish' }): number {
    this.#checkTopic(source, 'publish', envelope.topic);
    const payload = encodeModuleEnvelope(envelope);
    const active = new Map([...this.#modules.values()].flatMap(([run]) => (run === undefined ? [] : [[run.key, run]])));
    return this.#topics.publish(envelope.topic, (key) => {
      const subscriber = active.get(key);
      if (subscriber === undefined) return undefined;
      return this.#deliver(subscriber, { source: source.moduleId, id: this.#options.random.uuid(), payload }) === undefined;
    });
  }

  #checkTopic({ moduleId }: Attached, action: 'publish' | 'subscribe', topic: string): void {
    if (this.#options.mayUseTopic?.(moduleId, action, topic) === false)
      throw new PlatformError('FORBIDDEN', `Cannot ${action} to "${topic.slice(0, 256)}": the module "${moduleId}" may not`);
  }

  #detach(ended: Attached): void {
    const { moduleId } = ended;
    const others = (this.#modules.get(moduleId) ?? []).filter((run) => run !== ended);
    if (others.length === 0) this.#modules.delete(moduleId);
    else this.#modules.set(moduleId, others);
    this.#topics.remove(ended.key);
    const payload = encodeModuleEnvelope({ kind: 'error', ...wireError(gone(moduleId)) });
    const askers = [...this.#modules.values()].flatMap((runs) => runs.map(({ pending }) => pending));
    for (const asker of [this.#own, ...askers])
      for (const [key, pending] of asker) {
        if (pending.target !== ended) continue;
        asker.delete(key);
        pending.answer(payload);
      }
  }
}

function gone(moduleId: string): PlatformError {
  return new PlatformError('SERVICE_UNAVAILABLE', `Cannot wait for the module "${moduleId}": it is gone`);
}

function notThere(moduleId: string): PlatformError {
  return new PlatformError('MODULE_NOT_FOUND', `Cannot send to the module "${moduleId}": it is not there`);
}

interface Routed {
  readonly endpoint: string;
  readonly id: string;
  readonly payload: EncodedMessage;
}

function keyOf(targetId: string, requestId: string): string {
  return JSON.stringify([targetId, requestId]);
}

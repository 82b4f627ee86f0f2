import { PlatformError } from '@loopwright/protocol';

const TOPICS_OF_MODULE_LIMIT = 100;
const TOPIC_LENGTH_LIMIT = 256;

/** Who has subscribed to what. A publication is given to those who are there now, at most once; nothing is kept. */
export class Topics {
  readonly #subscribers = new Map<string, Set<string>>();
  #dropped = 0;

  /** Publications that were not delivered to a subscriber. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @throws `LIMIT_EXCEEDED` With 100 topics of one module. */
  subscribe(moduleId: string, topic: string): true {
    if (topic === '' || topic.length > TOPIC_LENGTH_LIMIT)
      throw new PlatformError('VALIDATION_ERROR', `Cannot subscribe: a topic has 1 to ${TOPIC_LENGTH_LIMIT} characters`);
    const subscribers = this.#subscribers.get(topic) ?? new Set();
    const own = [...this.#subscribers.values()].filter((ids) => ids.has(moduleId)).length;
    if (!subscribers.has(moduleId) && own >= TOPICS_OF_MODULE_LIMIT)
      throw new PlatformError('LIMIT_EXCEEDED', `Cannot subscribe: this module has ${TOPICS_OF_MODULE_LIMIT} topics already`);
    this.#subscribers.set(topic, subscribers.add(moduleId));
    return true;
  }

  unsubscribe(moduleId: string, topic: string): true {
    const subscribers = this.#subscribers.get(topic);
    subscribers?.delete(moduleId);
    if (subscribers?.size === 0) this.#subscribers.delete(topic);
    return true;
  }

  /** Takes a module out of all topics. */
  remove(moduleId: string): void {
    for (const topic of this.#subscribers.keys()) this.unsubscribe(moduleId, topic);
  }

  /** Calls `deliver` for each subscriber; gives how many took it. `undefined` is of one that is not to get it. */
  publish(topic: string, deliver: (moduleId: string) => boolean | undefined): number {
    const taken = [...(this.#subscribers.get(topic) ?? [])].map(deliver).filter((took) => took !== undefined);
    const delivered = taken.filter(Boolean).length;
    this.#dropped += taken.length - delivered;
    return delivered;
  }
}

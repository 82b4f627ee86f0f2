import { setTimeout as delay } from 'node:timers/promises';
import { PlatformError, type Random } from '@loopwright/protocol';
import { answerFor } from '../answer-for.ts';
import { EVERY_EVENT } from '../hearing.ts';
import { type Flow, everyNode } from '../node.ts';
import type { Call } from '../world.ts';
import { type Order, type Outcome, type Standing, flowNumberOf } from './protocol.ts';
import type { Victim } from './victim.ts';

/** How many executions are under way at a time. */
const ACTIVE = 24;
/** Orders that are given at once. */
const ORDERS = 4;
/** Longest pause between two such moments, in milliseconds. */
const PAUSE_MS = 4;
const FINAL = new Set(['completed', 'failed', 'cancelled']);

/** Everybody outside: starts executions, answers, publishes, pauses, and keeps what was acknowledged. */
export class Caller {
  readonly calls: Call[] = [];
  readonly executionIds: string[] = [];
  /** Executions that are not known to have ended. */
  active: string[] = [];
  readonly #flows: readonly Flow[];
  readonly #random: Random;
  #count = 0;

  constructor(flows: readonly Flow[], random: Random) {
    this.#flows = flows;
    this.#random = random;
  }

  /** Gives orders until the process is dead. */
  async work(victim: Victim): Promise<void> {
    await Promise.race([victim.ready, victim.ended]);
    const open: Promise<unknown>[] = [];
    for (;;) {
      const standings = await this.#look(victim);
      if (standings === undefined) break;
      if (this.active.length < ACTIVE) open.push(this.#start(victim, this.#newId()));
      for (let time = 0; time < ORDERS; time += 1) {
        const chosen = standings[this.#below(standings.length)];
        if (chosen !== undefined) open.push(...this.#disturb(victim, chosen));
      }
      await delay(this.#random.next() * PAUSE_MS);
    }
    await Promise.all(open);
  }

  /** Gives what is waited for to every execution; `false` when all have ended. */
  async pushOn(victim: Victim): Promise<boolean> {
    const standings = await this.#look(victim);
    if (standings === undefined) throw new Error('Cannot go on: the last process has died');
    for (const { executionId, status, asks } of standings) {
      if (status === 'paused') await this.#order(victim, { kind: 'resume', executionId });
      else if (status === 'unknown') this.active = this.active.filter((id) => id !== executionId);
      else if (asks !== null) await this.#answer(victim, { executionId, step: asks, valid: true });
    }
    if (standings.some(({ listens }) => listens)) for (const event of EVERY_EVENT) await this.#publish(victim, event);
    return this.active.length > 0;
  }

  /** Something that may happen to an execution at any time, sensible or not. */
  #disturb(victim: Victim, { executionId, status, asks }: Standing): Promise<unknown>[] {
    const chance = this.#random.next();
    if (status === 'unknown') return [this.#start(victim, executionId)];
    if (status === 'paused' && chance < 0.4) return [this.#order(victim, { kind: 'resume', executionId })];
    if (chance < 0.45 && asks !== null) {
      const answers = this.#random.next() < 0.25 ? 2 : 1;
      const valid = this.#random.next() < 0.9;
      return Array.from({ length: answers }, () => this.#answer(victim, { executionId, step: asks, valid }));
    }
    if (chance < 0.6) return [this.#publish(victim, EVERY_EVENT[this.#below(EVERY_EVENT.length)])];
    if (chance < 0.66) return [this.#order(victim, { kind: 'pause', executionId })];
    if (chance < 0.68) return [this.#order(victim, { kind: 'cancel', executionId })];
    if (chance < 0.72) return [this.#start(victim, executionId)];
    if (chance > 0.8) return [];
    const questions = this.#questionsOf(executionId);
    const step = questions[this.#below(questions.length)]?.name;
    return step === undefined ? [] : [this.#answer(victim, { executionId, step, valid: true })];
  }

  async #look(victim: Victim): Promise<readonly Standing[] | undefined> {
    const seen = await victim.order({ kind: 'look', executionIds: this.active });
    const standings = seen?.standings;
    if (standings === undefined) return undefined;
    const ended = new Set(standings.filter(({ status }) => FINAL.has(status)).map(({ executionId }) => executionId));
    this.active = this.active.filter((id) => !ended.has(id));
    return standings.filter(({ executionId }) => !ended.has(executionId));
  }

  #newId(): string {
    this.#count += 1;
    const id = `x${this.#below(this.#flows.length)}-${this.#count}`;
    this.active.push(id);
    this.executionIds.push(id);
    return id;
  }

  #start(victim: Victim, executionId: string): Promise<unknown> {
    return this.#order(victim, { kind: 'start', executionId });
  }

  #answer(victim: Victim, { executionId, step, valid }: { executionId: string; step: string; valid: boolean }): Promise<unknown> {
    this.#count += 1;
    const answerId = `a${this.#count}`;
    const kind = this.#questionsOf(executionId).find(({ name }) => name === step)?.kind ?? 'accept';
    return this.#order(victim, { kind: 'answer', executionId, step, answer: answerFor(kind, valid), answerId });
  }

  #publish(victim: Victim, { type, colour } = { type: 'e0', colour: 'x' }): Promise<unknown> {
    this.#count += 1;
    const id = `p${this.#count}`;
    const event = { specversion: '1.0', id, source: 'outside', type, data: { colour, tag: id } };
    return this.#order(victim, { kind: 'publish', event, executionIds: this.active });
  }

  async #order(victim: Victim, order: Exclude<Order, { kind: 'look' | 'close' }>): Promise<void> {
    const about = 'executionId' in order ? order.executionId : '';
    const answered = order.kind === 'answer' ? { step: order.step, answerId: order.answerId, by: `by-${order.answerId}` } : {};
    const published = order.kind === 'publish' ? { event: order.event } : {};
    const call: Call = { kind: order.kind, executionId: about, ...answered, ...published, outcome: 'pending' };
    const at = this.calls.push(call) - 1;
    const outcome = await victim.order(order);
    this.calls[at] = {
      ...call,
      ...(outcome?.listening === undefined ? {} : { listening: outcome.listening }),
      outcome: toldBy(outcome),
    };
  }

  #questionsOf(executionId: string): { name: string; kind: 'clarify' | 'accept' }[] {
    const { list } = this.#flows[flowNumberOf(executionId)] ?? { list: [] };
    return everyNode(list).flatMap(({ name, kind }) => (kind === 'accept' || kind === 'clarify' ? [{ name, kind }] : []));
  }

  #below(count: number): number {
    return Math.floor(this.#random.next() * count);
  }
}

/** What a caller was told, as the simulation notes it. */
function toldBy(outcome: Outcome | undefined): Call['outcome'] {
  if (outcome === undefined || outcome.error?.code === 'STORE_FAILED') return 'lost';
  if (outcome.error !== undefined) {
    const { code, details } = outcome.error;
    return new PlatformError(code, 'Cannot carry out the order: the engine refused it', { details });
  }
  return outcome.state === 'buffered' ? 'buffered' : 'taken';
}

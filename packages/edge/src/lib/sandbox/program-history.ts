import type { Clock } from '@loopwright/protocol';
import { KILLS_BEFORE_QUARANTINE, KILL_WINDOW_MS, PROGRAMS_REMEMBERED, QUARANTINE_MS } from './limits.ts';

/** Expected latency of a program that was never called: it gets a worker for itself. */
const UNKNOWN_LATENCY_MS = 1000;
/** Weight of the newest call in the expected latency. */
const NEWEST_WEIGHT = 0.3;

/** What the pool knows about one program. */
export class ProgramHistory {
  /** The number by which workers know the program. */
  readonly slot: number;
  #expectedMs: number | undefined;
  #kills: number[] = [];
  #quarantinedUntil = 0;

  constructor(slot: number) {
    this.slot = slot;
  }

  /** What a call will probably take, in milliseconds. */
  get expectedMs(): number {
    return this.#expectedMs ?? UNKNOWN_LATENCY_MS;
  }

  /** Takes note of a call that came to an end. */
  noteLatency(latencyMs: number): void {
    this.#expectedMs =
      this.#expectedMs === undefined ? latencyMs : this.#expectedMs + NEWEST_WEIGHT * (latencyMs - this.#expectedMs);
  }

  /** Takes note that a worker had to be killed, or died, because of a call. */
  noteKill(now: number): void {
    this.#expectedMs = undefined;
    this.#kills = [...this.#kills.filter((at) => now - at < KILL_WINDOW_MS), now].slice(-KILLS_BEFORE_QUARANTINE);
    if (this.#kills.length === KILLS_BEFORE_QUARANTINE) {
      this.#quarantinedUntil = now + QUARANTINE_MS;
      this.#kills = [];
    }
  }

  /** Whether calls are refused at the moment. */
  isQuarantined(now: number): boolean {
    return now < this.#quarantinedUntil;
  }
}

/** The histories of the programs called last, by key. */
export class ProgramHistories {
  readonly #clock: Clock;
  readonly #histories = new Map<string, ProgramHistory>();
  #newest: { readonly tenant: string; readonly key: string; readonly history: ProgramHistory } | undefined;
  #lastSlot = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The history of a tenant's program; a new one for a key that is not known. */
  of(tenant: string, key: string): ProgramHistory {
    // Mostly it is the one of the call before.
    if (this.#newest?.key === key && this.#newest.tenant === tenant) return this.#newest.history;
    const history = this.#use(`${tenant} ${key}`);
    this.#newest = { tenant, key, history };
    return history;
  }

  /** Number of programs that are not run at the moment. */
  quarantined(): number {
    const now = this.#clock.now();
    return [...this.#histories.values()].filter((history) => history.isQuarantined(now)).length;
  }

  #use(key: string): ProgramHistory {
    let history = this.#histories.get(key);
    if (history === undefined) {
      this.#lastSlot += 1;
      history = new ProgramHistory(this.#lastSlot);
      if (this.#histories.size >= PROGRAMS_REMEMBERED) this.#forgetOldest();
    } else this.#histories.delete(key);
    this.#histories.set(key, history);
    return history;
  }

  #forgetOldest(): void {
    const [oldest] = this.#histories.keys();
    if (oldest !== undefined) this.#histories.delete(oldest);
  }
}

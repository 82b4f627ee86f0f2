import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ProgramStore } from '@loopwright/edge';
import { type Random, systemClock } from '@loopwright/protocol';
import { processesBelow } from './census.ts';
import type { EdgeVictim } from './edge-victim.ts';
import { DEATHS_ALLOWED, PROGRAMS } from './limits.ts';
import { type Traffic, sourceOf } from './traffic.ts';

type Program = (typeof PROGRAMS)[number];

/** Shares of a rollout, one after the other. */
const SHARES = [5, 25, 50, 100];

/** Who changes things under load: switches versions, moves them back, rolls out, lets shadows run, kills workers. */
export class Operator {
  readonly #store: ProgramStore;
  readonly #traffic: Traffic;
  readonly #random: Random;
  readonly #edge: () => EdgeVictim | undefined;
  readonly #stepMs: number;
  #count = 0;
  /** What was done how often. */
  readonly done: Record<string, number> = {};
  /** When something was done last that starts or ends processes, in milliseconds of `performance.now`. */
  disturbedAt = 0;

  constructor(options: { dir: string; traffic: Traffic; random: Random; stepMs: number; edge: () => EdgeVictim | undefined }) {
    this.#store = new ProgramStore({ dir: options.dir, clock: systemClock });
    this.#traffic = options.traffic;
    this.#random = options.random;
    this.#stepMs = options.stepMs;
    this.#edge = options.edge;
  }

  /** Stores and activates the first version of every program; before the edge starts. */
  async begin(): Promise<void> {
    for (const program of PROGRAMS) {
      const version = await this.#make(program);
      await this.#store.setActive(program.name, version, { expected: null, record: { id: this.#newId() } });
      this.#allow(program.name, [version]);
    }
  }

  /** Does one thing after the other until the signal. */
  async work(signal: AbortSignal): Promise<void> {
    const deeds: Record<string, (program: Program) => Promise<void>> = {
      switch: (program) => this.#switch(program),
      kill: () => this.#killWorker(),
      rollout: (program) => this.#rollOut(program),
      back: (program) => this.#moveBack(program),
      shadow: (program) => this.#shadow(program),
    };
    const order = ['switch', 'kill', 'rollout', 'kill', 'back', 'kill', 'shadow'] as const;
    for (let turn = 0; !signal.aborted; turn += 1) {
      const deed = order[turn % order.length] ?? 'switch';
      const program = PROGRAMS[Math.floor(this.#random.next() * PROGRAMS.length)] ?? PROGRAMS[0];
      if (program !== undefined) await deeds[deed]?.(program);
      this.done[deed] = (this.done[deed] ?? 0) + 1;
      await delay(this.#stepMs);
    }
  }

  async #switch(program: Program): Promise<void> {
    await this.#activate(program.name, await this.#make(program));
  }

  /** The version before the active one becomes active again, unless it has lost so many workers that the edge may refuse it. */
  async #moveBack({ name }: { name: string }): Promise<void> {
    const [active = 1] = this.#traffic.allowed.get(name) ?? [];
    if (active > 1 && this.#deaths(name, active - 1) < DEATHS_ALLOWED) await this.#activate(name, active - 1);
  }

  async #rollOut(program: Program): Promise<void> {
    const { name } = program;
    const [incumbent = 1] = this.#traffic.allowed.get(name) ?? [];
    const candidate = await this.#make(program);
    const id = this.#newId();
    this.#allow(name, [incumbent, candidate]);
    for (const percentage of SHARES) {
      await this.#store.setRollout(name, { rollout_id: id, mode: 'canary', incumbent, candidate, percentage });
      await this.#refresh(name, incumbent);
      await delay(this.#stepMs / 4);
    }
    const isPromoted = this.#random.next() < 0.5;
    if (isPromoted) await this.#store.setActive(name, candidate, { expected: incumbent, record: { id } });
    await this.#store.setRollout(name, null);
    const active = isPromoted ? candidate : incumbent;
    await this.#refresh(name, active);
    this.#allow(name, [active]);
  }

  /** The shadow has a sandbox of its own. */
  async #shadow(program: Program): Promise<void> {
    const { name } = program;
    const [incumbent = 1] = this.#traffic.allowed.get(name) ?? [];
    const candidate = await this.#make(program);
    this.disturbedAt = Infinity;
    await this.#store.setRollout(name, { rollout_id: this.#newId(), mode: 'shadow', incumbent, candidate, percentage: 50 });
    await this.#refresh(name, incumbent);
    await delay(this.#stepMs);
    await this.#store.setRollout(name, null);
    await this.#refresh(name, incumbent);
    this.disturbedAt = performance.now();
  }

  /** Kills a worker where no version on duty would be put into quarantine for it. */
  async #killWorker(): Promise<void> {
    for (const program of PROGRAMS)
      for (const version of this.#traffic.allowed.get(program.name) ?? [])
        if (this.#deaths(program.name, version) >= DEATHS_ALLOWED) await this.#switch(program);
    const workers = processesBelow(this.#edge()?.pid ?? 0).filter((pid) => isWorker(pid));
    const victim = workers[Math.floor(this.#random.next() * workers.length)];
    if (victim === undefined) return;
    try {
      process.kill(victim, 'SIGKILL');
    } catch {
      // The edge was killed meanwhile, and it with it.
    }
    this.disturbedAt = performance.now();
  }

  #deaths(name: string, version: number): number {
    return this.#traffic.deaths.get(`${name}@${version}`) ?? 0;
  }

  async #activate(name: string, version: number): Promise<void> {
    const [active = 1] = this.#traffic.allowed.get(name) ?? [];
    this.#allow(name, [active, version]);
    await this.#store.setActive(name, version, { expected: active, record: { id: this.#newId() } });
    await this.#refresh(name, version);
    this.#allow(name, [version]);
  }

  /** Makes the edge look; asks again when it was killed meanwhile. */
  async #refresh(name: string, version: number): Promise<void> {
    for (;;) {
      const edge = this.#edge();
      try {
        if (edge === undefined) throw new Error('there is no edge');
        const response = await fetch(`${edge.url}/tasks/${name}/refresh`, { method: 'POST' });
        const text = await response.text();
        if (response.status === 200 && (JSON.parse(text) as { active_version: number }).active_version === version) return;
        throw new Refused(`Cannot go on: the edge does not serve version ${version} of ${name}: ${text}`);
      } catch (error) {
        if (error instanceof Refused) throw error;
        await delay(20);
      }
    }
  }

  async #make({ name, tenant }: Program): Promise<number> {
    const expected = (await this.#store.list(name)).length + 1;
    const metadata = {
      input_schema: {
        type: 'object',
        properties: { n: { type: 'integer' }, text: { type: 'string' } },
        required: ['n', 'text'],
      },
      output_schema: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n', 'made_by'] },
      metadata: { tenant, warmup_inputs: [{ n: 1, text: 'a few words' }] },
    };
    const { version } = await this.#store.store(name, { id: this.#newId(), source: sourceOf(name, expected), metadata });
    if (version !== expected) throw new Error(`Cannot go on: ${name} got version ${version} instead of ${expected}`);
    return version;
  }

  #allow(name: string, versions: readonly number[]): void {
    this.#traffic.allowed = new Map([...this.#traffic.allowed, [name, versions]]);
  }

  #newId(): string {
    this.#count += 1;
    return `soak-${this.#count}`;
  }
}

/** The edge answered, and not as it must. */
class Refused extends Error {}

/** Whether a process is a worker, and not what put it into its jail. */
function isWorker(pid: number): boolean {
  try {
    const [command = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return command === process.execPath && args.some((arg) => arg.includes('worker-main'));
  } catch {
    return false;
  }
}

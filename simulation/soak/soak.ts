import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { SqliteStore } from '@loopwright/engine';
import { type Random, systemClock } from '@loopwright/protocol';
import { problemsOf } from '../invariants.ts';
import { Caller } from './caller.ts';
import { flowNumberOf, soakFlows } from './protocol.ts';
import { type Victim, startVictim } from './victim.ts';

/** How long after it takes orders a process is killed at most, in milliseconds. */
const LIFE_MS = 250;
/** How long after its start a process is killed at most when it is to die before or while it takes up its executions. */
const BIRTH_MS = 300;
/** How long everything may take to end once nobody is killed any more. */
const LAST_MS = 120_000;

/** What a soak was asked for. */
export interface SoakRequest {
  /** An empty folder. */
  readonly dir: string;
  readonly kills: number;
  readonly seed: number;
  readonly random: Random;
  /** Told after each kill. */
  readonly report: (kills: number, executions: number) => void;
}

/** What came of it; nothing in `problems`. */
export interface SoakResult {
  readonly problems: readonly string[];
  /** Kills of processes that did not take orders yet. */
  readonly earlyKills: number;
  /** Executions by how they ended. */
  readonly executions: Readonly<Record<string, number>>;
  /** Orders by what the caller was told. */
  readonly orders: Readonly<Record<string, number>>;
  /** Runs of steps. */
  readonly runs: number;
}

/**
 * Kills a process with an engine at random instants while executions of many definitions run in it and orders arrive; then
 * lets everything end, and holds the journal, the events, what callers were told and what steps did against the reference
 * model, exactly as the simulation does.
 */
export async function soak({ dir, kills, seed, random, report }: SoakRequest): Promise<SoakResult> {
  const flows = soakFlows(seed);
  const flowOf = (id: string): (typeof flows)[number] => flows[flowNumberOf(id)] ?? { list: [] };
  const caller = new Caller(flows, random);
  const problems: string[] = [];
  let earlyKills = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    const victim = startVictim(dir, seed, kill);
    const fallen = victim.ended.then((how) => how !== 'killed' && problems.push(`the process ended by itself: ${how}`));
    const working = caller.work(victim);
    const isEarly = random.next() < 0.25;
    if (isEarly) await delay(random.next() * BIRTH_MS);
    else {
      await Promise.race([victim.ready, fallen]);
      await delay(random.next() * LIFE_MS);
    }
    if (!victim.isReady) earlyKills += 1;
    await victim.kill();
    await working;
    report(kill + 1, caller.executionIds.length);
    if (problems.length > 0) break;
  }
  const last = startVictim(dir, seed, kills);
  problems.push(...(await finish(caller, last)));
  const store = new SqliteStore({ dir: join(dir, 'engine'), durability: 'process', onEvents: () => undefined });
  const { read } = store;
  const runs = linesOf(join(dir, 'steps.log')).map((token) => ({
    idempotencyKey: token.slice(0, token.lastIndexOf('!')),
    token,
  }));
  const witness = { calls: caller.calls, runs, mayRest: false, isPunctual: false, engine: { read }, clock: systemClock };
  problems.push(...linesOf(join(dir, 'problems.log')), ...problemsOf(witness, flowOf, caller.executionIds));
  const executions = tally(caller.executionIds.map((id) => read.status(id) ?? 'never acknowledged'));
  await store[Symbol.asyncDispose]();
  problems.push(...integrityProblems(join(dir, 'engine', 'engine.db')));
  const orders = tally(caller.calls.map(({ outcome }) => (typeof outcome === 'string' ? outcome : 'refused')));
  return { problems, earlyKills, executions, orders, runs: runs.length };
}

/** Nobody is killed any more: everything must end. */
async function finish(caller: Caller, victim: Victim): Promise<string[]> {
  await victim.ready;
  const end = systemClock.now() + LAST_MS;
  while (await caller.pushOn(victim)) {
    if (systemClock.now() > end) {
      await victim.kill();
      return [`does not end: ${caller.active.join(', ')}`];
    }
    await delay(10);
  }
  await victim.order({ kind: 'close' });
  await victim.ended;
  return [];
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

function integrityProblems(file: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  const found = database.prepare('PRAGMA integrity_check').get()?.['integrity_check'];
  database.close();
  return found === 'ok' ? [] : [`the journal is damaged: ${String(found)}`];
}

function tally(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

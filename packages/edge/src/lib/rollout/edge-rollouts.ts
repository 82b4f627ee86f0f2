import { join } from 'node:path';
import { ACTIVE_ALIAS, type EdgeRolloutFigures, type RolloutPlan, messageOf } from '@loopwright/protocol';
import type { Datasets } from '../dataset/datasets.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { ExecutionTools } from '../serve/execute-once.ts';
import { aliasKey, partsOfKey } from '../serve/alias-key.ts';
import { ChangesByKey } from '../serve/changes-by-key.ts';
import { SchemaChecks } from '../serve/schema-checks.ts';
import { type ServedVersion, serveVersion, warmUp } from '../serve/served-version.ts';
import { PointerLooks } from '../store/pointer-looks.ts';
import type { ProgramStore } from '../store/program-store.ts';
import { countValidations } from './count-validations.ts';
import { EdgeRollout, type EdgeRolloutParts } from './edge-rollout.ts';
import { CANDIDATE_RETRY_MS, ROLLOUT_POLL_MS, VALIDATIONS_PAUSE, VALIDATIONS_PAUSE_MS } from './limits.ts';
import { Shadow } from './shadow.ts';

/** What {@link EdgeRollouts} works with. */
export interface EdgeRolloutsOptions {
  readonly store: ProgramStore;
  readonly datasets: Datasets;
  readonly dataDir: string;
  readonly tools: ExecutionTools;
  /** Opens the sandbox of a shadow, which closes it. */
  readonly openShadowSandbox: () => Promise<Sandbox>;
  readonly log: (message: string) => void;
}

/** The rollouts of all aliases of all programs, kept up with their plans in the store. */
export class EdgeRollouts {
  readonly #options: EdgeRolloutsOptions;
  /** By {@link aliasKey}. */
  readonly #rollouts = new Map<string, EdgeRollout>();
  /** When the validations of a rollout may be counted again, in milliseconds since 1970 UTC. */
  readonly #countAgainAt = new Map<EdgeRollout, number>();
  readonly #changes = new ChangesByKey();
  readonly #looks: PointerLooks;
  #isClosed = false;
  #stopTimer: () => void = () => undefined;

  constructor(options: EdgeRolloutsOptions) {
    this.#options = options;
    this.#looks = new PointerLooks(options.store, options.tools.clock);
  }

  /** Takes up the rollouts that are planned, then looks again and again, until {@link close}. */
  async open(): Promise<void> {
    const { tools, log } = this.#options;
    try {
      await this.#looks.ifDue(() => this.#look());
    } catch (error) {
      log(`Cannot look for rollouts: ${messageOf(error)}`);
    }
    if (!this.#isClosed) this.#stopTimer = tools.clock.schedule(ROLLOUT_POLL_MS, () => void this.open());
  }

  /** The rollout of an alias of a program; `undefined`: there is none. */
  of(taskId: string, alias: string): EdgeRollout | undefined {
    // Most have none, and this is asked for each request.
    return this.#rollouts.size === 0 ? undefined : this.#rollouts.get(aliasKey(taskId, alias));
  }

  /** Reads the plan of an alias again. Resolves when the edge does as it says; trouble with the candidate is in the figures. */
  refresh(taskId: string, alias: string): Promise<void> {
    return this.#changes.run(aliasKey(taskId, alias), () => this.#follow(taskId, alias));
  }

  /** What the rollout of an alias has counted; `null`: there is none. */
  async figures(taskId: string, alias: string): Promise<EdgeRolloutFigures | null> {
    const rollout = this.of(taskId, alias);
    if (rollout === undefined) return null;
    const { clock } = this.#options.tools;
    const now = clock.now();
    if (now >= (this.#countAgainAt.get(rollout) ?? 0)) {
      this.#countAgainAt.set(rollout, Infinity);
      const [least, most] = VALIDATIONS_PAUSE_MS;
      try {
        await this.#countValidations(taskId, rollout);
      } finally {
        const end = clock.now();
        this.#countAgainAt.set(rollout, end + Math.min(most, Math.max(least, (end - now) * VALIDATIONS_PAUSE)));
      }
    }
    return rollout.figures();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimer();
    await this.#changes.settled();
    await Promise.all([...this.#rollouts.values()].map((rollout) => rollout.close()));
  }

  async #look(): Promise<void> {
    const changes: Promise<unknown>[] = [];
    const troubles: unknown[] = [];
    // One after the other: hundreds of them at once would hold up the requests. What cannot be read of one is no trouble for the next.
    for (const name of await this.#options.store.programs()) {
      const trouble = (error: unknown): void => void troubles.push(error);
      const aliases = await this.#moved(name).catch(trouble);
      changes.push(...(aliases ?? []).map((alias) => this.refresh(name, alias).catch(trouble)));
    }
    await Promise.all(changes);
    if (troubles.length > 0) throw troubles[0];
  }

  /** Aliases of a program that have a plan, or had one. */
  async #moved(taskId: string): Promise<string[]> {
    const { store } = this.#options;
    const begun = [...this.#rollouts.keys()].map(partsOfKey).filter(([name]) => name === taskId);
    const named = await store.aliases(taskId).then(
      (pointers) => [...pointers.keys(), ...begun.map(([, alias]) => alias)],
      // They cannot be read, which is told elsewhere: what was begun goes on.
      () => [],
    );
    const moved: string[] = [];
    for (const alias of new Set([ACTIVE_ALIAS, ...named]))
      if (this.#rollouts.has(aliasKey(taskId, alias)) || (await store.rollout(taskId, alias)) !== null) moved.push(alias);
    return moved;
  }

  async #follow(taskId: string, alias: string): Promise<void> {
    const key = aliasKey(taskId, alias);
    const plan = await this.#options.store.rollout(taskId, alias);
    const current = this.#rollouts.get(key);
    if (this.#isClosed || (plan === null && current === undefined)) return;
    const isSame = plan !== null && current?.plan.rollout_id === plan.rollout_id;
    const isStuck =
      isSame && current.trouble !== null && this.#options.tools.clock.now() - current.startedAt > CANDIDATE_RETRY_MS;
    if (isSame && !isStuck) {
      current.plan = plan;
      return;
    }
    if (plan === null) this.#rollouts.delete(key);
    else this.#rollouts.set(key, await this.#begin(taskId, plan));
    if (current === undefined) return;
    this.#countAgainAt.delete(current);
    await current.close();
  }

  async #begin(taskId: string, plan: RolloutPlan): Promise<EdgeRollout> {
    const { tools, log } = this.#options;
    const parts = { plan, epoch: tools.random.uuid(), startedAt: tools.clock.now() };
    try {
      const ready: Omit<EdgeRolloutParts, keyof typeof parts | 'trouble'> =
        plan.mode === 'canary'
          ? { candidate: await this.#ready(taskId, plan.candidate, tools.sandbox) }
          : { shadow: await this.#openShadow(taskId, plan) };
      log(`Version ${plan.candidate} of "${taskId}" takes part as ${plan.mode}`);
      return new EdgeRollout({ ...parts, ...ready, trouble: null });
    } catch (error) {
      log(`Cannot begin the rollout of version ${plan.candidate} of "${taskId}": ${messageOf(error)}`);
      return new EdgeRollout({ ...parts, trouble: messageOf(error) });
    }
  }

  async #openShadow(taskId: string, plan: RolloutPlan): Promise<Shadow> {
    const sandbox = await this.#options.openShadowSandbox();
    try {
      const [incumbent, candidate] = [
        await this.#ready(taskId, plan.incumbent, sandbox),
        await this.#ready(taskId, plan.candidate, sandbox),
      ];
      return new Shadow({ incumbent, candidate, sandbox, tools: this.#options.tools });
    } catch (error) {
      await sandbox.close();
      throw error;
    }
  }

  /** Loaded, checked and warmed up before the first request; how its calls are run is known by then, however long that takes: the incumbent answers meanwhile. */
  async #ready(taskId: string, version: number, sandbox: Sandbox): Promise<ServedVersion> {
    const served = await serveVersion(await this.#options.store.get(taskId, version), new SchemaChecks(sandbox));
    await sandbox.prepare(served.metadata.language, served.program);
    await warmUp(served, sandbox, this.#options.tools.clock);
    return served;
  }

  async #countValidations(taskId: string, rollout: EdgeRollout): Promise<void> {
    const { store, datasets, dataDir, log } = this.#options;
    try {
      const { candidate, incumbent } = rollout.plan;
      const ids = {
        candidate: (await store.loadMetadata(taskId, candidate)).id,
        incumbent: (await store.loadMetadata(taskId, incumbent)).id,
      };
      const folder = join(dataDir, 'datasets', taskId, 'validations');
      const counts = await countValidations(await datasets.of(taskId), { ids, since: rollout.startedAt, folder });
      for (const arm of ['candidate', 'incumbent'] as const)
        rollout.arms[arm].setValidations(counts[arm].validated, counts[arm].mismatched);
    } catch (error) {
      log(`Cannot count the validations of "${taskId}": ${messageOf(error)}`);
    }
  }
}

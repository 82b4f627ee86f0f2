import { Readable } from 'node:stream';
import type { ProgramStore } from '@loopwright/edge';
import {
  ACTIVE_ALIAS,
  type BatchExecuteRequest,
  type BatchExecuteResponse,
  type DailyAnalytics,
  type ExecuteResponse,
  type ExecutionQueryRequest,
  type ExecutionQueryResponse,
  type Json,
  type JsonObject,
  PlatformError,
  type ProgramAlias,
  type ProgramBundle,
  type ProgramMetadata,
  type ProgramSummary,
  type ProgramTimeline,
  type RangeAnalytics,
  type RolloutPlan,
  type TaskExecuteRequest,
  type TaskExecuteResponse,
  executionQueryResponseSchema,
  isoTime,
  toJson,
} from '@loopwright/protocol';
import type { BehaviourDiffs } from './behaviour-diffs.ts';
import type { CallOptions, EdgeClient } from './edge-client.ts';
import { ProgramReferences } from './program-references.ts';
import { activeAt, timelineOf, versionBefore } from './timeline.ts';

/** A program as the store and the edge know it; whose it is stands elsewhere. */
export type StoredSummary = Omit<ProgramSummary, 'project_id'>;

/** A move of an alias: where it was seen (`null`: it was not there), and what is recorded. */
interface AliasChange {
  readonly expected: number | null;
  readonly record: { readonly id: string; readonly evidence: JsonObject };
}

/** Programs as the control plane sees them: the store's versions and promotions, and the edge that serves them. */
export class ProgramService {
  readonly #store: ProgramStore;
  readonly #edge: EdgeClient;
  /** How versions differ. */
  readonly diffs: BehaviourDiffs;
  /** Finds versions by what others call them. */
  readonly references: ProgramReferences;

  constructor(store: ProgramStore, edge: EdgeClient, diffs: BehaviourDiffs) {
    this.#store = store;
    this.#edge = edge;
    this.diffs = diffs;
    this.references = new ProgramReferences(store);
  }

  /** Every program that is seen and has a version; a folder without one is what a refused build left. */
  async list(isSeen: (name: string) => boolean): Promise<StoredSummary[]> {
    const names = (await this.#store.programs()).filter(isSeen);
    const programs = await Promise.all(names.map(async (name) => ({ name, versions: await this.#store.list(name) })));
    return Promise.all(programs.filter(({ versions }) => versions.length > 0).map((program) => this.#summaryOf(program)));
  }

  async summary(name: string): Promise<StoredSummary> {
    return this.#summaryOf({ name, versions: await this.versions(name) });
  }

  async #summaryOf({ name, versions }: { name: string; versions: readonly ProgramMetadata[] }): Promise<StoredSummary> {
    return {
      name,
      active_version: await this.#store.getActive(name),
      versions: versions.map(({ version }) => version),
      edge_url: this.#edge.url(),
    };
  }

  /** How many versions there are, and which one is active; a name that has none yet is fine. */
  async extent(name: string): Promise<{ active_version: number | null; total_versions: number }> {
    return { active_version: await this.#store.getActive(name), total_versions: (await this.#store.list(name)).length };
  }

  /** Every version, the oldest first. Throws PROGRAM_NOT_FOUND. */
  async versions(name: string): Promise<ProgramMetadata[]> {
    const versions = await this.#store.list(name);
    if (versions.length === 0) throw new PlatformError('PROGRAM_NOT_FOUND', `Cannot find the program "${name}"`);
    return versions;
  }

  /** A version with all its files. Throws PROGRAM_NOT_FOUND, ARTIFACT_NOT_FOUND. */
  async bundle(name: string, version: number): Promise<ProgramBundle> {
    await this.versions(name);
    return this.#store.bundle(name, version);
  }

  /** Every move of the active pointer with its reasons, the oldest first. Throws PROGRAM_NOT_FOUND. */
  async promotions(name: string): Promise<JsonObject[]> {
    await this.versions(name);
    return (await this.#store.promotions(name)).map((promotion) => toJson(promotion) as JsonObject);
  }

  /** Every alias, `active` first, then by name. Throws PROGRAM_NOT_FOUND. */
  async aliases(name: string): Promise<ProgramAlias[]> {
    await this.versions(name);
    const named = [...(await this.#store.aliases(name)).keys()].sort();
    const found = await Promise.all([ACTIVE_ALIAS, ...named].map((alias) => this.#describeAlias(name, alias)));
    return found.filter((alias) => alias !== undefined);
  }

  /** Where an alias points, and since when. Throws PROGRAM_NOT_FOUND, ALIAS_NOT_FOUND. */
  async alias(name: string, alias: string): Promise<ProgramAlias> {
    const found = await this.findAlias(name, alias);
    if (found !== undefined) return found;
    throw new PlatformError('ALIAS_NOT_FOUND', `Cannot find the alias "${alias}" of "${name}"`);
  }

  /** The same; `undefined`: there is no such alias, which `active` always is. Throws PROGRAM_NOT_FOUND. */
  async findAlias(name: string, alias: string): Promise<ProgramAlias | undefined> {
    await this.versions(name);
    return this.#describeAlias(name, alias);
  }

  async #describeAlias(name: string, alias: string): Promise<ProgramAlias | undefined> {
    const version = await this.#store.getAlias(name, alias);
    if (version === null && alias !== ACTIVE_ALIAS) return undefined;
    const moves = await this.#store.aliasMoves(name, alias);
    const plan = await this.#store.rollout(name, alias);
    const rollout = plan?.incumbent === version ? plan : null;
    return {
      program: name,
      alias,
      version,
      digest: version === null ? null : (await this.#store.loadMetadata(name, version)).digest,
      moved_at: moves.findLast(({ to }) => to === version)?.at ?? null,
      weights: weightsOf(version, rollout),
      rollout_id: rollout?.rollout_id ?? null,
    };
  }

  /**
   * Lets an alias point to a version, if it is still where it was seen, and waits until the edge serves that; `expected: null` makes one. When the edge is away it
   * follows as soon as it is back. Throws ARTIFACT_NOT_FOUND, ALIAS_MOVED, LIMIT_EXCEEDED.
   */
  async moveAlias(
    name: string,
    alias: string,
    { version, expected, record }: AliasChange & { version: number },
  ): Promise<ProgramAlias> {
    const { digest } = await this.#store.loadMetadata(name, version);
    await this.#store.setAlias(name, alias, version, {
      expected,
      record: { ...record, program: name, version, digest, execution_id: null },
    });
    if (this.#edge.url() !== null) await this.#edge.refresh(name, alias);
    return this.alias(name, alias);
  }

  /** Removes an alias, whose history stays; the edge refuses it from then on. Throws ALIAS_MOVED; VALIDATION_ERROR for `active`. */
  async removeAlias(name: string, alias: string, { expected, record }: AliasChange): Promise<void> {
    await this.#store.setAlias(name, alias, null, { expected, record: { ...record, program: name } });
    if (this.#edge.url() !== null) await this.#edge.refresh(name, alias);
  }

  /** Where an alias pointed when; `at` in milliseconds since 1970 UTC. One that was removed still has its history. Throws PROGRAM_NOT_FOUND, ALIAS_NOT_FOUND. */
  async timeline(name: string, alias: string, at: number): Promise<Omit<ProgramTimeline, 'total' | 'next_cursor'>> {
    await this.versions(name);
    const entries = timelineOf(await this.#store.aliasMoves(name, alias));
    if (entries.length === 0) await this.alias(name, alias);
    const active = activeAt(entries, at);
    return { program: name, alias, at: isoTime(at), active, rollback_to: versionBefore(entries), entries };
  }

  /** Moves an alias back to the version that it pointed to before. Throws INVALID_STATE when there is none, and what {@link moveAlias} does. */
  async rollBack(name: string, alias: string, { expected, record }: AliasChange): Promise<ProgramAlias> {
    const version = versionBefore(timelineOf(await this.#store.aliasMoves(name, alias)));
    if (version !== null) return this.moveAlias(name, alias, { version, expected, record });
    const reason = alias === ACTIVE_ALIAS ? 'no version was active before' : 'it pointed to no version before';
    const what = alias === ACTIVE_ALIAS ? `"${name}"` : `the alias "${alias}" of "${name}"`;
    throw new PlatformError('INVALID_STATE', `Cannot roll back ${what}: ${reason}`, { details: { active: expected } });
  }

  /** Runs the active version or that of an alias, or what a rollout of it chooses. Throws PROGRAM_NOT_FOUND, PROGRAM_FAILED, and what the edge throws. */
  async execute(
    name: string,
    request: { readonly input: Json; readonly alias?: string | undefined },
    options: CallOptions,
  ): Promise<ExecuteResponse> {
    await this.versions(name);
    return this.#edge.execute(name, request, options);
  }

  /** The same with everything that is known of it, and with the version that is asked for. Throws PROGRAM_NOT_FOUND, ARTIFACT_NOT_FOUND. */
  async executeTask(name: string, request: TaskExecuteRequest, options: CallOptions): Promise<TaskExecuteResponse> {
    await this.versions(name);
    return this.#edge.executeTask(name, request, options);
  }

  /** Many inputs through one version. Throws PROGRAM_NOT_FOUND, ARTIFACT_NOT_FOUND. */
  async executeBatch(request: BatchExecuteRequest, { onVersion }: Pick<CallOptions, 'onVersion'>): Promise<BatchExecuteResponse> {
    await this.versions(request.task_id);
    return this.#edge.executeBatch(request, undefined, onVersion);
  }

  /** What is known of one version. Throws PROGRAM_NOT_FOUND, ARTIFACT_NOT_FOUND. */
  async version(name: string, version: number): Promise<ProgramMetadata> {
    await this.versions(name);
    return this.#store.loadMetadata(name, version);
  }

  /** The figures of a day (default: today); `exact` counts every record. Throws PROGRAM_NOT_FOUND. */
  async analytics(name: string, of: { date?: string | undefined; exact: boolean }): Promise<DailyAnalytics> {
    await this.versions(name);
    return this.#edge.analytics(name, of);
  }

  /** What a `SELECT` finds in what was recorded. Throws PROGRAM_NOT_FOUND, VALIDATION_ERROR, LIMIT_EXCEEDED, SERVICE_UNAVAILABLE, OVERLOADED. */
  async query(name: string, request: ExecutionQueryRequest): Promise<ExecutionQueryResponse> {
    await this.versions(name);
    return this.#edge.request(executionQueryResponseSchema, 'POST', `/tasks/${name}/executions/query`, request);
  }

  /** A file of what was recorded, as the edge makes it. Throws what the edge throws: PROGRAM_NOT_FOUND, SERVICE_UNAVAILABLE, LIMIT_EXCEEDED. */
  async export(name: string, wanted: Parameters<EdgeClient['export']>[1], signal: AbortSignal): Promise<Readable> {
    return Readable.fromWeb(await this.#edge.export(name, wanted, signal));
  }

  /** The figures of the days from one to another. Throws PROGRAM_NOT_FOUND. */
  async rangeAnalytics(name: string, days: { from: string; to?: string | undefined }): Promise<RangeAnalytics> {
    await this.versions(name);
    return this.#edge.rangeAnalytics(name, days);
  }
}

/** Which versions answer, and how much of the requests each. */
function weightsOf(version: number | null, rollout: RolloutPlan | null): ProgramAlias['weights'] {
  if (version === null) return [];
  if (rollout === null || rollout.mode === 'shadow') return [{ version, percentage: 100 }];
  return [
    { version, percentage: 100 - rollout.percentage },
    { version: rollout.candidate, percentage: rollout.percentage },
  ];
}

// Invariants of repairs:
// R1. At most one repair of a program is open: the database allows no second one.
// R2. A repair stands in the database, with all that its execution is started with, before the execution is started under the repair's id; whatever a crash cuts
//     off is completed by the next round, and nothing is started twice.
// R3. A repair makes a proposal: what becomes active is decided by the person whom the workflow asks.
import { Readable } from 'node:stream';
import type { Engine } from '@loopwright/engine';
import type { ProgramStore } from '@loopwright/edge';
import {
  type BudgetLimits,
  type Clock,
  type DriftVerdict,
  PlatformError,
  type Json,
  type Random,
  budgetLimitsSchema,
  messageOf,
} from '@loopwright/protocol';
import { z } from 'zod';
import type { AuditLog } from '../audit/audit-log.ts';
import type { ResourceProjects } from '../authorization/resource-projects.ts';
import type { NoticeOutbox } from '../events/notice-outbox.ts';
import type { ExampleStore } from '../examples/example-store.ts';
import type { ProgramTasks } from '../programs/program-tasks.ts';
import { type Counterexamples, collectCounterexamples, joinExamples } from './counterexamples.ts';
import type { EdgeWatching } from './edge-watching.ts';
import type { RepairStore, StoredRepair } from './repair-store.ts';

/** The workflow that makes programs. */
const WORKFLOW = 'program-from-examples';
/** Who starts what nobody asked for. */
const ACTOR = 'system:drift';
const HOUR_MS = 3_600_000;

/** What {@link Repairs} works with. */
export interface RepairParts {
  readonly engine: Engine;
  readonly programs: ProgramStore;
  readonly edge: EdgeWatching;
  readonly examples: ExampleStore;
  readonly resources: ResourceProjects;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly store: RepairStore;
  /** What programs are to do that no execution has made. */
  readonly tasks: Pick<ProgramTasks, 'madeFrom'>;
  /** Tells in the stream of events what became better. */
  readonly outbox: NoticeOutbox;
  readonly clock: Clock;
  readonly random: Random;
  /** Labelled counter-examples that a repair needs at the least. */
  readonly fewestCounterexamples: number;
  /** Hours after the end of a repair in which no other one of the program is opened. */
  readonly coolDownHours: number;
  readonly budgets: BudgetLimits;
  readonly log: (message: string) => void;
}

const madeFromSchema = z.looseObject({ program: z.string(), task_description: z.string(), examples: z.string() });
type MadeFrom = z.infer<typeof madeFromSchema>;

interface Plan extends Counterexamples {
  readonly verdict: DriftVerdict;
  readonly madeFrom: MadeFrom;
}

/** Opens executions that make programs again when they drift, and follows them to their end. */
export class Repairs {
  readonly #parts: RepairParts;

  constructor(parts: RepairParts) {
    this.#parts = parts;
  }

  /** Completes what a crash cut off, and ends repairs whose execution has ended. */
  async follow(): Promise<void> {
    for (const repair of await this.#parts.store.open())
      await (repair.begun === 0 ? this.#begin(repair) : this.#settle(repair)).catch((error: unknown) =>
        this.#fail(repair, error),
      );
  }

  /** What keeps a repair of a program from being opened; `null` when nothing has to be done, one is open, or it is about to be. */
  async waitingFor(program: string): Promise<string | null> {
    const plan = await this.#plan(program).catch((error: unknown) => `It is not known whether one is due: ${messageOf(error)}`);
    return typeof plan === 'string' ? plan : null;
  }

  /** Opens a repair of a program, if it drifts and nothing stands in the way. */
  async consider(program: string): Promise<void> {
    const plan = await this.#plan(program);
    if (plan === null || typeof plan === 'string') return;
    if ((await this.#insert(program, plan, null)) !== undefined) await this.follow();
  }

  /**
   * Opens a repair of a version because somebody asks for it, whatever drifts. Throws REPAIR_IN_PROGRESS; INVALID_STATE with what is missing, or why its
   * execution can never be started; another trouble is tried again by the next round.
   */
  async open(
    program: string,
    version: number,
    by: { readonly userId: string; readonly reason: string | null },
  ): Promise<{ repairId: string; labelled: number; count: number }> {
    const { edge, store } = this.#parts;
    const refuse = (why: string): PlatformError => new PlatformError('INVALID_STATE', `Cannot make "${program}" again: ${why}`);
    const madeFrom = await this.#madeFrom(program);
    if (madeFrom === undefined)
      throw refuse(`it is not known from which examples it was made: no execution of ${WORKFLOW} made it`);
    const verdict = await edge.drift(program);
    const counterexamples = await collectCounterexamples(edge.answered(program, version), verdict);
    if (counterexamples.labelled.length === 0)
      throw refuse(`no sample of version ${version} was answered: there is nothing to add`);
    const plan = { verdict, madeFrom, ...counterexamples };
    const repairId = await this.#insert(program, plan, by);
    if (repairId === undefined) {
      const other = (await store.open()).find((repair) => repair.program === program);
      throw new PlatformError('REPAIR_IN_PROGRESS', `Cannot make "${program}" again: it is being made already`, {
        details: { repair_id: other?.repair_id ?? null },
      });
    }
    await this.follow();
    const begun = await store.last(program);
    if (begun?.repair_id === repairId && begun.state === 'failed')
      throw refuse(begun.reason ?? 'its execution cannot be started');
    return { repairId, labelled: counterexamples.labelled.length, count: counterexamples.count };
  }

  /** Writes a repair down with all that its execution is started with; `undefined`: another one is open. */
  async #insert(
    program: string,
    { verdict, madeFrom, labelled, count }: Plan,
    by: { readonly userId: string; readonly reason: string | null } | null,
  ): Promise<string | undefined> {
    const { store, examples, random, clock, resources, budgets } = this.#parts;
    const joined = joinExamples(await examples.read(madeFrom.examples), labelled);
    const lines = Readable.from(joined.map((example) => Buffer.from(`${JSON.stringify(example)}\n`)));
    const { digest } = await examples.put(lines, 'jsonl');
    const projectId = await resources.projectOfProgram(program);
    await resources.addExamples(digest, projectId, by?.userId ?? ACTOR);
    const repairId = random.uuid();
    const inserted = await store.insert({
      repair_id: repairId,
      program,
      project_id: projectId,
      drift_id: verdict.drift_id ?? '',
      state: 'open',
      reason: null,
      begun: 0,
      input: JSON.stringify({ ...madeFrom, program, examples: digest }),
      budgets: JSON.stringify(budgets),
      examples: digest,
      counterexamples: count,
      verdict: JSON.stringify(verdict),
      opened_at: clock.now(),
      closed_at: null,
      requested_by: by?.userId ?? null,
      comment: by?.reason ?? null,
    });
    return inserted ? repairId : undefined;
  }

  /** What a repair would be made of, what it waits for, or `null` when none is due. */
  async #plan(program: string): Promise<Plan | string | null> {
    const { edge, fewestCounterexamples } = this.#parts;
    const verdict = await edge.drift(program);
    const obstacle = await this.#obstacle(program, verdict);
    if (obstacle !== undefined) return obstacle;
    const madeFrom = await this.#madeFrom(program);
    if (madeFrom === undefined)
      return `It is not known from which examples "${program}" was made: no execution of ${WORKFLOW} made it`;
    const { labelled, count } = await collectCounterexamples(edge.answered(program, verdict.version), verdict);
    if (count < fewestCounterexamples)
      return `${count} of ${fewestCounterexamples} counter-examples are labelled: answer samples of the program`;
    return { verdict, madeFrom, labelled, count };
  }

  /** What stands in the way, `null` when nothing has to be done, `undefined` when a repair is due. */
  async #obstacle(program: string, { state, drift_id: driftId }: DriftVerdict): Promise<string | null | undefined> {
    if (state !== 'drifting' || driftId === null) return null;
    const last = await this.#parts.store.last(program);
    if (last?.state === 'open') return null;
    if (last?.closed_at == null) return undefined;
    const until = last.closed_at + this.#parts.coolDownHours * HOUR_MS;
    if (this.#parts.clock.now() >= until) return undefined;
    return `The last repair ended as "${last.state}"; the next one is not opened for another ${Math.ceil((until - this.#parts.clock.now()) / HOUR_MS)} hour(s)`;
  }

  /** What the newest version that is or was active and that the workflow made was made from; else what its task says. */
  async #madeFrom(program: string): Promise<MadeFrom | undefined> {
    const { engine, programs, tasks } = this.#parts;
    for (const { execution_id } of (await programs.promotions(program)).toReversed()) {
      if (typeof execution_id !== 'string') continue;
      const execution = engine.read.execution(execution_id);
      if (execution?.workflow !== WORKFLOW) continue;
      const madeFrom = madeFromSchema.safeParse(execution.input);
      if (madeFrom.success) return madeFrom.data;
    }
    return tasks.madeFrom(program);
  }

  async #begin(repair: StoredRepair): Promise<void> {
    const { engine, audit, store, log } = this.#parts;
    const actor = repair.requested_by ?? ACTOR;
    const about = {
      operation: 'repair',
      request_id: repair.repair_id,
      user_id: actor,
      object_kind: 'program',
      object_id: repair.program,
      project_id: repair.project_id,
    };
    const { verdict, drift_id, examples, counterexamples, budgets } = repair;
    const why = z.object({ findings: z.array(z.looseObject({ kind: z.string(), field: z.string(), aspect: z.string() })) });
    const { findings } = why.parse(JSON.parse(verdict));
    const after = JSON.stringify({
      drift_id,
      examples,
      counterexamples,
      budgets: JSON.parse(budgets) as Json,
      findings: findings.slice(0, 10).map(({ kind, field, aspect }) => `${kind}: ${field} ${aspect}`),
    });
    const isAudited = await store.isAudited(repair.repair_id);
    const intent = isAudited ? undefined : await audit.append({ kind: 'intent', ...about, after });
    await engine.start({
      executionId: repair.repair_id,
      workflow: WORKFLOW,
      projectId: repair.project_id,
      input: JSON.parse(repair.input) as Json,
      startedBy: actor,
      budgets: budgetLimitsSchema.parse(JSON.parse(budgets)),
    });
    if (intent !== undefined) await audit.append({ kind: 'outcome', intent_seq: intent.seq, ...about, after, status: 201 });
    await store.begin(repair.repair_id);
    log(`Opened a repair of "${repair.program}": the execution ${repair.repair_id} asks people`);
  }

  /** What can never begin is ended, so that it is not tried for ever. */
  async #fail({ repair_id: id, program, begun }: StoredRepair, error: unknown): Promise<void> {
    const { store, clock, log } = this.#parts;
    log(`Cannot go on with the repair of "${program}": ${messageOf(error)}`);
    if (begun === 0 && error instanceof PlatformError && !error.retryable)
      await store.close(id, { state: 'failed', reason: error.message, at: clock.now() });
  }

  /** Ends a repair whose execution has ended. */
  async #settle({ repair_id: id, program, project_id: projectId }: StoredRepair): Promise<void> {
    const { engine, programs, store, outbox, clock, log } = this.#parts;
    const execution = engine.read.execution(id);
    const outcome = outcomeOf(execution);
    if (outcome === undefined) return;
    const promoted = (await programs.promotions(program)).findLast(({ execution_id: of }) => of === id);
    const data = { program, repair_id: id, execution_id: id, version: promoted?.to ?? null };
    const notice = { id: `program_improved/${id}`, type: 'program_improved', projectId, data };
    await store.close(id, { ...outcome, at: clock.now() }, outcome.state === 'promoted' ? notice : undefined);
    await outbox.tell();
    log(`The repair of "${program}" has ended: ${outcome.state}`);
  }
}

const errorSchema = z.looseObject({ title: z.string().optional(), detail: z.string().optional() });

function outcomeOf(
  execution: ReturnType<Engine['read']['execution']>,
): { state: 'promoted' | 'rejected' | 'failed' | 'cancelled'; reason: string | null } | undefined {
  if (execution === undefined) return { state: 'failed', reason: 'Its execution was removed' };
  if (execution.completedAt === null) return undefined;
  if (execution.status === 'completed') return { state: 'promoted', reason: null };
  if (execution.status === 'cancelled') return { state: 'cancelled', reason: null };
  const { title, detail } = errorSchema.safeParse(execution.error).data ?? {};
  return { state: title === 'Rejected' ? 'rejected' : 'failed', reason: detail ?? title ?? null };
}

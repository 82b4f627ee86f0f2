import type { Engine } from '@loopwright/engine';
import { type JsonObject, PlatformError } from '@loopwright/protocol';
import type { FastifyRequest } from 'fastify';
import type { ProgramService } from '../programs/program-service.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import { EVERY_PROJECT } from './access.ts';
import type { Grants } from './grants.ts';
import { noSuchReference } from '../programs/program-references.ts';
import { noSuchRollout } from '../rollouts/rollout-store.ts';
import { type ResourceProjects, noSuchExamples } from './resource-projects.ts';
import type { ObjectKind, Recorded } from './rule.ts';
import { runNotFound } from '../runs/create-run.ts';
import type { RunTable } from '../runs/run-tables.ts';
import type { WebhookTable } from '../webhooks/webhook-tables.ts';
import type { UserRoles } from './user-roles.ts';

/** Where the objects of requests are looked up. */
export interface SubjectParts {
  readonly database: ServerDatabase;
  readonly engine: Engine;
  readonly programs: ProgramService;
  readonly grants: Grants;
  readonly users: UserRoles;
  readonly resources: ResourceProjects;
}

/** What is said of an execution that is not there, or that the caller does not see. */
export function noSuchExecution(id: string): PlatformError {
  return new PlatformError('EXECUTION_NOT_FOUND', `Cannot find the execution "${id}"`);
}

/** What is said of a question that is not there, or that the caller does not see. */
export function noSuchTask(id: string): PlatformError {
  return new PlatformError('TASK_NOT_FOUND', `Cannot find the human task "${id}"`);
}

/** What requests are about. Missing and hidden are told apart by nobody: both get what {@link Subjects.missing} gives. */
export class Subjects {
  readonly #parts: SubjectParts;

  constructor(parts: SubjectParts) {
    this.#parts = parts;
  }

  /** The name of an object in the path of a request, or in its body, which was checked by then. */
  idOf(kind: ObjectKind | NonNullable<Recorded['object']>, { params, body }: Pick<FastifyRequest, 'params' | 'body'>): string {
    const values = params as Readonly<Record<string, string>>;
    if (kind === 'grant') return `${values['project_id'] ?? ''}/${values['user_id'] ?? ''}`;
    return values[PARAMETERS[kind]] ?? namedIn(body, IN_BODY[kind] ?? []);
  }

  /** The projects that an object belongs to, of which one must allow what is asked; none when it is not there. */
  projectsOf(kind: ObjectKind, id: string): readonly string[] | Promise<readonly string[]> {
    const { engine, resources } = this.#parts;
    switch (kind) {
      case 'execution':
        return listed(engine.read.projectOf(id));
      case 'task':
        return listed(engine.read.projectOf(engine.read.humanTask(id)?.executionId ?? ''));
      case 'schedule':
        return listed(engine.read.schedules.get(id)?.projectId);
      case 'examples':
        return resources.projectsOfExamples(id);
      case 'program':
        return resources.projectOfProgram(id).then((projectId) => [projectId]);
      case 'program_version':
        return this.#programOf(kind, id).then((name) => (name === undefined ? [] : this.projectsOf('program', name)));
      case 'canary':
        return this.#programOf(kind, id).then((name) => (name === undefined ? [] : this.projectsOf('program', name)));
      case 'run':
        return this.#run(id).then((run) => listed(run?.project_id));
      case 'webhook': {
        return this.#webhook(id).then((webhook) => (webhook === undefined ? [] : [webhook.project_id ?? EVERY_PROJECT]));
      }
    }
  }

  /** What is answered for an object that is not there. */
  missing(kind: ObjectKind, id: string): PlatformError {
    switch (kind) {
      case 'execution':
        return noSuchExecution(id);
      case 'task':
        return noSuchTask(id);
      case 'schedule':
        if (!this.#parts.engine.definitions.has(id))
          return new PlatformError('WORKFLOW_NOT_FOUND', `Cannot change the schedule of "${id}": there is no such workflow`);
        return new PlatformError('INVALID_STATE', `Cannot change the schedule of "${id}": it has none`);
      case 'examples':
        return noSuchExamples(id);
      case 'program':
        return new PlatformError('PROGRAM_NOT_FOUND', `Cannot find the program "${id}"`);
      case 'program_version':
        return noSuchReference(id);
      case 'canary':
        return noSuchRollout(id);
      case 'run':
        return runNotFound(id);
      case 'webhook':
        return new PlatformError('WEBHOOK_NOT_FOUND', `Cannot find the webhook "${id}"`);
    }
  }

  /** What is recorded of an object before and after a change: its state, and nothing that could be large or secret. */
  async stateOf(kind: ObjectKind | NonNullable<Recorded['object']>, id: string): Promise<JsonObject | null> {
    const { engine, programs, grants, users } = this.#parts;
    switch (kind) {
      case 'execution': {
        const execution = engine.read.execution(id);
        if (execution === undefined) return null;
        const { status, currentStep, definitionDigest } = execution;
        return { status, current_step_id: currentStep, definition_digest: definitionDigest };
      }
      case 'task': {
        const task = engine.read.humanTask(id);
        if (task === undefined) return null;
        const { state, answeredBy, subjectDigest, request } = task;
        const { for: assignee = null } = request as unknown as { for?: JsonObject };
        return { state, answered_by: answeredBy, subject_digest: subjectDigest, for: assignee };
      }
      case 'schedule': {
        const schedule = engine.read.schedules.get(id);
        return schedule === undefined ? null : { state: schedule.state };
      }
      case 'program': {
        const summary = await programs.summary(id).catch(() => null);
        return summary === null ? null : { active_version: summary.active_version };
      }
      case 'program_version':
      case 'canary': {
        const name = await this.#programOf(kind, id);
        return name === undefined ? null : this.stateOf('program', name);
      }
      case 'user': {
        const user = await users.find(id);
        return user === undefined ? null : { role: user.stored_role };
      }
      case 'grant': {
        const [projectId = '', ...rest] = id.split('/');
        const grant = await grants.find(projectId, rest.join('/'));
        return grant === undefined ? null : { role: grant.role };
      }
      case 'run': {
        const run = await this.#run(id);
        return run === undefined ? null : { status: run.status, execution_id: run.execution_id };
      }
      case 'webhook': {
        const webhook = await this.#webhook(id);
        if (webhook === undefined) return null;
        const { event_types, enabled } = webhook;
        // Its path and its query may have a secret.
        return { host: new URL(webhook.url).host, event_types, enabled: enabled === 1 };
      }
      case 'examples':
        return null;
    }
  }

  /** The program that a version or a rollout is of. */
  async #programOf(kind: 'program_version' | 'canary', id: string): Promise<string | undefined> {
    const { programs, database } = this.#parts;
    if (kind === 'program_version') return (await programs.references.find(id))?.name;
    const row = await database.selectFrom('rollouts').select('program').where('rollout_id', '=', id).executeTakeFirst();
    return row?.program;
  }

  #run(id: string): Promise<Pick<RunTable, 'project_id' | 'status' | 'execution_id'> | undefined> {
    return this.#parts.database
      .selectFrom('runs')
      .select(['project_id', 'status', 'execution_id'])
      .where('run_id', '=', id)
      .executeTakeFirst();
  }

  #webhook(id: string): Promise<Pick<WebhookTable, 'project_id' | 'url' | 'event_types' | 'enabled'> | undefined> {
    return this.#parts.database
      .selectFrom('webhooks')
      .select(['project_id', 'url', 'event_types', 'enabled'])
      .where('webhook_id', '=', id)
      .executeTakeFirst();
  }
}

const PARAMETERS: Record<ObjectKind | 'user', string> = {
  execution: 'execution_id',
  task: 'task_id',
  schedule: 'workflow_id',
  examples: 'digest',
  program: 'name',
  program_version: 'program_id',
  canary: 'canary_id',
  webhook: 'webhook_id',
  run: 'run_id',
  user: 'user_id',
};

/** Fields of the body that name an object which the path does not. */
const IN_BODY: Partial<Record<ObjectKind | 'user', readonly string[]>> = {
  program: ['task_id'],
  program_version: ['control_program_id', 'new_program_id'],
};

function namedIn(body: unknown, fields: readonly string[]): string {
  const given = (body ?? {}) as Readonly<Record<string, unknown>>;
  for (const field of fields) if (typeof given[field] === 'string') return given[field];
  return '';
}

function listed(projectId: string | undefined): string[] {
  return projectId === undefined ? [] : [projectId];
}

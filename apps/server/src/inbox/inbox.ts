import type { Engine, OpenQuestions, ProjectScope, StoredHumanTask } from '@loopwright/engine';
import type { HumanTask, HumanTaskContext, InboxEntry } from '@loopwright/protocol';
import type { GrantRole } from '../authorization/roles.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import { assigneeOf, humanTaskView } from '../http/execution-view.ts';
import { OPEN_TASKS_LIMIT, isFor } from '../runs/waiting-for.ts';
import { HeldUpReader, type Surroundings } from './held-up.ts';

/** More executions and phases than wait for anything. */
const MANY = 1_000_000;

/** Who looks into the inbox. */
export interface Reader {
  readonly userId: string;
  /** The projects whose questions may be read. */
  readonly projects: ProjectScope;
  readonly roleOn: (projectId: string) => GrantRole;
  /** Whether questions of a project may be answered. */
  readonly mayDecide: (projectId: string) => boolean;
}

/** Open questions with what they hold up. */
export class Inbox {
  readonly #engine: Pick<Engine, 'read'>;
  readonly #heldUp: HeldUpReader;

  constructor(parts: { engine: Pick<Engine, 'read'>; database: ServerDatabase }) {
    this.#engine = parts.engine;
    this.#heldUp = new HeldUpReader(parts);
  }

  /** The open questions that somebody may see, or only those that wait for them, among the oldest 10,000. In no order: {@link inboxPlace} has it. */
  async entries(reader: Reader, { onlyMine }: { onlyMine: boolean }): Promise<InboxEntry[]> {
    const open = this.#engine.read.humanTasks({ state: 'open', projects: reader.projects, limit: OPEN_TASKS_LIMIT });
    const tasks = open.map(humanTaskView).filter((task) => !onlyMine || this.#isForReader(task, reader));
    const around = await this.#heldUp.of(tasks.map(({ execution_id: id }) => id));
    return tasks.flatMap((task) => {
      const surroundings = around.get(task.execution_id);
      return surroundings === undefined ? [] : [entryOf(task, this.#contextOf(task, surroundings, reader))];
    });
  }

  /** How many open questions somebody may see, or only of those that wait for them. Nothing of the questions is read. */
  count({ userId, projects, roleOn, mayDecide }: Reader, { onlyMine }: { onlyMine: boolean }): number {
    const isMine = ({ projectId, assignee }: OpenQuestions): boolean =>
      mayDecide(projectId) && isFor(assigneeOf(assignee), { userId, role: roleOn(projectId) });
    return this.#engine.read
      .openQuestions(projects)
      .filter((questions) => !onlyMine || isMine(questions))
      .reduce((sum, { count }) => sum + count, 0);
  }

  /** Where one question, open or not, comes from; nothing when its execution is gone. */
  async context(task: StoredHumanTask, reader: Reader): Promise<HumanTaskContext | undefined> {
    const surroundings = (await this.#heldUp.of([task.executionId])).get(task.executionId);
    return surroundings === undefined ? undefined : this.#contextOf(humanTaskView(task), surroundings, reader);
  }

  #contextOf(task: HumanTask, { run, holdsUp }: Surroundings, reader: Reader): HumanTaskContext {
    const project_id = this.#engine.read.projectOf(task.execution_id) ?? '';
    return { project_id, run, is_for_me: this.#isForReader(task, reader), holds_up: holdsUp };
  }

  #isForReader({ for: assignee, execution_id: executionId }: HumanTask, { userId, roleOn, mayDecide }: Reader): boolean {
    const projectId = this.#engine.read.projectOf(executionId) ?? '';
    return mayDecide(projectId) && isFor(assignee, { userId, role: roleOn(projectId) });
  }
}

function entryOf(task: HumanTask, context: HumanTaskContext): InboxEntry {
  return {
    task_id: task.task_id,
    execution_id: task.execution_id,
    workflow_id: task.workflow_id,
    step_id: task.step_id,
    kind: task.kind,
    title: task.title,
    for: task.for,
    doc_type: task.doc_type,
    scope_id: task.scope_id,
    subject_digest: task.subject_digest,
    created_at: task.created_at,
    expires_at: task.expires_at,
    question_count: task.questions.length,
    ...context,
  };
}

/** Where an entry stands in the inbox, the least first: see `inboxSchema`. */
export function inboxPlace({
  holds_up: held,
  expires_at: expires,
  created_at: created,
  task_id: id,
}: InboxEntry): [number, number, number, number, number, string] {
  const behind = held.executions + held.phases.length;
  // A place has no negative numbers.
  return [
    held.is_paused ? 1 : 0,
    9 - held.priority,
    MANY - Math.min(behind, MANY),
    expires === null ? Number.MAX_SAFE_INTEGER : Date.parse(expires),
    Date.parse(created),
    id,
  ];
}

import { type HumanTask, inboxSchema } from '@loopwright/protocol';
import type { DashboardServer } from './dashboard-fixture.ts';

type Server = Pick<DashboardServer, 'client'>;

/** Ids of open questions of each kind. */
export interface SeededInbox {
  /** One of every kind of question, in a run with two phases to come. */
  readonly questions: string;
  /** Acceptances of plans, by the names of their runs. */
  readonly plans: ReadonlyMap<string, string>;
  /** The first version of a program, which was accepted. */
  readonly active: string;
  /** The second version of a program, beside the first one, which is active. */
  readonly version: string;
}

/** Fills the inbox. */
export async function seedInbox(server: Server): Promise<SeededInbox> {
  const plans = new Map<string, string>();
  for (const name of ['Alpha', 'Beta', 'Gamma', 'Delta', 'Epsilon', 'Zeta']) plans.set(name, await seedPlan(server, name));
  const questions = await seedQuestions(server, 'Invoice sorter');
  const first = await offerVersion(server, 60, 'billing');
  await server.client.accept(first.execution_id, {
    accepted: true,
    comment: 'Good enough to begin with',
    task_id: first.task_id,
  });
  await completed(server, first.execution_id);
  const { task_id: version } = await offerVersion(server, 90, 'refund');
  return { questions, plans, active: first.task_id, version };
}

/** A run whose plan waits for a decision; gives the id of the question. */
export function seedPlan(server: Server, name: string): Promise<string> {
  return seedRun(server, 'plan', name);
}

/** A run that asks every kind of question; gives the id of the task. */
export function seedQuestions(server: Server, name: string): Promise<string> {
  return seedRun(server, 'several', name);
}

async function seedRun(server: Server, profile: string, project_name: string): Promise<string> {
  const { run_id } = await server.client.runs.create({ profile, project_name, intake: `Made for ${project_name}` });
  await server.client.runs.next(run_id);
  const { execution_id } = await server.client.runs.get(run_id);
  return (await openTask(server, execution_id)).task_id;
}

const PHRASES = {
  refund: ['refund', 'money back', 'charged twice'],
  delivery: ['parcel', 'courier', 'delivered'],
  login: ['password', 'sign in', 'locked out'],
};

/** Tickets with what they are about; some are labelled wrongly, as real ones are. */
function ticketsOf(count: number, refund: string): string {
  const of = (topic: keyof typeof PHRASES, at: number): string => {
    const isSlip = at % 9 === 4;
    const label = isSlip ? 'delivery' : topic;
    const phrase = PHRASES[topic][at % 3] ?? '';
    return JSON.stringify({ input: `Ticket ${at}: please help, ${phrase}`, output: label === 'refund' ? refund : label });
  };
  const topics = Object.keys(PHRASES) as (keyof typeof PHRASES)[];
  return topics.flatMap((topic) => Array.from({ length: count / topics.length }, (_, at) => of(topic, at))).join('\n');
}

/** Has a version of a program made from some examples, up to the question whether it is to be served. */
async function offerVersion({ client }: Server, count: number, refund: string): Promise<HumanTask> {
  const { digest } = await client.uploadExamples(new Blob([ticketsOf(count, refund)]).stream(), 'application/x-ndjson');
  const { execution_id } = await client.startWorkflow('program-from-examples', {
    project_id: 'default',
    initial_context: { program: 'ticket-router', task_description: 'Say what a ticket is about', examples: digest },
  });
  const asked = await openTask({ client }, execution_id);
  await client.clarify(execution_id, { answers: { ACCURACY_TARGET: 0.8 }, task_id: asked.task_id });
  return openTask({ client }, execution_id, asked.task_id);
}

async function openTask({ client }: Server, executionId: string, before?: string): Promise<HumanTask> {
  for (let tries = 0; tries < 3000; tries++) {
    const task = (await client.openTasks(executionId)).find(({ task_id }) => task_id !== before);
    if (task !== undefined) return task;
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
  throw new Error(`Cannot wait any longer: ${(await client.why(executionId)).sentence}`);
}

async function completed({ client }: Server, executionId: string): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    if ((await client.execution(executionId)).status === 'completed') return;
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
  throw new Error(`Cannot wait any longer: ${(await client.why(executionId)).sentence}`);
}

/** The titles of the open questions, as the server orders them. */
export async function openTitles({ client }: Server): Promise<string[]> {
  const { entries } = await client.call({ method: 'GET', path: '/api/v1/inbox', answer: inboxSchema });
  return entries.map(({ title }) => title);
}

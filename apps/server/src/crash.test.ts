import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type ExecutionResponse, executionResponseSchema, seededRandom } from '@loopwright/protocol';
import { z } from 'zod';
import { NO_PROGRAMS, type TestServer, startTestServer } from './server-fixture.ts';

/** More of them in `npm run test:soak`. */
const KILLS = Number(process.env['CRASH_KILLS'] ?? 4);
const DRIVERS = 6;

const WORKFLOW = `
document: { dsl: '1.0.0', namespace: test, name: people, version: '1.0.0' }
do:
  - first: { call: prepare, with: { examples: '\${ $workflow.input.examples }', seed: 1 } }
  - ask:
      call: clarify
      with: { title: A number, questions: [{ id: NUMBER, text: 'Which number?', answer_type: number }] }
      export: { as: '\${ { number: $output.answers.NUMBER } }' }
  - nap: { wait: { milliseconds: 30 } }
  - second: { call: prepare, with: { examples: '\${ $workflow.input.examples }', seed: 2 } }
  - review: { call: accept, with: { title: 'Good?', doc_type: thing, subject: { number: '\${ $context.number }' } } }
  - third: { call: prepare, with: { examples: '\${ $workflow.input.examples }', seed: 3 } }
  - finish: { set: { number: '\${ $context.number }' } }`;

/** What the server acknowledged. */
interface Acknowledged {
  readonly starts: Map<string, number>;
  readonly answers: { executionId: string; taskId: string; by: string }[];
}

describe('the server under kill -9', () => {
  it(`keeps every acknowledged start and answer over ${KILLS} random kills, ends every execution, and runs no recorded step twice`, async () => {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-crash-'));
    const workflows = join(dir, 'workflows');
    mkdirSync(workflows);
    writeFileSync(join(workflows, 'people.yaml'), WORKFLOW);
    const flags = ['--data-dir', join(dir, 'data'), '--workflows-dir', workflows, '--log-level', 'error', ...NO_PROGRAMS];
    const random = seededRandom(Number(process.env['CRASH_SEED'] ?? 20261121));
    let server: TestServer = await startTestServer(flags);
    const examples = await uploadExamples(server.url);
    const acknowledged: Acknowledged = { starts: new Map(), answers: [] };
    const stop = new AbortController();
    const drivers = Array.from({ length: DRIVERS }, async (_, driver) => {
      for (let count = 0; !stop.signal.aborted; count += 1)
        await drive(() => server.url, { examples, key: `${driver}-${count}`, number: driver * 1000 + count, acknowledged });
    });
    for (let kill = 0; kill < KILLS; kill += 1) {
      await delay(5 + random.next() * 400);
      await server.kill();
      server = await startTestServer(flags);
    }
    stop.abort();
    await Promise.all(drivers);
    await checkExecutions(server.url, acknowledged);
    await server.stop();
    checkJournal(join(dir, 'data', 'engine', 'engine.db'), acknowledged);
    rmSync(dir, { recursive: true, force: true });
  });
});

async function checkExecutions(url: string, { starts, answers }: Acknowledged): Promise<void> {
  assert.ok(starts.size >= DRIVERS, `only ${starts.size} executions were started`);
  for (const [id, number] of starts) {
    const execution = executionResponseSchema.parse(await (await fetch(`${url}/api/v1/executions/${id}`)).json());
    assert.equal(execution.status, 'completed', `${id}: ${execution.error}`);
    assert.deepEqual(execution.output, { number });
  }
  assert.equal(answers.length >= starts.size * 2, true);
  for (const { taskId, by } of answers) {
    const task = z
      .looseObject({ state: z.string(), answered_by: z.string() })
      .parse(await (await fetch(`${url}/api/v1/tasks/${taskId}`)).json());
    assert.equal(task.state, 'answered');
    assert.equal(task.answered_by, by);
  }
}

/** Reads the store itself: it is sound, and no step began again after its result was recorded. */
function checkJournal(file: string, { starts }: Acknowledged): void {
  const database = new DatabaseSync(file, { readOnly: true });
  assert.equal(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
  const rows = z.array(z.object({ execution_id: z.string(), event_type: z.string(), data: z.string() })).parse(
    database
      .prepare(
        `SELECT executions.id AS execution_id, event.value ->> 0 AS event_type, event.value ->> 3 AS data
         FROM history JOIN executions ON no = execution, json_each(events) AS event
         WHERE event_type IN ('step_started', 'step_completed') ORDER BY execution, last_seq, event.key`,
      )
      .all(),
  );
  const done = new Set<string>();
  for (const { execution_id, event_type: type, data } of rows) {
    const step = `${execution_id} ${z.looseObject({ key: z.string() }).parse(JSON.parse(data)).key}`;
    assert.ok(!done.has(step), `${step} was ${type} after it was recorded`);
    if (type === 'step_completed') done.add(step);
  }
  for (const id of starts.keys()) {
    for (const key of ['first', 'ask', 'nap', 'second', 'review', 'third'])
      assert.ok(done.has(`${id} ${key}`), `${id} ${key} was never recorded`);
  }
  database.close();
}

/** Starts one execution and answers what it asks until it ends, through every crash. */
async function drive(
  url: () => string,
  { examples, key, number, acknowledged }: { examples: string; key: string; number: number; acknowledged: Acknowledged },
): Promise<void> {
  const by = `driver-${key}`;
  const started = await persist(() =>
    post(url(), '/workflows/people/start', { body: { project_id: 'p', initial_context: { examples } }, key, by }),
  );
  const id = started.execution_id;
  acknowledged.starts.set(id, number);
  for (;;) {
    const state = await persist(async () =>
      executionResponseSchema.parse(await (await fetch(`${url()}/api/v1/executions/${id}`)).json()),
    );
    if (state.status === 'completed') return;
    assert.ok(state.status !== 'failed' && state.status !== 'cancelled', `${id} is ${state.status}: ${state.error}`);
    const { pending_clarification: question, pending_acceptance: review } = state;
    const taskId = question?.task_id ?? review?.task_id;
    if (taskId === undefined) {
      await delay(5);
      continue;
    }
    const [path, answer] =
      question === null ? ['acceptance', { accepted: true }] : ['clarification', { answers: { NUMBER: String(number) } }];
    await persist(() => post(url(), `/executions/${id}/${path}`, { body: { ...answer, task_id: taskId }, key: taskId, by }));
    acknowledged.answers.push({ executionId: id, taskId, by });
  }
}

async function post(
  url: string,
  path: string,
  { body, key, by }: { body: unknown; key: string; by: string },
): Promise<ExecutionResponse> {
  const response = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key, 'x-user-id': by },
    body: JSON.stringify(body),
  });
  const value: unknown = await response.json();
  assert.ok(response.ok, `${path}: ${JSON.stringify(value)}`);
  return executionResponseSchema.parse(value);
}

/** Sends a request again while the server is away, which on a slow machine is most of the time until it is killed no more; any other failure is one of the test. */
async function persist<T>(call: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + 500_000; ;) {
    try {
      return await call();
    } catch (error) {
      const away = error instanceof TypeError || (error instanceof Error && error.name === 'SyntaxError');
      if (!away || Date.now() > end) throw error;
      await delay(20);
    }
  }
}

async function uploadExamples(url: string): Promise<string> {
  const lines = Array.from({ length: 40 }, (_, index) =>
    JSON.stringify({ input: { text: `text ${index}` }, output: index % 2 === 0 ? 'a' : 'b' }),
  );
  const response = await fetch(`${url}/api/v1/examples`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  });
  return z.object({ digest: z.string() }).parse(await response.json()).digest;
}

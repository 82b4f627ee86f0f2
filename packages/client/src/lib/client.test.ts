import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { type ExecutionEventMessage, type ExecutionResponse, PlatformError, newApiKeySchema } from '@loopwright/protocol';
import { Client } from './client.ts';

/** The control plane runs as a process of its own: this package knows nothing of it but its HTTP interface. */
const SERVE = join(import.meta.dirname, '../../../../apps/server/src/http/fixtures/serve.ts');

interface Host {
  readonly url: string;
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
}

let dir = '';
let host: Host;
let client: Client;

async function open(port = 0): Promise<Host> {
  const args = ['--conditions=loopwright-source', SERVE, dir, String(port)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  // Neither a time limit, which a slow machine would pass, nor a child that is left behind and keeps this process from its end.
  const ended = once(child, 'exit').then(() => assert.fail('the server ended before it listened'));
  const [url] = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
  return { url: String(url), child };
}

async function kill({ child }: Host): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-client-'));
  host = await open();
  client = new Client({ baseUrl: () => host.url, userId: 'ann' });
});
after(async () => {
  await kill(host);
  await rm(dir, { recursive: true, force: true });
});

async function errorOf(call: Promise<unknown>): Promise<PlatformError> {
  const error = await call.then(
    () => assert.fail('it was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof PlatformError, String(error));
  return error;
}

async function untilStatus(id: string, status: ExecutionResponse['status']): Promise<ExecutionResponse> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const execution = await client.execution(id);
    if (execution.status === status) return execution;
    assert.ok(performance.now() < deadline, `it is ${execution.status}`);
    await new Promise((resolve) => void setTimeout(resolve, 3));
  }
}

async function eventsOf(from: Client, id: string): Promise<ExecutionEventMessage[]> {
  const events: ExecutionEventMessage[] = [];
  for await (const event of from.events(id)) events.push(event);
  return events;
}

const bytes = (text: string): ReadableStream<Uint8Array> => new Blob([text]).stream();
const review = (): Promise<ExecutionResponse> =>
  client.startWorkflow('review', { project_id: 'p', initial_context: { text: 'Hello' } });

describe('Client', () => {
  it('restarts, retries, moves, draws and explains executions, one by one and many at once', async () => {
    const { execution_id: id, definition } = await review();
    await untilStatus(id, 'waiting_clarification');
    assert.match((await client.why(id)).sentence, /for a person to answer "About the draft"/);
    assert.equal((await client.executionDiagram(id)).tasks['/do/1/ask'], 'waiting');
    assert.match((await client.workflowDiagram('review')).mermaid, /^flowchart TD/);
    const { versions, outdated } = await client.workflowVersions('review');
    assert.deepEqual([versions.length, outdated.length], [1, 0]);
    const { compatible, moved } = await client.move(id, { definition_digest: definition.digest, dry_run: true });
    assert.deepEqual([compatible, moved], [true, false]);
    const { token, count } = await client.previewBulk('cancel', { workflow_id: 'review', status: 'waiting_clarification' });
    const { done } = await client.runBulk(token, 'over');
    assert.ok(count >= 1 && done === count);
    const again = await client.restart(id, { from: 'ask' }, { idempotencyKey: 'restart-1' });
    assert.deepEqual(again.restarted_from, { execution_id: id, task: 'ask', key: 'ask' });
    assert.equal((await client.restart(id, { from: 'ask' }, { idempotencyKey: 'restart-1' })).execution_id, again.execution_id);
    assert.equal((await errorOf(client.retry(id))).code, 'INVALID_STATE');
    assert.ok((await client.stuck(31_536_000)).executions.every(({ execution_id: other }) => other !== id));
  });

  it('proves who it is with an API key, for streams too, without the key in a URL', async () => {
    const body = JSON.stringify({ name: 'robot', user_id: 'robot', role: 'operator' });
    const made = await fetch(`${host.url}/api/v1/api-keys`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const { key } = newApiKeySchema.parse(await made.json());
    const robot = new Client({ baseUrl: host.url, apiKey: key ?? '' });
    const { execution_id: id, started_by: user } = await robot.startWorkflow('plain', { project_id: 'p' });
    assert.equal(user, 'robot');
    const types = (await eventsOf(robot, id)).map(({ event_type: type }) => type);
    assert.equal(types.at(-1), 'completed');
    const stranger = new Client({ baseUrl: host.url, apiKey: `${key?.slice(0, -1)}_` });
    assert.equal((await errorOf(stranger.execution(id))).code, 'UNAUTHORIZED');
    assert.equal((await errorOf(eventsOf(stranger, id))).code, 'UNAUTHORIZED');
  });

  it('starts a workflow, answers its questions and sees it complete', async () => {
    const { execution_id: id, started_by: user } = await review();
    assert.equal(user, 'ann');
    await untilStatus(id, 'waiting_clarification');
    const [task] = await client.openTasks(id);
    assert.equal(task?.kind, 'clarification');
    assert.ok((await client.openTasks()).some(({ task_id: other }) => other === task?.task_id));
    await client.clarify(id, { answers: { LENGTH: 3 }, task_id: task?.task_id });
    await untilStatus(id, 'waiting_acceptance');
    await client.accept(id, { accepted: true, comment: 'good' });
    const done = await untilStatus(id, 'completed');
    assert.deepEqual(done.output, { answers: { TONE: 'plain', LENGTH: 3 }, comment: 'good' });
    const { executions, total } = await client.executions({ workflow_id: 'review', status: 'completed' });
    assert.equal(total, 1);
    assert.equal(executions[0]?.execution_id, id);
    assert.ok((await client.executions()).total >= 1);
  });

  it('cancels', async () => {
    const first = await review();
    assert.equal((await client.cancel(first.execution_id, 'enough')).status, 'cancelled');
    const second = await review();
    assert.equal((await client.cancel(second.execution_id)).status, 'cancelled');
    assert.equal((await errorOf(client.cancel(second.execution_id))).code, 'INVALID_STATE');
  });

  it('lists the workflows, and stops what starts one by itself', async () => {
    const paused = await client.pauseSchedule('yearly');
    assert.deepEqual([paused.state, paused.next_due], ['paused', null]);
    assert.equal((await errorOf(client.pauseSchedule('yearly'))).code, 'INVALID_STATE');
    assert.equal((await client.resumeSchedule('yearly')).state, 'active');
    const { workflows } = await client.workflows();
    assert.equal(workflows.find(({ workflow_id: id }) => id === 'yearly')?.schedule?.kind, 'cron');
    const first = await client.workflows({ limit: 1 });
    const second = await client.workflows({ limit: 1, cursor: first.next_cursor ?? '' });
    assert.deepEqual([...first.workflows, ...second.workflows], workflows.slice(0, 2));
  });

  it('sends a request again under its key without a second effect', async () => {
    const keyed = { idempotencyKey: 'same' };
    const request = { project_id: 'p', initial_context: { text: 'x' } };
    const first = await client.startWorkflow('review', request, keyed);
    assert.equal((await client.startWorkflow('review', request, keyed)).execution_id, first.execution_id);
    const conflict = await errorOf(client.startWorkflow('review', { ...request, project_id: 'q' }, keyed));
    assert.equal(conflict.code, 'IDEMPOTENCY_CONFLICT');
    await untilStatus(first.execution_id, 'waiting_clarification');
    for (let time = 0; time < 2; time += 1) await client.clarify(first.execution_id, { answers: { LENGTH: 1 } }, keyed);
    await untilStatus(first.execution_id, 'waiting_acceptance');
    for (let time = 0; time < 2; time += 1)
      await client.accept(first.execution_id, { accepted: true }, { idempotencyKey: 'yes' });
    await untilStatus(first.execution_id, 'completed');
  });

  it('adds to a budget, once under a key', async () => {
    const request = { project_id: 'p', initial_context: { text: 'x' }, budgets: { attempts: 0 } };
    const { execution_id: id } = await client.startWorkflow('review', request);
    await untilStatus(id, 'paused');
    for (let time = 0; time < 2; time += 1) await client.addBudget(id, { attempts: 2 }, { idempotencyKey: 'more' });
    await untilStatus(id, 'waiting_clarification');
    assert.deepEqual((await client.execution(id)).budget?.limits.attempts, 2);
  });

  it('uploads examples and reads them back', async () => {
    const described = await client.uploadExamples(
      bytes('{"input":"a","output":1}\n{"input":"b","label":2}\n'),
      'application/x-ndjson',
    );
    assert.equal(described.count, 2);
    assert.deepEqual(await client.examples(described.digest), [
      { input: 'a', output: 1 },
      { input: 'b', output: 2 },
    ]);
    assert.equal((await client.uploadExamples(bytes('text,label\nx,y\n'), 'text/csv')).kind, 'text');
    const wrong = await errorOf(client.uploadExamples(bytes('{"input":1,"output":1}\n{'), 'application/x-ndjson'));
    assert.equal(wrong.code, 'INVALID_EXAMPLES');
    assert.equal(wrong.details?.['line'], 2);
    assert.equal((await errorOf(client.examples('0'.repeat(64)))).code, 'EXAMPLES_NOT_FOUND');
  });

  it('gets the answer to an upload that is over the limit while it still sends', async () => {
    const line = new TextEncoder().encode(`{"input":"${'x'.repeat(1000)}","output":"y"}\n`);
    // As a file does, it gives its parts in turns of the event loop.
    let left = 50_000;
    const long = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        await new Promise((resolve) => void setImmediate(resolve));
        controller.enqueue(line);
        left -= 1;
        if (left === 0) controller.close();
      },
    });
    const error = await errorOf(client.uploadExamples(long, 'application/x-ndjson'));
    assert.equal(error.code, 'PAYLOAD_TOO_LARGE');
  });

  it('describes a program, runs it and reads its figures', async () => {
    assert.deepEqual((await client.program('shout')).versions, [1]);
    assert.equal((await client.execute('shout', { text: 'hello' })).output, 'HELLO');
    assert.ok((await client.analytics('shout')).successful_executions >= 1);
    assert.equal((await client.analytics('shout', '2020-01-31')).total_executions, 0);
    assert.equal((await errorOf(client.program('nobody'))).code, 'PROGRAM_NOT_FOUND');
  });

  it('reads the health of the server', async () => {
    assert.equal((await client.health()).status, 'healthy');
  });

  it("throws the server's error with its code, message and details", async () => {
    const error = await errorOf(client.startWorkflow('review', { project_id: 'p' }));
    assert.equal(error.code, 'VALIDATION_ERROR');
    assert.match(error.message, /^Cannot start "review"/);
    assert.ok(Array.isArray(error.details?.['issues']));
    assert.equal((await errorOf(client.execution('no/such?id'))).code, 'EXECUTION_NOT_FOUND');
    assert.equal((await errorOf(client.executions({ status: 'odd' }))).code, 'INVALID_STATUS');
    assert.equal((await errorOf(client.clarify('nobody', { answers: {} }))).code, 'EXECUTION_NOT_FOUND');
  });

  it('says when the server cannot be reached', async () => {
    const nobody = new Client({ baseUrl: 'http://127.0.0.1:1' });
    const error = await errorOf(nobody.health());
    assert.equal(error.code, 'SERVICE_UNAVAILABLE');
    assert.ok(error.retryable && error.cause !== undefined);
    assert.equal((await errorOf(nobody.examples('x'))).code, 'SERVICE_UNAVAILABLE');
    assert.equal((await errorOf(nobody.events('x').next())).code, 'SERVICE_UNAVAILABLE');
  });

  it('does not take what another server answers for an answer', async () => {
    const other = createServer((request, response) => {
      response.statusCode = request.url === '/health' ? 200 : 502;
      response.end('<html>');
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const foreign = new Client({ baseUrl: `http://127.0.0.1:${(other.address() as AddressInfo).port}` });
    assert.equal((await errorOf(foreign.health())).code, 'INTERNAL_ERROR');
    assert.equal((await errorOf(foreign.execution('x'))).code, 'SERVICE_UNAVAILABLE');
    other.close();
    other.closeAllConnections();
  });
});

describe('Client.events', () => {
  it('gives every event in order and ends with the execution', async () => {
    const { execution_id: id } = await client.startWorkflow('plain', { project_id: 'p' });
    const seen: ExecutionEventMessage[] = [];
    for await (const event of client.events(id)) seen.push(event);
    assert.deepEqual(
      seen.map(({ seq }) => seq),
      [1, 2, 3, 4, 5, 6],
    );
    assert.equal(seen.at(-1)?.event_type, 'completed');
    const rest: number[] = [];
    for await (const { seq } of client.events(id, { after: 4 })) rest.push(seq);
    assert.deepEqual(rest, [5, 6]);
    for await (const event of client.events(id, { after: 6 })) assert.fail(JSON.stringify(event));
  });

  it('ends when it is aborted, and when its reader stops', async () => {
    const { execution_id: id } = await review();
    const controller = new AbortController();
    for await (const { event_type: type } of client.events(id, { signal: controller.signal }))
      if (type === 'waiting_clarification') controller.abort();
    for await (const event of client.events(id, { signal: AbortSignal.abort() })) assert.fail(JSON.stringify(event));
    for await (const _event of client.events(id)) break;
  });

  it('says when there is no such execution', async () => {
    assert.equal((await errorOf(client.events('nobody').next())).code, 'EXECUTION_NOT_FOUND');
  });

  it('goes on by itself where it was after the server was killed and came back', async () => {
    const { execution_id: id } = await client.startWorkflow('hold', { project_id: 'p' });
    const seen: number[] = [];
    const restart = async (): Promise<void> => {
      await kill(host);
      host = await open();
      host.child.stdin.write('go on\n');
    };
    let restarted: Promise<void> | undefined;
    for await (const event of client.events(id)) {
      seen.push(event.seq);
      if (event.event_type === 'step_started') restarted ??= restart();
    }
    await restarted;
    assert.deepEqual(
      seen,
      Array.from({ length: seen.length }, (_, index) => index + 1),
    );
    assert.equal((await client.execution(id)).output, 'done');
    assert.equal(seen.length, (await client.execution(id)).completed_steps.length * 2 + 3);
  });

  it('gives up when the server stays away, and lets its reader go on later', async () => {
    const { execution_id: id } = await review();
    await untilStatus(id, 'waiting_clarification');
    const seen: number[] = [];
    const lost = await errorOf(
      (async () => {
        for await (const event of client.events(id, { patienceMs: 300 })) {
          seen.push(event.seq);
          if (event.event_type === 'waiting_clarification') await kill(host);
        }
      })(),
    );
    assert.equal(lost.code, 'SERVICE_UNAVAILABLE');
    host = await open();
    await client.cancel(id);
    for await (const { seq } of client.events(id, { after: seen.at(-1) ?? 0 })) seen.push(seq);
    assert.deepEqual(
      seen,
      Array.from({ length: seen.length }, (_, index) => index + 1),
    );
  });
});

describe('Client.allEvents', () => {
  it('gives the events of all executions in one order, each once, whatever happens to the server meanwhile', async () => {
    const positions: number[] = [];
    const own = new Set<string>();
    const ended = new Set<string>();
    const controller = new AbortController();
    const filter = { projects: ['streamed'], workflows: ['plain'] };
    const reading = (async () => {
      for await (const event of client.allEvents({ filter, signal: controller.signal })) {
        assert.deepEqual([event.project_id, event.workflow_id], ['streamed', 'plain']);
        positions.push(event.position);
        if (event.event_type === 'completed') ended.add(event.execution_id ?? '');
      }
    })();
    for (let round = 0; round < 3; round += 1) {
      for (let times = 0; times < 4; times += 1) {
        own.add((await client.startWorkflow('plain', { project_id: 'streamed' })).execution_id);
        await client.startWorkflow('plain', { project_id: 'other' });
      }
      await kill(host);
      host = await open();
    }
    for (const id of own) await untilStatus(id, 'completed');
    const deadline = performance.now() + 60_000;
    while (ended.size < own.size && performance.now() < deadline) await new Promise((resolve) => void setTimeout(resolve, 5));
    controller.abort();
    await reading;
    assert.deepEqual(ended, own);
    assert.deepEqual(
      positions,
      [...new Set(positions)].toSorted((a, b) => a - b),
    );
    const stored: number[] = [];
    for await (const { position } of client.allEvents({ filter, eventTypes: ['*'] })) {
      stored.push(position);
      if (position === positions.at(-1)) break;
    }
    assert.deepEqual(positions, stored);
  });

  it('says what is gone: to the reader who asked, or as an error', async () => {
    const gap = { event_type: 'gap', from_position: 1, to_position: 7 };
    const other = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(
        `: hello\r\nevent: gap\r\nid: 7\r\ndata: ${JSON.stringify(gap)}\r\n\r\nevent: end\ndata: {"event_type":"end",\ndata: "cursor":7}\n\n`,
      );
    }).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const foreign = new Client({ baseUrl: `http://127.0.0.1:${(other.address() as AddressInfo).port}` });
    assert.equal((await errorOf(foreign.allEvents().next())).code, 'LIMIT_EXCEEDED');
    const gaps: unknown[] = [];
    assert.equal((await foreign.allEvents({ onGap: (gone) => gaps.push(gone) }).next()).done, true);
    assert.deepEqual(gaps, [{ from: 1, to: 7 }]);
    other.close();
  });
});

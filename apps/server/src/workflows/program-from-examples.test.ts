import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ExecutionResponse,
  executionResponseSchema,
  seededRandom,
  serverHealthSchema,
  storedDiffSchema,
} from '@loopwright/protocol';
import { z } from 'zod';
import { type CollectedSpan, openCollector } from '../observability/collector-fixture.ts';
import { type TestServer, startTestServer } from '../server-fixture.ts';

const comparedSchema = z.looseObject({ behaviour_diff: storedDiffSchema });

/** A table that can be learned: the label follows from two columns, with a little noise. */
function table(): string {
  const random = seededRandom(3);
  const rows = Array.from({ length: 240 }, () => {
    const [size, colour] = [Math.round(random.next() * 100), random.next() < 0.5 ? 'red' : 'blue'];
    const label = random.next() < 0.02 ? 'small' : size > 60 || colour === 'red' ? 'large' : 'small';
    return `${size},${colour},${Math.round(random.next() * 9)},${label}`;
  });
  return ['size,colour,noise,label', ...rows].join('\n');
}

describe('the workflow program-from-examples', () => {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-workflow-'));
  let server: TestServer;
  let collector: Awaited<ReturnType<typeof openCollector>>;
  before(async () => {
    const flags = ['--log-level', 'error', '--sandbox-workers', '1', '--generator-cache-max-mb', '16'];
    collector = await openCollector();
    server = await startTestServer(['--data-dir', dir, '--otlp-endpoint', collector.url, ...flags]);
  });
  after(async () => {
    await server.stop();
    await collector[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  async function call(path: string, body?: unknown, type = 'application/json'): Promise<unknown> {
    calls += 1;
    const traceparent = `00-${traceOf(calls)}-00000000000000aa-01`;
    const content = typeof body === 'string' ? body : JSON.stringify(body);
    const init = body === undefined ? {} : { method: 'POST', headers: { 'content-type': type, traceparent }, body: content };
    const response = await fetch(`${server.url}/api/v1${path}`, init);
    const value: unknown = await response.json();
    assert.ok(response.ok, `${path}: ${JSON.stringify(value)}`);
    return value;
  }

  /** One trace for each call of the test. */
  let calls = 0;
  /** The call that started the first execution. */
  let startedIn = 0;
  const traceOf = (count: number): string => count.toString(16).padStart(32, '0');

  async function until(id: string, ...statuses: ExecutionResponse['status'][]): Promise<ExecutionResponse> {
    for (const end = Date.now() + 60_000; ; await delay(50)) {
      const execution = executionResponseSchema.parse(await call(`/executions/${id}`));
      if (statuses.includes(execution.status)) return execution;
      assert.ok(Date.now() < end, `${id} is ${execution.status}: ${execution.error ?? ''}`);
    }
  }

  async function start(text: string, program: string, type = 'text/csv'): Promise<string> {
    const { digest } = z.looseObject({ digest: z.string() }).parse(await call('/examples', text, type));
    startedIn ||= calls + 1;
    const initial_context = { program, task_description: 'Large or small', examples: digest };
    return executionResponseSchema.parse(
      await call('/workflows/program-from-examples/start', { project_id: 'test', initial_context }),
    ).execution_id;
  }

  /** Results in the plan cache, and how often one was written or read. */
  function keptResults(): unknown {
    const database = new DatabaseSync(join(dir, 'plan-cache.db'), { readOnly: true });
    try {
      return { ...database.prepare('SELECT COUNT(*) AS count, MAX(used) AS uses FROM plan_cache_1').get() };
    } finally {
      database.close();
    }
  }

  it('goes back with a reason, ends without one, and serves what is accepted', async () => {
    const id = await start(table(), 'sizes');
    await until(id, 'waiting_clarification');
    await call(`/executions/${id}/clarification`, { answers: {} });
    const first = await until(id, 'waiting_acceptance', 'failed');
    assert.equal(first.status, 'waiting_acceptance', first.error ?? '');
    const shown = z.looseObject({
      version: z.int(),
      accuracy: z.number(),
      interval: z.object({ low: z.number(), high: z.number() }),
    });
    const { version, accuracy, interval } = shown.parse(first.pending_acceptance?.document_preview);
    assert.equal(version, 1);
    assert.ok(accuracy > 0.85 && interval.low < accuracy && accuracy < interval.high, JSON.stringify({ accuracy, interval }));

    await call(`/executions/${id}/acceptance`, { accepted: false, comment: 'Try harder' });
    await until(id, 'waiting_clarification');
    const { tasks } = z
      .object({ tasks: z.array(z.looseObject({ message: z.string() })) })
      .parse(await call(`/tasks?execution_id=${id}`));
    assert.match(tasks[0]?.message ?? '', /The last version was rejected: Try harder/);
    await call(`/executions/${id}/clarification`, { answers: { ACCURACY_TARGET: '0.5' } });
    await until(id, 'waiting_acceptance');
    await call(`/executions/${id}/acceptance`, { accepted: true });
    const done = await until(id, 'completed', 'failed');
    assert.equal(z.looseObject({ version: z.int() }).parse(done.output).version, 2, done.error ?? '');
    const answer = await call('/programs/sizes/execute', { input: { size: 95, colour: 'red', noise: 1 } });
    assert.equal(z.looseObject({ output: z.string() }).parse(answer).output, 'large');

    const second = await start(table(), 'sizes');
    await until(second, 'waiting_clarification');
    await call(`/executions/${second}/clarification`, { answers: {} });
    const asked = await until(second, 'waiting_acceptance');
    const { behaviour_diff: diff } = comparedSchema.parse(asked.pending_acceptance?.document_preview);
    assert.deepEqual(
      [
        diff.report.candidate.version,
        diff.report.incumbent.version,
        diff.report.source,
        diff.report.inputs,
        diff.report.identical,
      ],
      [3, 2, 'log', 1, 1],
    );
    assert.deepEqual(
      z.looseObject({ diffs: z.array(storedDiffSchema) }).parse(await call('/programs/sizes/versions/3/diffs')).diffs,
      [diff],
    );
    assert.deepEqual(keptResults(), { count: 2, uses: 3 }, 'the first plan, asked again, was not answered from the cache');
    await call(`/executions/${second}/acceptance`, { accepted: false });
    assert.equal((await until(second, 'failed')).error, 'Document rejected: no comment');
    const { active_version: active } = z.looseObject({ active_version: z.int() }).parse(await call('/programs/sizes'));
    assert.equal(active, 2, 'a rejected version went live');
  });

  it('scores estimates by how far off they are, within what people tolerate', async () => {
    const random = seededRandom(5);
    const lines = Array.from({ length: 150 }, () => {
      const input = { rooms: 1 + Math.floor(random.next() * 6), area: Math.round(random.next() * 200) };
      return JSON.stringify({ input, output: 10 * input.rooms + 2 * input.area + Math.round(random.next() * 6) });
    });
    const id = await start(lines.join('\n'), 'prices', 'application/x-ndjson');
    const asked = await until(id, 'waiting_clarification', 'failed');
    assert.deepEqual(
      asked.pending_clarification?.questions.map(({ id: question }) => question),
      ['TOLERANCE', 'ACCURACY_TARGET'],
    );
    await call(`/executions/${id}/clarification`, { answers: { TOLERANCE: 8 } });
    const done = await until(id, 'waiting_acceptance', 'failed');
    assert.equal(done.status, 'waiting_acceptance', done.error ?? '');
    const estimates = z.object({ n: z.int(), tolerance: z.number(), mae: z.number(), r2: z.number(), mean_mae: z.number() });
    const shown = z.looseObject({
      accuracy: z.number(),
      evaluation: z.looseObject({ estimates, confusion: z.object({}).strict() }),
    });
    const { accuracy, evaluation } = shown.parse(done.pending_acceptance?.document_preview);
    const { n, tolerance, mae, r2, mean_mae } = evaluation.estimates;
    assert.deepEqual([n, tolerance], [30, 8]);
    assert.ok(accuracy > 0.9 && r2 > 0.99 && mae < 4 && mean_mae > 50, JSON.stringify(evaluation.estimates));
    const { tasks } = z
      .object({ tasks: z.array(z.looseObject({ message: z.string() })) })
      .parse(await call(`/tasks?execution_id=${id}`));
    assert.ok(
      tasks.some(({ message }) => /off by \d.* on average/u.test(message)),
      JSON.stringify(tasks),
    );
    await call(`/executions/${id}/acceptance`, { accepted: true });
    await until(id, 'completed');
    const answer = await call('/programs/prices/execute', { input: { rooms: 3, area: 100 } });
    assert.ok(Math.abs(z.looseObject({ output: z.number() }).parse(answer).output - 233) < 10);
  });

  it('tells in its health which walls stand around programs', async () => {
    const { edge } = serverHealthSchema.parse(await (await fetch(`${server.url}/health`)).json());
    assert.ok(edge !== null && edge !== undefined);
    assert.deepEqual([edge.refusal, edge.walls_missing], [null, []]);
    assert.ok(edge.jail === 'bubblewrap' && edge.walls_standing === edge.walls && edge.walls > 3, JSON.stringify(edge));
  });

  it('ends with the reason when nothing can be learned', async () => {
    const rows = Array.from({ length: 40 }, (_, index) => `${index},only`);
    const id = await start(['size,label', ...rows].join('\n'), 'single');
    await until(id, 'waiting_clarification');
    await call(`/executions/${id}/clarification`, { answers: {} });
    const failed = await until(id, 'failed', 'waiting_acceptance');
    assert.equal(failed.error_document?.['title'], 'INDUCTION_REFUSED');
    assert.match(failed.error ?? '', /label|class/);
  });

  it('leaves one trace of a request, from HTTP through the steps to what the modules did for them', async () => {
    const traceId = traceOf(startedIn);
    await server.stop();
    const spans = collector.spans.filter((span) => span.traceId === traceId);
    const parentOf = (span: CollectedSpan): CollectedSpan | undefined => spans.find(({ spanId }) => spanId === span.parentSpanId);
    const path = (span: CollectedSpan | undefined): string =>
      span === undefined
        ? ''
        : `${path(parentOf(span))}/${span.service.replace('loopwright', '')}:${span.name.replaceAll('/', '|')}`;
    const paths = new Set(spans.map(path));
    const root = '/:POST |api|v1|workflows|:workflow_id|start';
    for (const expected of [
      root,
      `${root}/:step generate/-generator:POST |execute/-generator:induction/-generator:induction training`,
      `${root}/:step generate/-generator:POST |execute/-generator:test program/-generator:build program`,
      `${root}/:step generate/-generator:POST |execute/-generator:test program/-generator:sandbox call`,
      `${root}/:step evaluate/-edge:POST |batch|execute/-edge:load program`,
      `${root}/:step evaluate/-edge:POST |batch|execute/-edge:sandbox call`,
      `${root}/:step promote/-edge:POST |tasks|:task_id|refresh/-edge:warm up`,
    ])
      assert.ok(paths.has(expected), `${expected} is not in\n${[...paths].join('\n')}`);
    const first = spans.find(({ name }) => name.endsWith('/start'));
    assert.equal(first?.parentSpanId, '00000000000000aa');
    for (const span of spans.filter(({ service }) => service !== 'loopwright')) {
      const parent = parentOf(span);
      assert.ok(parent !== undefined, `${span.name} stands under nothing`);
      // Clocks are read in milliseconds on both sides.
      assert.ok(span.startMs >= parent.startMs - 2 && span.endMs >= span.startMs, `${span.name} began before ${parent.name}`);
    }
    const perCall = Map.groupBy(spans, ({ parentSpanId, name }) => `${parentSpanId} ${name}`);
    assert.ok(
      [...perCall.values()].every((group) => group.length <= 100),
      'the calls of a batch are bounded',
    );
  });
});

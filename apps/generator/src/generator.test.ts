import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  type ArtifactResult,
  type Clock,
  type ErrorResponse,
  type ExecutionPlanInput,
  type JsonObject,
  artifactResultSchema,
  seededRandom,
  systemClock,
  systemRandom,
} from '@loopwright/protocol';
import { type Generator, type GeneratorOptions, createGenerator } from './generator.ts';
import { messages } from './induction/synthetic.suite.ts';

/** A service on a port of its own. */
interface Service extends AsyncDisposable {
  readonly url: string;
  readonly generator: Generator;
}

async function start(dataDir: string, options: Partial<GeneratorOptions> = {}): Promise<Service> {
  const generator = await createGenerator({ dataDir, jailPolicy: 'off', clock: systemClock, random: systemRandom, ...options });
  const url = await generator.app.listen({ host: '127.0.0.1', port: 0 });
  return { url, generator, [Symbol.asyncDispose]: () => generator[Symbol.asyncDispose]() };
}

function planOf(id: string, metadata: JsonObject = {}, rest: Partial<ExecutionPlanInput> = {}): ExecutionPlanInput {
  const induction = { agent: 'induction', program_name: 'triage', examples: messages(200, 1), ...metadata };
  return { execution_id: id, scaffolding: { task_description: 'Tell the topic' }, metadata: induction, ...rest };
}

/** A plan that keeps the agent busy for seconds. */
function longPlan(id: string): ExecutionPlanInput {
  const random = seededRandom(5);
  const examples = messages(3000, 6).map(({ input, output }) => ({
    input: {
      text: `${(input as { text: string }).text} ${Array.from({ length: 60 }, () => random.next().toString(36).slice(2)).join(' ')}`,
    },
    output,
  }));
  return planOf(id, { examples });
}

async function execute(url: string, plan: unknown, init: RequestInit = {}): Promise<Response> {
  return fetch(`${url}/execute`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(plan),
    ...init,
  });
}

async function resultOf(response: Response): Promise<ArtifactResult> {
  assert.equal(response.status, 200);
  return artifactResultSchema.parse(await response.json());
}

async function checkError(response: Response, status: number, code: string): Promise<ErrorResponse> {
  const body = (await response.json()) as ErrorResponse;
  assert.equal(response.status, status, JSON.stringify(body));
  assert.equal(body.error_code, code);
  return body;
}

async function statsOf(url: string): Promise<Record<string, number>> {
  return (await (await fetch(`${url}/stats`)).json()) as Record<string, number>;
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `waited too long for ${what}`);
    await wait(20);
  }
}

describe('generation service', () => {
  let dataDir: string;
  let service: Service;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'generator-'));
    service = await start(dataDir);
  });
  after(async () => {
    await service[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('says what it is and that it is healthy', async () => {
    const health = await (await fetch(`${service.url}/health`)).json();
    assert.deepEqual(health, { status: 'healthy', service: 'ptc', version: '0.1.0' });
    const information = (await (await fetch(service.url)).json()) as { agents: { name: string }[] };
    assert.equal(information.agents[0]?.name, 'induction');
  });

  it('generates a program, runs its cases in the sandbox, and keeps the result', async () => {
    const plan = planOf('first', { unknown_label: 'other' });
    const result = await resultOf(await execute(service.url, plan));
    assert.equal(result.status, 'SUCCESS', result.error_message ?? '');
    assert.deepEqual(
      result.artifacts.map((file) => file.file_path),
      ['program.ts', 'program.test.ts', 'MODEL_CARD.md'],
    );
    assert.equal(result.test_results?.tests_failed, 0);
    assert.ok((result.test_results?.tests_passed ?? 0) > 10);
    const { metadata } = result;
    assert.equal(metadata['agent'], 'induction');
    assert.equal(metadata['entry'], 'program.ts');
    assert.deepEqual(new Set(metadata['labels'] as string[]), new Set(['billing', 'delivery', 'account', 'other']));
    assert.ok(Number(metadata['latency_ms_p50']) < 50);
    assert.equal((metadata['warmup_inputs'] as unknown[]).length, 5);
    assert.ok((metadata['holdout'] as { accuracy: number }).accuracy > 0.9);
    assert.deepEqual(await resultOf(await fetch(`${service.url}/executions/first`)), result);
  });

  it('gives the stored result for the same plan, and refuses another plan under the same id', async () => {
    const first = await resultOf(await execute(service.url, planOf('again')));
    assert.deepEqual(
      await resultOf(await execute(service.url, { ...planOf('again'), created_at: '2026-01-01T00:00:00Z' })),
      first,
    );
    await checkError(await execute(service.url, planOf('again', { seed: 2 })), 422, 'IDEMPOTENCY_CONFLICT');
  });

  it('lets concurrent identical requests share one run', async () => {
    const earlier = (await statsOf(service.url))['total_executions'] ?? 0;
    const responses = await Promise.all(
      [1, 2, 3].map(async () => resultOf(await execute(service.url, planOf('shared', { seed: 3 })))),
    );
    assert.deepEqual(responses[0], responses[2]);
    assert.equal((await statsOf(service.url))['total_executions'], earlier + 1);
  });

  it('generates programs that estimate and that transform, and asks what the examples leave open', async () => {
    const examples = Array.from({ length: 60 }, (_, at) => ({ input: { size: at, lift: at % 3 === 0 }, output: 7 * at + 0.5 }));
    const estimated = await resultOf(await execute(service.url, planOf('estimated', { examples })));
    assert.equal(estimated.status, 'SUCCESS', estimated.error_message ?? '');
    assert.equal(estimated.metadata['goal'], 'regression');
    assert.ok((estimated.metadata['holdout'] as { mae: number }).mae < 10);

    const names = ['Ada Lovelace', 'Alan Turing', 'Grace Hopper', 'Kurt Gödel', 'Emmy Noether'];
    const given = names.map((name) => ({ input: name, output: name.split(' ')[1] ?? '' }));
    const unlabelled = { examples: given, unlabelled_inputs: ['Donald Ervin Knuth'] };
    const first = await resultOf(await execute(service.url, planOf('transformed', unlabelled)));
    assert.equal(first.metadata['goal'], 'transformation');
    const [question] = first.metadata['clarification_questions'] as { input: string; answers: { output: string }[] }[];
    assert.equal(question?.input, 'Donald Ervin Knuth');
    for (const [at, { output }] of [...new Map(question.answers.map((answer) => [answer.output, answer])).values()].entries()) {
      const plan = planOf(`answered-${at}`, { ...unlabelled, clarifications: [{ input: question.input, output }] });
      const again = await resultOf(await execute(service.url, plan));
      assert.equal(again.status, 'SUCCESS', again.error_message ?? '');
      assert.match(again.test_results?.stdout ?? '', /ok answer 1 of a person/u);
    }
    const unmet = planOf('unmet', { ...unlabelled, clarifications: [{ input: 'Donald Ervin Knuth', output: 'TeX' }] });
    const refuted = await resultOf(await execute(service.url, unmet));
    assert.equal(refuted.status, 'FAILURE');
    assert.match(refuted.warnings.join(), /cannot express/u);
  });

  it('tells a refusal as a result with status FAILURE', async () => {
    const result = await resultOf(await execute(service.url, planOf('refused', { examples: messages(5, 1) })));
    assert.equal(result.status, 'FAILURE');
    const refused = result.metadata['refused'] as { code: string; reason: string };
    assert.equal(refused.code, 'too_few_examples');
    assert.equal(result.error_message, refused.reason);
  });

  it('refuses a bad plan with pointers', async () => {
    const bad = await checkError(await execute(service.url, { execution_id: ' ', scaffolding: {} }), 400, 'VALIDATION_ERROR');
    assert.match(JSON.stringify(bad.details), /\/scaffolding\/task_description/u);
    const metadata = await checkError(await execute(service.url, planOf('x', { program_name: 'No!' })), 400, 'VALIDATION_ERROR');
    assert.match(JSON.stringify(metadata.details), /\/metadata\/program_name/u);
    await checkError(await execute(service.url, undefined, { body: '{"a":' }), 400, 'VALIDATION_ERROR');
    await checkError(
      await execute(service.url, undefined, { body: 'a', headers: { 'content-type': 'text/plain' } }),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    );
  });

  it('says what to do when a plan wants a model', async () => {
    const body = await checkError(
      await execute(service.url, planOf('model', { agent: 'model' })),
      503,
      'PROVIDER_NOT_CONFIGURED',
    );
    assert.match(body.message, /induction/u);
  });

  it('finds nothing outside its folder, and nothing unknown', async () => {
    await writeFile(join(dataDir, 'secret.json'), '{}');
    for (const id of ['nothing', '..%2Fsecret', '..%2F..%2Fsecret.json', '%00']) {
      await checkError(await fetch(`${service.url}/executions/${id}`), 404, 'EXECUTION_NOT_FOUND');
    }
    await checkError(await fetch(`${service.url}/executions/${'a'.repeat(201)}`), 400, 'VALIDATION_ERROR');
    await checkError(await fetch(`${service.url}/nowhere`), 404, 'NOT_FOUND');
  });

  it('answers other requests while it learns, and cancels when the caller goes away', async () => {
    const caller = new AbortController();
    const gone = assert.rejects(execute(service.url, longPlan('cancelled'), { signal: caller.signal }));
    await until(async () => (await fetch(`${service.url}/executions/cancelled`)).status === 202, 'the run');
    await fetch(`${service.url}/health`);
    assert.equal((await fetch(`${service.url}/executions/cancelled`)).status, 202, 'it waited for the end of the run');
    caller.abort();
    await gone;
    await until(async () => (await fetch(`${service.url}/executions/cancelled`)).status === 404, 'the end of the run');
    assert.equal((await statsOf(service.url))['running'], 0);
  });
});

describe('generation service with its own settings', () => {
  let dataDir: string;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'generator-'));
  });
  after(async () => rm(dataDir, { recursive: true, force: true }));

  it('keeps results over a restart, whatever the id looks like', async () => {
    const id = '../../weird id';
    const plan = planOf(id, {}, { enable_testing: false });
    let result: ArtifactResult;
    {
      await using service = await start(dataDir);
      result = await resultOf(await execute(service.url, plan));
      assert.equal(result.test_results, null);
    }
    await using service = await start(dataDir);
    assert.deepEqual(await resultOf(await fetch(`${service.url}/executions/${encodeURIComponent(id)}`)), result);
    assert.deepEqual(await resultOf(await execute(service.url, plan)), result);
    assert.equal((await statsOf(service.url))['total_executions'], 0);
    assert.ok((await readdir(join(dataDir, 'executions'))).every((name) => /^[0-9a-f]{64}\.json$/u.test(name)));
  });

  it('ends a run that takes longer than its time-out', async () => {
    const fast: Clock = { now: () => systemClock.now(), schedule: (delayMs, run) => systemClock.schedule(delayMs / 300, run) };
    await using service = await start(dataDir, { clock: fast });
    const result = await resultOf(await execute(service.url, { ...longPlan('slow'), timeout_seconds: 30 }));
    assert.equal(result.status, 'TIMEOUT');
    assert.equal(result.error_message, 'The generation took longer than 30 seconds');
    assert.equal((await statsOf(service.url))['running'], 0);
  });

  it('queues up to its limit and refuses the next', async () => {
    await using service = await start(dataDir, { maxConcurrent: 1, queueLimit: 1 });
    const callers = new AbortController();
    const first = assert.rejects(execute(service.url, longPlan('one'), { signal: callers.signal }));
    await until(async () => (await statsOf(service.url))['running'] === 1, 'the first run');
    const second = assert.rejects(execute(service.url, planOf('two'), { signal: callers.signal }));
    await until(async () => (await statsOf(service.url))['queued'] === 1, 'the queue');
    const third = await execute(service.url, planOf('three', { seed: 3 }));
    assert.equal(third.headers.get('retry-after'), '5');
    await checkError(third, 503, 'OVERLOADED');
    callers.abort();
    await Promise.all([first, second]);
    await until(async () => (await statsOf(service.url))['running'] === 0, 'the end');
  });

  it('wants the token where only the orchestrator may call', async () => {
    await using service = await start(dataDir, { authToken: 'secret' });
    await checkError(await execute(service.url, planOf('token')), 401, 'UNAUTHORIZED');
    assert.equal((await fetch(`${service.url}/health`)).status, 200);
    assert.equal((await fetch(`${service.url}/stats`, { headers: { authorization: 'Bearer secret' } })).status, 200);
  });
});

describe('generator module', () => {
  it('announces where it listens, serves, and ends when its supervisor is gone, even while it learns', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'generator-'));
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const child: ChildProcess = spawn(process.execPath, ['--conditions=loopwright-source', main], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    try {
      const env = { LOOPWRIGHT_GENERATOR_DATA_DIR: dataDir, LOOPWRIGHT_SANDBOX_JAIL: 'preferred' };
      child.stdin?.write(
        `${JSON.stringify({ orchestrator_api: 'http://127.0.0.1:1', module_id: 'generator', env, listen: '127.0.0.1:0' })}\n`,
      );
      assert.ok(child.stdout);
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
      const announced = JSON.parse(line) as { op: string; listen: string };
      assert.equal(announced.op, 'announce');
      const url = `http://${announced.listen}`;
      assert.equal((await fetch(`${url}/health`)).status, 200);
      const busy = execute(url, longPlan('busy')).catch(() => undefined);
      await until(async () => (await statsOf(url))['running'] === 1, 'the run');
      const exited = once(child, 'exit');
      child.stdin?.end();
      assert.deepEqual(await exited, [0, null]);
      await busy;
    } finally {
      child.kill('SIGKILL');
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type TestServer, startTestServer } from '../server-fixture.ts';

/** A run as tests look at it. */
const runSchema = z.looseObject({
  run_id: z.string(),
  /** Absent where a run is shown in short. */
  execution_id: z.string().optional(),
  profile: z.string(),
  status: z.string(),
  current_phase: z.string(),
  phases: z.array(z.looseObject({ phase: z.string(), status: z.string() })).default([]),
});
const tasksSchema = z.object({
  tasks: z.array(
    z.looseObject({
      task_id: z.string(),
      kind: z.string(),
      title: z.string(),
      questions: z.array(z.looseObject({ id: z.string(), text: z.string() })),
      subject: z.unknown(),
    }),
  ),
});

/** A question to people, as a test answers it. */
type OpenTask = z.infer<typeof tasksSchema>['tasks'][number];

/** A server process, and runs on it. */
export interface ProfileServer extends AsyncDisposable {
  readonly dir: string;
  /** What the processes have written to their logs. */
  log(): string;
  /** One request, whatever its answer. */
  ask(path: string, body?: unknown, type?: string): Promise<{ status: number; text: string }>;
  call(path: string, body?: unknown, type?: string): Promise<unknown>;
  /** Starts a run that advances by itself. */
  run(request: object): Promise<string>;
  /** Waits until a run has ended or asks people. */
  settled(id: string): Promise<{ run: z.infer<typeof runSchema>; task: OpenTask | undefined }>;
  /** Waits until a run is as it shall be. */
  until(id: string, reached: (run: z.infer<typeof runSchema>) => boolean): Promise<void>;
  /** Ends the process and starts another one on the same folder. */
  restart(flags: readonly string[]): Promise<void>;
  /** The text of an artifact. */
  file(id: string, path: string): string;
}

/** Starts one. */
export async function startProfileServer(
  flags: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<ProfileServer> {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-profile-'));
  const logs: (readonly string[])[] = [];
  const start = async (more: readonly string[]): Promise<TestServer> => {
    const started = await startTestServer(['--data-dir', dir, '--sandbox-workers', '1', ...more], environment);
    logs.push(started.log);
    return started;
  };
  let server = await start(flags);
  const ask: ProfileServer['ask'] = async (path, body, type = 'application/json') => {
    const content = typeof body === 'string' ? body : JSON.stringify(body);
    const init = body === undefined ? {} : { method: 'POST', headers: { 'content-type': type }, body: content };
    const response = await fetch(`${server.url}/api/v1${path}`, init);
    return { status: response.status, text: await response.text() };
  };
  const call: ProfileServer['call'] = async (path, body, type) => {
    const { status, text } = await ask(path, body, type);
    assert.ok(status < 300, `${path}: ${status} ${text}`);
    return JSON.parse(text);
  };
  const until: ProfileServer['until'] = async (id, reached) => {
    for (const limit = Date.now() + 60_000; ; await delay(25)) {
      const run = runSchema.parse(await call(`/runs/${id}`));
      if (reached(run)) return;
      assert.ok(Date.now() < limit, `the run is ${run.status} in ${run.current_phase}`);
    }
  };
  const settled: ProfileServer['settled'] = async (id) => {
    for (const limit = Date.now() + 120_000; ; await delay(25)) {
      const run = runSchema.parse(await call(`/runs/${id}`));
      const { tasks } = tasksSchema.parse(await call(`/tasks?state=open&execution_id=${run.execution_id}`));
      const [task] = tasks;
      if (task !== undefined || run.status !== 'running') return { run, task };
      assert.ok(Date.now() < limit, `the run is still in ${run.current_phase}`);
    }
  };
  return {
    dir,
    log: () => logs.flat().join('\n'),
    ask,
    call,
    settled,
    until,
    run: async (request) => runSchema.parse(await call('/runs', { mode: 'auto', ...request })).run_id,
    restart: async (more) => {
      await server.stop();
      server = await start(more);
    },
    file: (id, path) => readFileSync(join(dir, 'workspaces', id, 'artifacts', path), 'utf8'),
    async [Symbol.asyncDispose]() {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

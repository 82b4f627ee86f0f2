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
export type OpenTask = z.infer<typeof tasksSchema>['tasks'][number];

/** A server process, and runs on it. */
export interface ProfileServer extends AsyncDisposable {
  readonly url: string;
  readonly dir: string;
  readonly server: TestServer;
  call(path: string, body?: unknown, type?: string): Promise<unknown>;
  /** Starts a run that advances by itself. */
  run(request: object): Promise<string>;
  /** Waits until a run has ended or asks people. */
  settled(id: string): Promise<{ run: z.infer<typeof runSchema>; task: OpenTask | undefined }>;
  /** The text of an artifact. */
  file(id: string, path: string): string;
}

/** Starts one. */
export async function startProfileServer(
  flags: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<ProfileServer> {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-profile-'));
  const before = { ...process.env };
  Object.assign(process.env, environment);
  const server = await startTestServer(['--data-dir', dir, '--sandbox-workers', '1', ...flags]);
  for (const name of Object.keys(environment)) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  const call = async (path: string, body?: unknown, type = 'application/json'): Promise<unknown> => {
    const content = typeof body === 'string' ? body : JSON.stringify(body);
    const init = body === undefined ? {} : { method: 'POST', headers: { 'content-type': type }, body: content };
    const response = await fetch(`${server.url}/api/v1${path}`, init);
    const value: unknown = await response.json();
    assert.ok(response.ok, `${path}: ${JSON.stringify(value)}`);
    return value;
  };
  const settled: ProfileServer['settled'] = async (id) => {
    for (const limit = Date.now() + 120_000; ; await delay(25)) {
      const run = runSchema.parse(await call(`/runs/${id}`));
      const { tasks } = tasksSchema.parse(await call(`/tasks?state=open&execution_id=${id}`));
      const [task] = tasks;
      if (task !== undefined || run.status !== 'running') return { run, task };
      assert.ok(Date.now() < limit, `the run is still in ${run.current_phase}`);
    }
  };
  return {
    url: server.url,
    dir,
    server,
    call,
    settled,
    run: async (request) => runSchema.parse(await call('/runs', { mode: 'auto', ...request })).run_id,
    file: (id, path) => readFileSync(join(dir, 'workspaces', id, 'artifacts', path), 'utf8'),
    async [Symbol.asyncDispose]() {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

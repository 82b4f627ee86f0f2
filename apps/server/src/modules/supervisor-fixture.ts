import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ModuleLogEntry, ModuleSpec, ModuleState, SupervisionTimes } from './module-spec.ts';
import { Supervisor, type SupervisorOptions } from './supervisor.ts';

/** A module that imports nothing and starts quickly. */
export const PLAIN: ModuleSpec['launch'] = { kind: 'node', entry: join(import.meta.dirname, 'fixtures', 'plain-child.ts') };

const QUICK: Partial<SupervisionTimes> = { backOffMinMs: 10, backOffMaxMs: 40 };

/** A supervisor of one module, `child`, and what it logged. */
export interface Supervised extends AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly logs: readonly ModuleLogEntry[];
  state(): ModuleState;
  running(): Promise<void>;
  /** Asks a path of the module over whatever way is best, and gives the status and the text. */
  ask(path: string, more?: object): Promise<{ status: number; text: string }>;
}

/** Starts a plain module in a mode. */
export function supervise(
  mode: string,
  times: Partial<SupervisionTimes> = {},
  more: Partial<ModuleSpec> = {},
  options: Partial<SupervisorOptions> = {},
): Supervised {
  const logs: ModuleLogEntry[] = [];
  const child: ModuleSpec = { id: 'child', launch: PLAIN, listen: '127.0.0.1:0', env: { MODE: mode }, ...more };
  const supervisor = new Supervisor({
    modules: [child],
    orchestratorApi: 'http://127.0.0.1:1',
    log: (line) => logs.push(line),
    times: { ...QUICK, ...times },
    ...options,
  });
  supervisor.start();
  return {
    supervisor,
    logs,
    state: () => {
      const [only] = supervisor.state();
      assert.ok(only);
      return only;
    },
    running: () => supervisor.waitUntilRunning('child', 60_000),
    ask: async (path, request = {}) => {
      const { status, body } = await supervisor.request('child', { method: 'GET', uri: path, ...request });
      return { status, text: await new Response(body as ConstructorParameters<typeof Response>[0]).text() };
    },
    [Symbol.asyncDispose]: () => supervisor.stop(),
  };
}

/** Waits until something holds. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 60_000; !holds(); await delay(5))
    if (performance.now() > deadline) assert.fail(`${what} did not come true`);
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

import { type Sandbox, noJail, openSandbox } from '@loopwright/edge';
import { type ScriptedAnswer, type ScriptedProvider, startProvider } from '@loopwright/models/scripted';
import { type ExecutionPlan, type JsonObject, executionPlanSchema, systemClock, systemRandom } from '@loopwright/protocol';
import type { Agent, AgentEvent, AgentResult } from '../agent/agent.ts';
import { openPythonWall } from '../grading/python/python-wall.ts';
import type { ToolServer } from '../tools/host-tool.ts';
import { openModelAgent } from './open-model-agent.ts';

/** Keys that must not be seen anywhere but in the headers of requests. */
export const KEYS = { primary: 'sk-primary-0f8e7d6c5b4a', fallback: 'sk-fallback-1a2b3c4d5e' };

/** An agent in front of two scripted providers: `claude` of a plan is the first, `kimi` the second. */
export interface AgentFixture extends AsyncDisposable {
  readonly agent: Agent;
  readonly primary: ScriptedProvider;
  readonly fallback: ScriptedProvider;
  readonly sandbox: () => Promise<Sandbox>;
  /** Lines that the agent logged. */
  readonly logged: readonly string[];
  /** Runs a plan; what is left out has the plan's defaults. */
  run(
    plan: Partial<JsonObject> & { metadata?: JsonObject },
    signal?: AbortSignal,
  ): Promise<{ result: AgentResult; events: AgentEvent[] }>;
}

/** Opens both providers, one sandbox and the agent. */
export async function openAgentFixture(
  environment: Record<string, string> = {},
  {
    localTools = [],
    timeoutMs = 1000,
    python = openPythonWall,
  }: {
    readonly localTools?: readonly ToolServer[];
    readonly timeoutMs?: number;
    readonly python?: typeof openPythonWall;
  } = {},
): Promise<AgentFixture> {
  await using stack = new AsyncDisposableStack();
  const primary = stack.use(await startProvider());
  const fallback = stack.use(await startProvider());
  let opened: Promise<Sandbox> | undefined;
  stack.defer(async () => (await opened)?.close());
  const sandbox = (): Promise<Sandbox> =>
    (opened ??= openSandbox({ clock: systemClock, jail: noJail, workers: 1, timeoutMs, memoryLimitMb: 64 }));
  const logged: string[] = [];
  const agent = stack.use(
    openModelAgent({
      environment: {
        PATH: process.env['PATH'] ?? '',
        LOOPWRIGHT_LLM_CLAUDE: 'openai/gpt-4o-mini',
        LOOPWRIGHT_OPENAI_BASE_URL: primary.url,
        OPENAI_API_KEY: KEYS.primary,
        LOOPWRIGHT_MODEL_BASE_URL: fallback.url,
        LOOPWRIGHT_MODEL_API_KEY: KEYS.fallback,
        LOOPWRIGHT_MODEL_RETRY_DELAY_SECONDS: '0.001',
        ...environment,
      },
      sandbox,
      jail: async () => noJail,
      python,
      localTools,
      clock: systemClock,
      random: systemRandom,
      log: (message) => logged.push(message),
    }),
  );
  const owned = stack.move();
  return {
    agent,
    primary,
    fallback,
    sandbox,
    logged,
    run: async (plan, signal = new AbortController().signal) => {
      const events: AgentEvent[] = [];
      const full = planOf(plan);
      agent.check(full);
      const result = await agent.run(full, { signal, onEvent: (event) => events.push(event) });
      return { result, events };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A plan with its defaults. */
export function planOf(plan: Partial<JsonObject>): ExecutionPlan {
  return executionPlanSchema.parse({ execution_id: 'e-1', scaffolding: { task_description: 'Double a number' }, ...plan });
}

/** An answer that gives files, `{ path: content }`. */
export function submission(files: Record<string, string>, summary = 'It doubles.'): ScriptedAnswer {
  const list = Object.entries(files).map(([path, content]) => ({ path, content }));
  return { text: '', calls: [{ name: 'submit_files', arguments: { summary, files: list } }] };
}

/** Files of a program that is right. */
export const DOUBLE = {
  'program.ts': 'export function run({ n }: { n: number }): number {\n  return n * 2;\n}\n',
  'program.test.ts': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from './program.ts';
test('doubles', () => assert.equal(run({ n: 2 }), 4));
`,
};

/** Labelled examples of it. */
export const DOUBLES = Array.from({ length: 12 }, (_, n) => ({ input: { n }, output: n * 2 }));

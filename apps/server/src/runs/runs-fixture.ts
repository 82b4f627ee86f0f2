import { defineFunction } from '@loopwright/engine';
import {
  type AdvanceRunResponse,
  type MetricsSummary,
  type RunDetail,
  type RunSummary,
  advanceRunResponseSchema,
  metricsSummarySchema,
  runDetailSchema,
  runSummarySchema,
} from '@loopwright/protocol';
import { z } from 'zod';
import { type Answer, type TestServer, type TestServerOptions, openServer } from '../http/app-fixture.ts';
import type { Workspaces } from './workspace/workspaces.ts';

/** The headers of somebody who may create and advance runs on the face of `seeds/001`. */
export const ANN = { 'x-user-id': 'ann', 'x-user-email': 'ann@example.com' };

const documentOf = (name: string, phases: object, body: string): string => `
document: { dsl: '1.0.0', namespace: test, name: ${name}, version: '1.0.0', metadata: { profile: ${JSON.stringify({ title: name, phases })} } }
${body}`;

/** Profiles of tests. */
const PROFILES = {
  /** Three phases that write, spend and give something on. */
  small: documentOf(
    'small-one',
    { planning: { agents: ['architect'] }, development: {}, qa: { agents: ['qa'], gates: ['ready'] } },
    `
do:
  - planning: { do: [{ plan: { call: write, with: { phase: planning, name: PRD.md, text: '\${ .intake }', agent: architect, tokens: [100, 20], usd: '0.25', expected: ['0.2', '0.1', '0.3'] } } }], output: { as: '\${ { planned: . } }' } }
  - development: { do: [{ build: { call: write, with: { phase: development, name: src/program.ts, text: 'export const run = 1;', agent: developer, tokens: [10, 5], usd: '0.5' } } }], output: { as: '\${ { built: . } }' } }
  - qa:
      do:
        - gate:
            if: '\${ $context.advance.skip_validation | not }'
            call: accept
            with: { title: Good enough?, doc_type: build, subject: '\${ . }' }
        - report: { call: write, with: { phase: qa, name: report.md, text: '\${ "advanced by \\($context.advance.by)" }' } }`,
  ),
  /** Waits in its first phase until the test lets it go, then fails in the second until the test repairs it. */
  rough: documentOf(
    'rough',
    { planning: {}, extra: {}, development: {}, documentation: {} },
    `
input: { schema: { document: { type: object, properties: { inputs: { type: object, properties: { number: { type: number } } } } } } }
do:
  - planning: { do: [{ work: { call: hold } }] }
  - extra: { if: '\${ $workflow.input.inputs.extra == true }', do: [{ more: { call: note, with: { value: 1 } } }] }
  - development: { do: [{ first: { call: count, with: { id: first } } }, { broken: { call: repairable } }] }
  - documentation: { do: [{ last: { call: count, with: { id: last } } }] }`,
  ),
  /** Three phases that count, for sequences of commands. */
  counted: documentOf(
    'counted',
    { one: {}, two: {}, three: {} },
    `
do:
  - one: { do: [{ first: { call: count, with: { id: '\${ "\\($workflow.input.run_id) one" }' } } }, { second: { call: note, with: { value: 1 } } }] }
  - two: { do: [{ first: { call: count, with: { id: '\${ "\\($workflow.input.run_id) two" }' } } }] }
  - three: { do: [{ first: { call: count, with: { id: '\${ "\\($workflow.input.run_id) three" }' } } }] }`,
  ),
} as const;

/** A server with the profiles, and what tests do to their phases. */
export interface RunServer extends TestServer {
  /** How often a step of `count` was executed, by id. */
  readonly counts: ReadonlyMap<string, number>;
  /** Lets `repairable` succeed from now on. */
  readonly repair: () => void;
}

/** Opens a server with the profiles of tests. */
export async function openRunServer(
  options: TestServerOptions = {},
  counts: Map<string, number> = new Map(),
): Promise<RunServer> {
  let isRepaired = false;
  const found: { workspaces?: Workspaces } = {};
  const write = defineFunction({
    description: 'Writes an artifact and says what that used',
    arguments: z.strictObject({
      phase: z.string(),
      name: z.string(),
      text: z.string().nullable(),
      agent: z.string().optional(),
      tokens: z.tuple([z.number(), z.number()]).optional(),
      usd: z.string().optional(),
      /** What it was expected to cost, and from where to where. */
      expected: z.tuple([z.string(), z.string(), z.string()]).optional(),
    }),
    run: ({ args, execution, step }) =>
      step(async ({ spend }) => {
        const { phase, name, text, agent, tokens, usd, expected } = args;
        const [likely = '', low = '', high = ''] = expected ?? [];
        const [inputTokens, outputTokens] = tokens ?? [];
        if (agent !== undefined && inputTokens !== undefined && outputTokens !== undefined)
          spend({
            agent,
            provider: 'test',
            model: 'm-1',
            inputTokens,
            outputTokens,
            ...(usd === undefined ? {} : { costUsd: usd }),
            ...(expected === undefined ? {} : { expected: { usd: likely, lowUsd: low, highUsd: high } }),
          });
        const workspace = await found.workspaces?.ofExecution(execution.executionId);
        return { digest: (await workspace?.write(phase, name, text ?? ''))?.digest ?? null };
      }),
  });
  const count = defineFunction({
    description: 'Counts how often it is executed',
    arguments: z.strictObject({ id: z.string() }),
    run: ({ args: { id }, step }) =>
      step(async () => {
        counts.set(id, (counts.get(id) ?? 0) + 1);
        return counts.get(id) ?? 0;
      }),
  });
  const repairable = defineFunction({
    description: 'Fails until it is repaired',
    arguments: z.strictObject({}),
    run: ({ step }) =>
      step(async () => {
        if (!isRepaired) throw new Error('It is broken');
        return null;
      }),
  });
  const server = await openServer({ definitions: PROFILES, functions: { write, count, repairable }, ...options });
  found.workspaces = server.workspaces;
  const repair = (): void => {
    isRepaired = true;
  };
  return Object.assign(server, { counts, repair });
}

/** Creates a run on the face of `seeds/001`. */
export async function createOne(server: TestServer, body: object): Promise<RunSummary> {
  return runSummarySchema.parse(expectStatus(await server.post('/runs', body, ANN), 201));
}

/** Advances a run and gives the answer. */
export async function nextOf(server: TestServer, runId: string, body?: object): Promise<AdvanceRunResponse> {
  return advanceRunResponseSchema.parse(expectStatus(await server.post(`/runs/${runId}/next`, body, ANN), 200));
}

/** A run as it is now. */
export async function detailOf(server: TestServer, runId: string): Promise<RunDetail> {
  return runDetailSchema.parse(expectStatus(await server.get(`/runs/${runId}`), 200));
}

/** The metrics of a run. */
export async function metricsOf(server: TestServer, runId: string): Promise<MetricsSummary> {
  return metricsSummarySchema.parse(expectStatus(await server.get(`/runs/${runId}/metrics`), 200));
}

/** The body of an answer, which must have the status. */
export function expectStatus({ status, body }: Answer, expected: number): unknown {
  if (status !== expected) throw new Error(`Cannot go on: the answer is ${status} ${JSON.stringify(body)}`);
  return body;
}

/** Asks until the run meets the condition, at most 10 s. */
export async function untilRun(server: TestServer, runId: string, condition: (run: RunDetail) => boolean): Promise<RunDetail> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const run = await detailOf(server, runId);
    if (condition(run)) return run;
    if (performance.now() > deadline) throw new Error(`Cannot wait any longer: the run is ${JSON.stringify(run)}`);
    await new Promise((resolve) => void setTimeout(resolve, 3));
  }
}

import { defineFunction } from '@loopwright/engine';
import { type HumanTask, type RunGovernance, humanTaskSchema, runGovernanceSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { type TestServer, type TestServerOptions, openServer } from '../http/app-fixture.ts';
import { expectStatus } from '../runs/runs-fixture.ts';
import type { Workspaces } from '../runs/workspace/workspaces.ts';

const profile = (name: string, phases: readonly string[], body: string): string => `
document: { dsl: '1.0.0', namespace: test, name: ${name}, version: '1.0.0', metadata: { profile: ${JSON.stringify({ title: name, phases: Object.fromEntries(phases.map((phase) => [phase, {}])) })} } }
do:
${body}`;

/** A phase that writes the files which the run was given for it, and checks them. */
const phase = (name: string): string => `
  - ${name}:
      do:
        - write-${name}: { call: writeAll, with: { phase: ${name}, files: '\${ $workflow.input.inputs.${name} }' } }
        - check-${name}: { call: check, with: { phase: ${name}, skip: '\${ $context.advance.skip_validation }', skipped_by: '\${ $context.advance.by }' } }`;

/** Profiles whose phases write what they are told and are checked. */
const CHECKED_PROFILES: Readonly<Record<string, string>> = {
  checked: profile('checked', ['planning', 'development', 'qa'], ['planning', 'development', 'qa'].map(phase).join('')),
};

/** A server with gates and checkpoints. */
export async function openGovernedServer(options: TestServerOptions = {}): Promise<TestServer> {
  const found: { workspaces?: Workspaces } = {};
  const writeAll = defineFunction({
    description: 'Writes files into the folder of a phase',
    arguments: z.strictObject({ phase: z.string(), files: z.record(z.string(), z.string()).nullable() }),
    run: ({ args, execution, step }) =>
      step(async () => {
        const workspace = await found.workspaces?.ofExecution(execution.executionId);
        for (const [name, text] of Object.entries(args.files ?? {})) await workspace?.write(args.phase, name, text);
        return Object.keys(args.files ?? {}).length;
      }),
  });
  const server = await openServer({
    definitions: CHECKED_PROFILES,
    withGovernance: true,
    ...options,
    functions: { writeAll, ...options.functions },
  });
  found.workspaces = server.workspaces;
  return server;
}

/** What the gates said of a run. */
export async function governanceOf(server: TestServer, runId: string): Promise<RunGovernance> {
  return runGovernanceSchema.parse(expectStatus(await server.get(`/api/v1/runs/${runId}/governance`), 200));
}

/** The open questions of a run. */
export async function openTasks(server: TestServer, executionId: string): Promise<HumanTask[]> {
  const body = z
    .object({ tasks: z.array(z.unknown()) })
    .parse(expectStatus(await server.get(`/api/v1/tasks?execution_id=${executionId}`), 200));
  return body.tasks.map((task) => humanTaskSchema.parse(task));
}

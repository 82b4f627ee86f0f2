import type { NewRun } from '@loopwright/client';
import { type ArtifactsResponse, type Json, type RunDetail, runStatusSchema, toJson } from '@loopwright/protocol';
import { Command } from 'commander';
import { type ServerFlags, serverCommands } from './server-commands.ts';

/** `loopwright run …`: creates, advances, lists and shows runs of a running server. `print` writes a result. */
export function runCommand(write: (text: string) => void): Command {
  const command = new Command('run').description('Create, advance and read runs of profiles on a running server');
  const { add, at } = serverCommands(command, write);
  add('create <profile>', 'Create a run')
    .option('--intake <text>', 'what is wanted')
    .option('--name <name>', 'name of the project')
    .option('--inputs <json>', 'what the profile works on, as a JSON object', parseObject)
    .option('--auto', 'advance by itself')
    .action(
      async (
        profile: string,
        flags: ServerFlags & { intake?: string; name?: string; inputs?: NewRun['inputs']; auto?: boolean },
      ) => {
        const { client, print } = at(flags);
        const run = await client.runs.create({
          profile,
          mode: flags.auto === true ? 'auto' : 'manual',
          ...(flags.intake === undefined ? {} : { intake: flags.intake }),
          ...(flags.name === undefined ? {} : { project_name: flags.name }),
          ...(flags.inputs === undefined ? {} : { inputs: flags.inputs }),
        });
        print(run, [`${run.run_id}  ${run.profile}  ${run.status}  ${run.current_phase}`]);
      },
    );
  add('next <run>', 'Run the next phase')
    .option('--skip-validation', "skip the phase's gates; that is recorded")
    .action(async (id: string, flags: ServerFlags & { skipValidation?: boolean }) => {
      const { client, print } = at(flags);
      const answer = await client.runs.next(id, { skipValidation: flags.skipValidation === true });
      print(answer, [answer.message]);
    });
  add('list', 'List runs, the newest first')
    .option('--status <status>', 'only those of a status')
    .option('--profile <profile>', 'only those of a profile')
    .option('--query <text>', 'only those whose id, name, intake or profile contains a text')
    .option('--limit <n>', 'how many at the most', Number)
    .action(async (flags: ServerFlags & { status?: string; profile?: string; query?: string; limit?: number }) => {
      const { client, print } = at(flags);
      const { status, profile, query: q, limit } = flags;
      const page = await client.runs.list({ status: runStatusSchema.optional().parse(status), profile, q, limit });
      const lines = page.runs.map(
        (run) => `${run.run_id}  ${run.status.padEnd(9)}  ${run.current_phase}  ${run.profile}  ${run.project_name ?? ''}`,
      );
      print(toJson(page), [...lines, `${page.runs.length} of ${page.total}`]);
    });
  add('show <run>', 'Show a run and its phases').action(async (id: string, flags: ServerFlags) => {
    const { client, print } = at(flags);
    const run = await client.runs.get(id);
    const { sentence } = await client.runs.why(id);
    print(toJson(run), [...detailLines(run), sentence]);
  });
  add('metrics <run>', 'Show what was measured of a run').action(async (id: string, flags: ServerFlags) => {
    const { client, print } = at(flags);
    const metrics = await client.runs.metrics(id);
    print(toJson(metrics), [JSON.stringify(metrics, null, 2)]);
  });
  add('artifacts <run>', 'List the artifacts of a run').action(async (id: string, flags: ServerFlags) => {
    const { client, print } = at(flags);
    const answer = await client.runs.artifacts(id);
    print(toJson(answer), artifactLines(answer));
  });
  return command;
}

function detailLines({ run_id, profile, project_name, status, phases }: RunDetail): string[] {
  const rows = phases.map(({ phase, status: state, duration_seconds: seconds, artifacts_count: count }) => {
    const took = seconds === null ? '' : `  ${seconds.toFixed(1)} s`;
    return `  ${phase.padEnd(16)}  ${state.padEnd(11)}  ${count} artifacts${took}`;
  });
  return [`${run_id}  ${profile}  ${project_name ?? ''}  ${status}`, ...rows];
}

function artifactLines({ artifacts_by_phase: phases, total_count: total }: ArtifactsResponse): string[] {
  const rows = Object.values(phases)
    .flat()
    .map(
      ({ artifact_id: id, artifact_type: type, size_bytes: bytes, hash }) =>
        `${hash.slice(0, 12)}  ${String(bytes).padStart(9)}  ${type.padEnd(13)}  ${id}`,
    );
  return [...rows, `${total} artifacts`];
}

function parseObject(text: string): Record<string, Json> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError('Cannot read the inputs: they are no JSON object');
  return value as Record<string, Json>;
}

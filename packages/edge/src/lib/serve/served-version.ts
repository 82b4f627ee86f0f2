import { type Clock, type Json, PlatformError, type ProgramMetadata } from '@loopwright/protocol';
import type { Sandbox, SandboxProgram } from '../sandbox/sandbox.ts';
import type { StoredProgram } from '../store/version-folder.ts';
import { WARM_UP_CALLS, WARM_UP_CONCURRENCY, WARM_UP_MS } from './limits.ts';
import type { SchemaCheck } from './schema-check.ts';
import type { SchemaChecks } from './schema-checks.ts';

/** A version that is ready to run. */
export interface ServedVersion {
  readonly metadata: ProgramMetadata;
  readonly program: SandboxProgram;
  readonly checkInput: SchemaCheck;
  readonly checkOutput: SchemaCheck;
}

/** Makes a version ready. @throws PlatformError INVALID_PROGRAM when one of its schemas cannot be compiled; LANGUAGE_UNAVAILABLE when it cannot be run here. */
export async function serveVersion({ metadata, code }: StoredProgram, schemas: SchemaChecks): Promise<ServedVersion> {
  const tenant = tenantOf(metadata);
  return {
    metadata,
    program: { key: metadata.digest, code, tenant, language: metadata.language },
    checkInput: await schemas.of(metadata.input_schema, tenant),
    checkOutput: await schemas.of(metadata.output_schema, tenant),
  };
}

/** Whose program it is, as whoever stored it says: the control plane writes the project. Programs of nobody in particular share processes. */
function tenantOf({ metadata }: ProgramMetadata): string | undefined {
  const { tenant } = metadata;
  return typeof tenant === 'string' && tenant.length <= 200 ? tenant : undefined;
}

/**
 * Runs a version on its own `warmup_inputs`, so that the first request finds it loaded and compiled: first of all it is found out whether its calls may share
 * an evaluation, where that does not take too long.
 *
 * @throws PlatformError PROGRAM_FAILED when not one of the calls succeeds: such a version must not take over.
 */
export async function warmUp({ metadata, program }: ServedVersion, sandbox: Sandbox, clock: Clock): Promise<void> {
  const inputs: Json | undefined = metadata.metadata['warmup_inputs'];
  if (!Array.isArray(inputs) || inputs.length === 0) return;
  const texts = inputs.slice(0, WARM_UP_CALLS).map((input) => JSON.stringify(input));
  const tooLong = Promise.withResolvers<undefined>();
  const stopTimer = clock.schedule(WARM_UP_MS, () => tooLong.resolve(undefined));
  await Promise.race([sandbox.prepare(metadata.language, program), tooLong.promise]).finally(stopTimer);
  const deadline = clock.now() + WARM_UP_MS;
  let succeeded = 0;
  let message = '';
  for (let done = 0; done < WARM_UP_CALLS && clock.now() < deadline; done += WARM_UP_CONCURRENCY) {
    const batch = Array.from({ length: WARM_UP_CONCURRENCY }, (_, n) => texts[(done + n) % texts.length] ?? 'null');
    for (const result of await Promise.all(batch.map((text) => sandbox.run(program, text)))) {
      if (result.status === 'success') succeeded += 1;
      else ({ message } = result);
    }
    if (succeeded === 0) {
      throw new PlatformError(
        'PROGRAM_FAILED',
        `Cannot warm up version ${metadata.version} of "${metadata.task_id}": ${message}`,
      );
    }
  }
}

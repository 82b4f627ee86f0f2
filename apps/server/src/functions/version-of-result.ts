import type { ProgramStore } from '@loopwright/edge';
import { type ArtifactResult, type JsonObject, PlatformError, type ProgramLanguage } from '@loopwright/protocol';
import { z } from 'zod';

/** Languages by the ends of names of files. */
const LANGUAGES: Readonly<Record<string, ProgramLanguage>> = {
  ts: 'typescript',
  mts: 'typescript',
  js: 'typescript',
  mjs: 'typescript',
  py: 'python',
};

/**
 * What the store is given of a result: the program, the files beside it, and what is known about it. The name of the program's file says its language;
 * JavaScript is stored as TypeScript without types, which it is.
 *
 * @throws PlatformError GENERATION_FAILED: the program is missing, or is in no language that is served
 */
export function versionOf(
  result: ArtifactResult,
  {
    execution,
    inputCharacters,
  }: { execution: { readonly executionId: string; readonly projectId: string }; inputCharacters: number },
): Omit<Parameters<ProgramStore['store']>[1], 'id'> {
  const entry = typeof result.metadata['entry'] === 'string' ? result.metadata['entry'] : 'program.ts';
  const program = result.artifacts.find(({ file_path }) => file_path === entry);
  if (program === undefined) {
    throw new PlatformError('GENERATION_FAILED', `Cannot store the program: the generation service sent no file "${entry}"`);
  }
  const language = LANGUAGES[entry.slice(entry.lastIndexOf('.') + 1)];
  if (language === undefined)
    throw new PlatformError(
      'GENERATION_FAILED',
      `Cannot store the program: "${entry.slice(0, 200)}" is in no language that is served`,
    );
  const { input_schema, output_schema, warmup_inputs, ...report } = result.metadata;
  return {
    source: program.content,
    files: Object.fromEntries(
      result.artifacts.filter((file) => file !== program).map(({ file_path, content }) => [file_path, content]),
    ),
    metadata: {
      language,
      input_schema: objectOr(input_schema),
      output_schema: objectOr(output_schema),
      synthesis_strategy: result.metadata['agent'] === 'model' ? 'auto' : 'ml',
      confidence_score: accuracyOf(report['holdout']),
      llm_provider: result.llm_usage.at(-1)?.provider ?? null,
      llm_model: result.llm_usage.at(-1)?.model ?? null,
      generation_cost: result.llm_usage.reduce((sum, { cost_usd }) => sum + (cost_usd ?? 0), 0),
      generation_time_sec: result.duration_seconds,
      status: 'validated',
      metadata: {
        execution_id: execution.executionId,
        tenant: execution.projectId,
        input_characters_p50: inputCharacters,
        warmup_inputs: warmup_inputs ?? [],
        written_in: entry.endsWith('js') ? 'javascript' : language,
        report,
      },
    },
  };
}

/** The share that the generator itself measured; the source's default when it says none. */
function accuracyOf(holdout: unknown): number {
  const parsed = z.looseObject({ accuracy: z.number().min(0).max(1) }).safeParse(holdout);
  return parsed.success ? parsed.data.accuracy : 0.5;
}

function objectOr(value: unknown): JsonObject {
  const parsed = z.record(z.string(), z.json()).safeParse(value);
  return parsed.success ? parsed.data : {};
}

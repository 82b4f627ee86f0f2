import { mkdir, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ArtifactResult, type CodeArtifact, messageOf, type Random, systemRandom } from '@loopwright/protocol';
import { type Admission, admit } from './admit.ts';
import { ArtifactProcessorError } from './artifact-processor-error.ts';
import { artifactSummary } from './artifact-summary.ts';
import { commitTogether, type PlannedWrite } from './commit-together.ts';
import type { ProcessingStats, RefusedArtifact } from './processing-stats.ts';
import { stageWrite } from './staged-write.ts';
import { inspectTarget, lstatOrNothing, makeFolders, type Target } from './target.ts';
import { validateResult } from './validate-result.ts';

/** Where and how artifacts are written. */
export interface ArtifactProcessorOptions {
  /** The folder that nothing leaves. Made when it is missing, unless folders are not to be made. */
  readonly basePath: string;
  /** Replaces files that are there; `false` keeps and counts them as skipped. `true` when left out. */
  readonly overwrite?: boolean;
  /** Makes missing folders; `false` skips the artifacts that need them. `true` when left out. */
  readonly createDirs?: boolean;
  /** Counts what would be done and touches nothing. */
  readonly dryRun?: boolean;
  /** Writes all artifacts of a result or none. `false` when left out: a refused artifact does not stop the others. */
  readonly allOrNothing?: boolean;
  readonly random?: Random;
}

type Outcome = 'written' | 'skipped';

/**
 * Writes the artifacts of a generation below one folder. Each file appears whole or not at all. No other process may change the
 * folder at the same time: Node has no way to open a file relative to a folder that it holds.
 */
export class ArtifactProcessor {
  readonly #options: Required<ArtifactProcessorOptions>;

  constructor(options: ArtifactProcessorOptions) {
    if (options.basePath === '')
      throw new ArtifactProcessorError('Cannot write artifacts: the base path is empty', { code: 'INVALID_CONFIGURATION' });
    this.#options = {
      overwrite: true,
      createDirs: true,
      dryRun: false,
      allOrNothing: false,
      random: systemRandom,
      ...options,
      basePath: resolve(options.basePath),
    };
  }

  /** Writes the artifacts of a result. What is refused is in the statistics; nothing of it is thrown. */
  async processResult(result: ArtifactResult): Promise<ProcessingStats> {
    const admissions = admit(result.artifacts);
    const outcomes = this.#options.allOrNothing ? await this.#writeTogether(admissions) : await this.#writeEach(admissions);
    const refused: RefusedArtifact[] = [];
    const filesByType: Record<string, number> = {};
    const counts = { written: 0, skipped: 0 };
    for (const [index, artifact] of result.artifacts.entries()) {
      const outcome = outcomes[index];
      if (outcome === 'written' || outcome === 'skipped') {
        counts[outcome] += 1;
        filesByType[artifact.artifact_type] = (filesByType[artifact.artifact_type] ?? 0) + 1;
      } else refused.push({ file_path: artifact.file_path, reason: outcome?.reason ?? 'it was not processed' });
    }
    return {
      execution_id: result.execution_id,
      status: result.status,
      total_artifacts: result.artifacts.length,
      ...counts,
      errors: refused.length,
      files_by_type: filesByType,
      refused,
    };
  }

  /**
   * Writes the artifacts of a result and tells what {@link validateResult} finds.
   *
   * @throws {@link ArtifactProcessorError} with `failOnWarnings`, when there is a warning; then nothing is written.
   */
  async processWithValidation(
    result: ArtifactResult,
    options: { readonly failOnWarnings?: boolean } = {},
  ): Promise<ProcessingStats & { readonly validation_warnings: readonly string[] }> {
    const warnings = this.validateResult(result);
    if (options.failOnWarnings === true && warnings.length > 0)
      throw new ArtifactProcessorError(`Validation failed with ${warnings.length} warnings: ${warnings.join('; ')}`, {
        details: { validation_warnings: warnings },
      });
    return { ...(await this.processResult(result)), validation_warnings: warnings };
  }

  /** See {@link validateResult}. */
  validateResult(result: ArtifactResult): string[] {
    return validateResult(result);
  }

  /** See {@link artifactSummary}. */
  getArtifactSummary(result: ArtifactResult): string {
    return artifactSummary(result);
  }

  /**
   * Writes one artifact. Gives whether it was written (in a dry run: would have been); `false` means skipped.
   *
   * @throws {@link ArtifactProcessorError} with the reason, when it is refused or the write fails.
   */
  async writeArtifact(artifact: CodeArtifact): Promise<boolean> {
    const [outcome] = await this.#writeEach(admit([artifact]));
    if (typeof outcome === 'string') return outcome === 'written';
    throw new ArtifactProcessorError(`Cannot write artifact "${artifact.file_path}": ${outcome?.reason ?? 'unknown reason'}`, {
      cause: outcome?.cause,
    });
  }

  async #writeEach(admissions: readonly Admission[]): Promise<(Outcome | { reason: string; cause?: unknown })[]> {
    const outcomes: (Outcome | { reason: string; cause?: unknown })[] = [];
    const base = await this.#openBase();
    const planned = new Set<string>();
    for (const admission of admissions) {
      if ('reason' in admission) outcomes.push(admission);
      else
        outcomes.push(
          await this.#writeOne(base, admission, planned).catch((cause: unknown) => ({ reason: messageOf(cause), cause })),
        );
    }
    return outcomes;
  }

  async #writeOne(base: string | undefined, { names, content }: PlannedWrite, planned: Set<string>): Promise<Outcome> {
    const target = base === undefined ? undefined : await inspectTarget(base, names);
    const path = names.join('/');
    if (this.#isSkipped(target, planned.has(path))) return 'skipped';
    planned.add(path);
    if (this.#options.dryRun || target === undefined) return 'written';
    await makeFolders(target);
    const staged = await stageWrite(target, content, this.#options.random.uuid());
    try {
      return (await staged.commit(this.#options.overwrite)) ? 'written' : 'skipped';
    } finally {
      await staged.discard();
    }
  }

  #isSkipped(target: Target | undefined, plannedBefore: boolean): boolean {
    const { overwrite, createDirs } = this.#options;
    if (!overwrite && (plannedBefore || target?.exists === true)) return true;
    return !createDirs && (target === undefined || target.missingFolders.length > 0);
  }

  async #writeTogether(admissions: readonly Admission[]): Promise<(Outcome | { reason: string })[]> {
    const refuseAll = (at: number, reason: string): { reason: string }[] =>
      admissions.map((admission, index) => {
        if ('reason' in admission) return { reason: admission.reason };
        return { reason: index === at ? reason : 'another artifact of the result was refused, and all or none are written' };
      });
    const bad = admissions.findIndex((admission) => 'reason' in admission);
    if (bad !== -1) return refuseAll(bad, '');
    const base = await this.#openBase();
    const outcomes: Outcome[] = [];
    const planned = new Map<string, PlannedWrite & { target: Target }>();
    for (const [index, admission] of admissions.entries()) {
      if ('reason' in admission) continue;
      try {
        const target = base === undefined ? undefined : await inspectTarget(base, admission.names);
        const path = admission.names.join('/');
        const skipped = this.#isSkipped(target, planned.has(path));
        outcomes.push(skipped ? 'skipped' : 'written');
        if (!skipped && target !== undefined) planned.set(path, { ...admission, target });
      } catch (error) {
        return refuseAll(index, messageOf(error));
      }
    }
    if (this.#options.dryRun) return outcomes;
    const failure = await commitTogether([...planned.values()], this.#options.random);
    return failure === undefined ? outcomes : refuseAll(failure.index, failure.reason);
  }

  /** The real path of the base; nothing when it does not exist and is not to be made. */
  async #openBase(): Promise<string | undefined> {
    const { basePath, createDirs, dryRun } = this.#options;
    if ((await lstatOrNothing(basePath)) === undefined) {
      if (dryRun || !createDirs) return undefined;
      await mkdir(basePath, { recursive: true });
    }
    return realpath(basePath);
  }
}

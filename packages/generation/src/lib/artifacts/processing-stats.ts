import type { ArtifactResult } from '@loopwright/protocol';

/** An artifact that was not written, and why. */
export interface RefusedArtifact {
  readonly file_path: string;
  readonly reason: string;
}

/** What processing a result came to; the names are the source's. */
export interface ProcessingStats {
  readonly execution_id: string;
  readonly status: ArtifactResult['status'];
  readonly total_artifacts: number;
  /** Files written; in a dry run, files that would have been. */
  readonly written: number;
  /** Files that were there already, or whose folder is missing while folders are not to be made. */
  readonly skipped: number;
  /** Artifacts that were refused or could not be written: the length of `refused`. */
  readonly errors: number;
  /** Artifacts written and skipped, by type. */
  readonly files_by_type: Readonly<Record<string, number>>;
  readonly refused: readonly RefusedArtifact[];
  /** Only from `processWithValidation`. */
  readonly validation_warnings?: readonly string[];
}

/** What checkpoints hold and show, at the most. */
export const CHECKPOINT_LIMITS = {
  /** Files of a workspace; one that has more is not kept, and the checkpoint says so. */
  files: 20_000,
  bytes: 2 * 1024 * 1024 * 1024,
  depth: 64,
  /** Bytes of a manifest when it is read back. */
  manifestBytes: 32 * 1024 * 1024,
  /** Bytes of each side of a text whose differences are shown, and characters of all differences together. */
  diffBytes: 128 * 1024,
  diffCharacters: 1024 * 1024,
  /** Lines that may be added and removed; texts that differ in more are shown as replaced. */
  diffEdits: 2000,
  /** Milliseconds that one text may take: nobody else is served meanwhile. */
  diffMs: 30,
  /** Paths of archived files that are listed. */
  archivedListed: 1000,
} as const;

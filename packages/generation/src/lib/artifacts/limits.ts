/** What one result may bring. An artifact past a limit is refused; the others are written. */
export const ARTIFACT_LIMITS = {
  /** Artifacts of one result. */
  count: 1000,
  /** Bytes of one file. */
  fileBytes: 16 * 1024 * 1024,
  /** Bytes of all files of one result. */
  totalBytes: 64 * 1024 * 1024,
  /** Bytes of a path below the base. */
  pathBytes: 1024,
  /** Bytes of one name of a path: what ext4, APFS and NTFS hold. */
  nameBytes: 255,
  /** Names of one path. */
  depth: 32,
} as const;

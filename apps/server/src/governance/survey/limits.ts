/** What a survey looks at, at the most. What is left out is said, and nothing passes because of it. */
export const SURVEY_LIMITS = {
  /** Files and folders of a workspace. */
  entries: 10_000,
  /** Levels of folders. */
  depth: 64,
  /** Bytes of a file whose text is looked at. */
  textBytes: 8 * 1024 * 1024,
  /** Bytes of a file that is parsed as code: the largest program that can be stored. */
  codeBytes: 4 * 1024 * 1024,
  /** Bytes that are read of all files together. */
  totalBytes: 256 * 1024 * 1024,
  /** Bytes of code that is made ready for its tests, all files together. */
  runnableBytes: 8 * 1024 * 1024,
  /** Findings of one kind that are kept of a file. */
  findingsPerFile: 60,
  /** Milliseconds of a survey; past it the process is killed and the survey is not complete. */
  timeMs: 60_000,
  /** How often a survey goes on behind a file that ended its process. */
  restarts: 3,
  /** Heap of the process in MB. */
  heapMb: 768,
  /** Characters of one line of its output. */
  lineCharacters: 24 * 1024 * 1024,
} as const;

/** A file above this is large. */
export const LARGE_FILE_BYTES = 5 * 1024 * 1024;

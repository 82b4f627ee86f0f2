/** Limits of the generation service. */
export const SERVICE_LIMITS = {
  /** Largest body of a request, in bytes. */
  bodyBytes: 64 * 1024 * 1024,
  /** Results that are kept on disk; the oldest go first. */
  storedResults: 1000,
  /** Plans that wait, in all and of one caller, and characters of what they hold. */
  queuedPlans: 2000,
  queuedPlansOfCaller: 1000,
  queuedCharacters: 256 * 1024 * 1024,
  /** Characters of the name by which a caller is told from others. */
  callerCharacters: 200,
  /** Events of one execution that are kept for those who come late. */
  keptEvents: 500,
  /** Characters of a text in an event, and of its data; more is cut or dropped. */
  eventTextCharacters: 2000,
  eventDataCharacters: 16_384,
  /** Executions that have ended whose events are kept, and how long, in milliseconds. */
  endedLogs: 500,
  endedLogMs: 60_000,
  /** Streams of events that are open at a time. */
  streams: 1000,
  /** Bytes that a reader of a stream may leave unread before the stream is ended. */
  unreadBytes: 1024 * 1024,
  /** A comment is sent on a stream that has been silent for so long, in milliseconds. */
  heartbeatMs: 15_000,
  /** Memory of one agent's thread, in MB. */
  agentMemoryMb: 2048,
  /** Limit of one answer of a generated program, and of one file of its tests, in milliseconds. */
  caseTimeoutMs: 5000,
  /** Memory of a generated program while it is tested, in MB. */
  caseMemoryMb: 128,
  /** Programs that agents test at a time. */
  testWorkers: 2,
  /** The longest that a graded program runs, whatever more time it is given, in milliseconds. */
  sandboxTimeoutMs: 60_000,
  /** Held-out inputs with which the latency is measured. */
  latencySamples: 200,
} as const;

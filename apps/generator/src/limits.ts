/** Limits of the generation service. */
export const SERVICE_LIMITS = {
  /** Largest body of a request, in bytes. */
  bodyBytes: 64 * 1024 * 1024,
  /** Results that are kept on disk; the oldest go first. */
  storedResults: 1000,
  /** Memory of one agent's thread, in MB. */
  agentMemoryMb: 2048,
  /** Limit of one answer of a generated program while it is tested, in milliseconds. */
  caseTimeoutMs: 5000,
  /** Memory of a generated program while it is tested, in MB. */
  caseMemoryMb: 128,
  /** Held-out inputs with which the latency is measured. */
  latencySamples: 200,
} as const;

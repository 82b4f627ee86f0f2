/** What the gates of one phase said. */
export interface PhaseGovernance {
  readonly passed: boolean | null;
  readonly warnings: readonly string[];
}

/** What is known of the quality of a run; a score is from 0 to 1, `null` when it was not measured, with the reason. */
export interface RunQuality {
  readonly phases: ReadonlyMap<string, PhaseGovernance>;
  readonly governance: { readonly score: number | null; readonly reason?: string };
  readonly hygiene: { readonly score: number | null; readonly reason?: string };
}

/** Measures the quality of a run. The joint for governance and hygiene. */
export type QualitySource = (runId: string) => Promise<RunQuality>;

/** The quality where nobody measures it. */
export const notMeasured: QualitySource = async () => ({
  phases: new Map(),
  governance: { score: null, reason: 'no gate was evaluated' },
  hygiene: { score: null, reason: 'the workspace was not examined' },
});

/** How much the last checks of the phases of some runs warned of, by run; a run of which nothing was checked is left out. */
export type WarningCounts = (runIds: readonly string[]) => Promise<ReadonlyMap<string, number>>;

/** The counts where nobody checks. */
export const noWarnings: WarningCounts = async () => new Map();

/** When traffic counts as changed. */
export interface DriftOptions {
  /** Records and minutes that a window has at the least. */
  readonly windowRecords: number;
  readonly windowMinutes: number;
  /** Records of the reference, the first ones of each version. */
  readonly referenceRecords: number;
  /** The chance of a false alarm in one window of stable traffic, over all its tests. */
  readonly significance: number;
  /** Population stability index that counts as a change; what is smaller may be certain and still not matter. */
  readonly threshold: number;
  /** Windows in a row over the threshold that make a drift, and calm ones that end it. */
  readonly windowsIn: number;
  readonly windowsOut: number;
  /** How much worse than before the quality has to become, as a share of the validations. */
  readonly qualityTolerance: number;
}

/** An hour a window, three windows each way. */
export const DEFAULT_DRIFT: DriftOptions = {
  windowRecords: 500,
  windowMinutes: 60,
  referenceRecords: 2000,
  significance: 0.01,
  threshold: 0.1,
  windowsIn: 3,
  windowsOut: 3,
  qualityTolerance: 0.1,
};

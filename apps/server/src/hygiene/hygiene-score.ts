import type { Hygiene, HygieneComponent } from '@loopwright/protocol';

/** Weight of each component, and the factor for what was counted: the first bound that holds it (`reference/domain.md` §1.3). */
const COMPONENTS: Readonly<
  Record<
    HygieneComponent['component'],
    { readonly weight: number; readonly steps: readonly (readonly [most: number, factor: number])[]; readonly rest: number }
  >
> = {
  no_orphans: {
    weight: 30,
    steps: [
      [0, 1],
      [5, 0.8],
      [10, 0.6],
      [20, 0.4],
      [50, 0.2],
    ],
    rest: 0,
  },
  no_large_files: {
    weight: 25,
    steps: [
      [0, 1],
      [3, 0.7],
      [5, 0.5],
      [10, 0.3],
    ],
    rest: 0,
  },
  no_dead_code: {
    weight: 20,
    steps: [
      [0, 1],
      [10, 0.8],
      [20, 0.6],
      [50, 0.4],
    ],
    rest: 0.2,
  },
  no_notebook_outputs: {
    weight: 15,
    steps: [
      [0, 1],
      [2, 0.7],
      [5, 0.5],
      [10, 0.3],
    ],
    rest: 0,
  },
  no_secrets: { weight: 10, steps: [[0, 1]], rest: 0 },
};

const GRADES = [
  ['A+', 95],
  ['A', 90],
  ['B+', 85],
  ['B', 80],
  ['C+', 75],
  ['C', 70],
  ['D', 60],
] as const;

/** One count, or why there is none. */
export type Counted = { readonly count: number } | { readonly reason: string };

/** What was counted, by component. */
export type HygieneCounts = Readonly<Record<HygieneComponent['component'], Counted>>;

/** The score from what was counted: the weights of what was not measured are shared by the others. */
export function hygieneScore(counts: HygieneCounts): Omit<Hygiene, 'findings'> {
  const components = Object.entries(COMPONENTS).map(([name, { weight, steps, rest }]): HygieneComponent => {
    const component = name as HygieneComponent['component'];
    const counted = counts[component];
    if ('reason' in counted) return { component, weight, count: null, factor: null, reason: counted.reason };
    const factor = steps.find(([most]) => counted.count <= most)?.[1] ?? rest;
    return { component, weight, count: counted.count, factor, reason: null };
  });
  let weights = 0;
  let sum = 0;
  for (const { weight, factor } of components) {
    if (factor === null) continue;
    weights += weight;
    sum += weight * factor;
  }
  if (weights === 0) return { score: null, grade: null, reason: 'nothing of the workspace was measured', components };
  const score = Math.round((sum / weights) * 1000) / 10;
  return { score, grade: GRADES.find(([, least]) => score >= least)?.[0] ?? 'F', reason: null, components };
}

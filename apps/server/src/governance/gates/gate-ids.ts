/** The gates that are built in. */
export const GATE_IDS: readonly string[] = [
  'plan_completeness',
  'architecture_review',
  'data_quality',
  'model_performance',
  'test_pass_rate',
  'test_coverage',
  'code_quality',
  'complexity',
  'documentation',
  'doc_completeness',
  'licences',
  'security_scan',
  'forbidden_terms',
  'no_emojis',
  'brand_colors',
  'brand_fonts',
  'hygiene',
];

/** All gates that a policy may name. */
export function gateIdsOf(custom: readonly { readonly id: string }[]): readonly string[] {
  return [...GATE_IDS, ...custom.map(({ id }) => id)];
}

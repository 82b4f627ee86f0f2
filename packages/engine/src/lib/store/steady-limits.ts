/**
 * A statement whose plan does not depend on how many rows are asked for. SQLite (since 3.47) looks into a parameter of LIMIT when it plans, and so plans a
 * prepared statement again whenever one is bound, which takes longer than most of ours run; into a sum it does not look.
 */
export function steadyLimits(sql: string): string {
  return sql.replaceAll(/\b(limit|offset)\s+(?=[?:])/gi, '$1 0 + ');
}

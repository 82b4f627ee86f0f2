/** How much of what went wrong was told; see the migration for what the columns mean. */
export interface IncidentMarkTable {
  readonly program: string;
  readonly kind: 'execution' | 'validation';
  readonly key: string;
  readonly seen: number;
}

/** What a program is to do; see the migration for what the columns mean. */
export interface ProgramTaskTable {
  readonly name: string;
  readonly description: string;
  readonly input_schema: string;
  readonly output_schema: string;
  readonly examples: string | null;
  readonly accuracy_target: number;
  readonly latency_target_ms: number;
  readonly sampling_rate: number;
  readonly created_by: string;
  readonly created_at: number;
}

import type { ExecutionRecord } from '@loopwright/protocol';

/** A cell. `null` is an empty one. */
type Cell = string | number | boolean | null;

/** What makes a spreadsheet take a text for a formula, in the widths of East Asia too. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/u;
/** What has to stand between quotation marks (RFC 4180); outer spaces, because some readers drop them. */
const SPECIAL = /[",\r\n]|^\s|\s$/u;

/** A line of CSV with its end. A text that a spreadsheet would run has an apostrophe before it. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map((cell) => (typeof cell === 'string' ? textCell(cell) : cell === null ? '' : String(cell))).join(',')}\r\n`;
}

function textCell(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return SPECIAL.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** The members of a record in the order in which they are exported. */
export const RECORD_COLUMNS = [
  'executed_at',
  'status',
  'latency_ms',
  'sampled_for_validation',
  'version',
  'id',
  'program_id',
  'task_id',
  'input_data',
  'output_data',
  'error_message',
  'validation_id',
] as const satisfies readonly (keyof ExecutionRecord)[];

/** The cells of a record: inputs and outputs as JSON, which is no formula unless it is a negative number, which is left one. */
export function recordCells(record: ExecutionRecord): Cell[] {
  return RECORD_COLUMNS.map((name) => {
    if (name !== 'input_data' && name !== 'output_data') return record[name];
    const value = record[name];
    return typeof value === 'number' || value === null ? value : JSON.stringify(value);
  });
}

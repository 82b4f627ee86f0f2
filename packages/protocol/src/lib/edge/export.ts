import { z } from 'zod';

/** What is exported of a program: what was recorded of each execution, or the figures of each day. */
export const exportKindSchema = z.enum(['executions', 'analytics']);
export type ExportKind = z.infer<typeof exportKindSchema>;

/** How. In CSV no text begins like a formula: such a one has an apostrophe before it. */
export const exportFormatSchema = z.enum(['csv', 'parquet']);
export type ExportFormat = z.infer<typeof exportFormatSchema>;

/** `GET …/executions/export` and `…/analytics/export`: which days, both included; left out: all that are there. */
export const exportQuerySchema = z
  .strictObject({
    format: exportFormatSchema.default('csv'),
    from: z.iso.date().optional(),
    to: z.iso.date().optional(),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ['to'],
    message: 'must not be before `from`',
  });
export type ExportQuery = z.output<typeof exportQuerySchema>;

/** The path of an export below that of a program, with its query. */
export function exportPath(kind: ExportKind, { format, from, to }: ExportQuery): string {
  const days = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  return `/${kind}/export?${new URLSearchParams({ format, ...days }).toString()}`;
}

/** Media types of exports. */
export const EXPORT_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  parquet: 'application/vnd.apache.parquet',
};

/** What the file of an export is called. */
export function exportFileName(program: string, kind: ExportKind, { format, from, to }: ExportQuery): string {
  return `${[program, kind, ...(from === undefined ? [] : ['from', from]), ...(to === undefined ? [] : ['to', to])].join('-')}.${format}`;
}

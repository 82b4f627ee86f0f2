import { z } from 'zod';
import { isExpression } from '../expression/expression.ts';

const PARTS_MS = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1000, milliseconds: 1 } as const;
/** ISO 8601 without years and months, which have no fixed length. */
const ISO_DURATION =
  /^P(?=.)(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?=\d)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** A duration of the DSL: an object of parts or an ISO 8601 text. Parsed into milliseconds. */
export const durationSchema = z.union([
  z
    .strictObject({
      days: z.number().nonnegative().optional(),
      hours: z.number().nonnegative().optional(),
      minutes: z.number().nonnegative().optional(),
      seconds: z.number().nonnegative().optional(),
      milliseconds: z.number().nonnegative().optional(),
    })
    .refine((parts) => Object.keys(parts).length > 0, { error: 'A duration has at least one part' })
    .transform((parts) =>
      Object.entries(PARTS_MS).reduce((total, [name, ms]) => total + (parts[name as keyof typeof PARTS_MS] ?? 0) * ms, 0),
    ),
  z.string().transform((text, context) => {
    const milliseconds = parseIsoDuration(text);
    if (milliseconds !== undefined) return milliseconds;
    context.addIssue(
      `Cannot read the duration "${text}": it is not an ISO 8601 duration of weeks, days, hours, minutes and seconds`,
    );
    return z.NEVER;
  }),
]);

/** A duration in milliseconds, or the expression that gives one when the task runs. */
export type DurationRule = number | string;
export const durationRuleSchema = z.unknown().transform((value, context): DurationRule => {
  if (typeof value === 'string' && isExpression(value)) return value;
  const parsed = durationSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { message, path } of parsed.error.issues) context.addIssue({ code: 'custom', message, path });
  return z.NEVER;
});

/** Milliseconds of an ISO 8601 duration of weeks, days, hours, minutes and seconds, or `undefined` for another text. */
function parseIsoDuration(text: string): number | undefined {
  const match = ISO_DURATION.exec(text);
  if (match === null) return undefined;
  const [weeks, days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return Math.round(
    (((weeks ?? 0) * 7 + (days ?? 0)) * 24 * 3600 + (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1000,
  );
}

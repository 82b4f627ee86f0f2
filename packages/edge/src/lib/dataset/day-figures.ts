import type { AnalyticsFigures, ExecutionRecord } from '@loopwright/protocol';
import { z } from 'zod';
import { Figures, figuresSchema } from './figures.ts';
import { INPUT_SLICES, type InputSlice } from './input-slice.ts';

/** How far the records of a day were counted: all parts before `part`, and so many bytes of it. */
const countedToSchema = z.object({ part: z.int().nonnegative(), bytes: z.int().nonnegative() });
export type CountedTo = z.infer<typeof countedToSchema>;

/** {@link DayFigures} as JSON, `analytics/figures-{day}.json`. */
export const dayFiguresSchema = z.object({
  counted_to: countedToSchema,
  all: figuresSchema,
  versions: z.record(z.string(), figuresSchema),
  hours: z.record(z.string(), figuresSchema),
  slices: z.partialRecord(z.enum(INPUT_SLICES), figuresSchema),
});

/** Versions that figures are kept of in a day; those that come later count only for the whole. */
const VERSION_LIMIT = 200;

/** Where a record belongs. */
export interface RecordPlace {
  /** Hour of the day, 0 to 23. */
  readonly hour: number;
  readonly slice: InputSlice;
}

/** The figures of a day, and of each version, hour and kind of input in it, up to a position in its file. */
export class DayFigures {
  readonly all: Figures;
  readonly versions: Map<string, Figures>;
  readonly hours: Map<string, Figures>;
  readonly slices: Map<string, Figures>;
  countedTo: CountedTo;

  constructor(stored?: z.infer<typeof dayFiguresSchema>) {
    const restored = (group: Readonly<Record<string, z.infer<typeof figuresSchema>>> | undefined): Map<string, Figures> =>
      new Map(Object.entries(group ?? {}).map(([key, figures]) => [key, Figures.fromJson(figures)]));
    this.all = stored === undefined ? new Figures() : Figures.fromJson(stored.all);
    this.versions = restored(stored?.versions);
    this.hours = restored(stored?.hours);
    this.slices = restored(stored?.slices);
    this.countedTo = stored?.counted_to ?? { part: 0, bytes: 0 };
  }

  add(record: Pick<ExecutionRecord, 'status' | 'latency_ms' | 'sampled_for_validation' | 'version'>, place: RecordPlace): void {
    this.all.add(record);
    if (record.version !== null && (this.versions.size < VERSION_LIMIT || this.versions.has(String(record.version))))
      figuresOf(this.versions, String(record.version)).add(record);
    figuresOf(this.hours, String(place.hour)).add(record);
    figuresOf(this.slices, place.slice).add(record);
  }

  /** Adds the figures of another day. */
  merge(other: DayFigures): void {
    this.all.merge(other.all);
    for (const [mine, theirs] of [
      [this.versions, other.versions],
      [this.hours, other.hours],
      [this.slices, other.slices],
    ] as const)
      for (const [key, figures] of theirs) figuresOf(mine, key).merge(figures);
  }

  toJson(): z.infer<typeof dayFiguresSchema> {
    return {
      counted_to: this.countedTo,
      all: this.all.toJson(),
      versions: plain(this.versions, (figures) => figures.toJson()),
      hours: plain(this.hours, (figures) => figures.toJson()),
      slices: plain(this.slices, (figures) => figures.toJson()),
    };
  }

  /** The figures of each version, hour and kind of input. */
  breakdown(): Record<'by_version' | 'by_hour' | 'by_slice', Record<string, AnalyticsFigures>> {
    const summaries = (group: ReadonlyMap<string, Figures>): Record<string, AnalyticsFigures> =>
      plain(group, (figures) => figures.summary());
    return { by_version: summaries(this.versions), by_hour: summaries(this.hours), by_slice: summaries(this.slices) };
  }
}

function figuresOf(group: Map<string, Figures>, key: string): Figures {
  const known = group.get(key);
  if (known !== undefined) return known;
  const fresh = new Figures();
  group.set(key, fresh);
  return fresh;
}

function plain<T>(group: ReadonlyMap<string, Figures>, value: (figures: Figures) => T): Record<string, T> {
  return Object.fromEntries([...group].map(([key, figures]) => [key, value(figures)]));
}

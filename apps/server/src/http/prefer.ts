/** What a caller prefers (RFC 7240). */
export interface Preference {
  /** Whether to answer before the work is done. */
  readonly isAsync: boolean;
  /** How long to wait for the work, in milliseconds. */
  readonly waitMs: number | undefined;
}

/** Reads the `Prefer` header; preferences that are not known are left aside, as the standard says. */
export function readPrefer(header: string | string[] | undefined): Preference {
  const wanted = [header ?? []]
    .flat()
    .join(',')
    .split(',')
    .map((part) => part.split(';')[0]?.trim().toLowerCase() ?? '');
  const wait = wanted.map((part) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(part)?.[1]).find((seconds) => seconds !== undefined);
  return { isAsync: wanted.includes('respond-async'), waitMs: wait === undefined ? undefined : Number(wait) * 1000 };
}

const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'narrow' });

/** How long ago or ahead a time is, such as "5 min ago"; both in milliseconds since 1970-01-01 UTC. */
export function relativeTime(at: number, now: number): string {
  const seconds = (at - now) / 1000;
  if (Math.abs(seconds) < 1) return 'now';
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return relative.format(Math.trunc(seconds / size), unit);
}

/** Date and time to the second in a time zone; `local` for that of the device. */
export function absoluteTime(at: number, timeZone: string, { withZone = false }: { withZone?: boolean } = {}): string {
  const formats = formatsOf(timeZone);
  const text = formats.time.format(at);
  return withZone ? `${text} ${zoneNameAt(at, formats)}`.trim() : text;
}

/** Zones change their names at full quarters of an hour, of which a list has few. */
const QUARTER_MS = 900_000;

function zoneNameAt(at: number, formats: Formats): string {
  const quarter = Math.floor(at / QUARTER_MS);
  if (formats.named?.quarter !== quarter) {
    const name = formats.zone.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    formats.named = { quarter, name };
  }
  return formats.named.name;
}

interface Formats {
  readonly time: Intl.DateTimeFormat;
  readonly zone: Intl.DateTimeFormat;
  /** What the zone is called in the quarter of an hour that was asked for last. */
  named?: { readonly quarter: number; readonly name: string };
}

/** To make one takes longer than to draw the row that it is for. */
const knownFormats = new Map<string, Formats>();

function formatsOf(timeZone: string): Formats {
  const known = knownFormats.get(timeZone);
  if (known !== undefined) return known;
  const zone = timeZone === 'local' ? {} : { timeZone };
  const made: Formats = {
    time: new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', ...zone }),
    zone: new Intl.DateTimeFormat('en', { timeZoneName: 'short', ...zone }),
  };
  knownFormats.set(timeZone, made);
  return made;
}

/** A duration as people read it: "320 ms", "4.2 s", "3 m 05 s", "2 h 10 m", "3 d 4 h". */
export function durationText(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${two(whole % 60)} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} m`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** US dollars with two to four decimals. */
export function dollarText(usd: number): string {
  const digits = usd !== 0 && Math.abs(usd) < 0.01 ? 4 : 2;
  return `$${usd.toFixed(digits)}`;
}

/** A count with K or M, as `seeds/001` has it. */
export function countText(count: number): string {
  if (count >= 1_000_000) return `${(count / 1_000_000).toFixed(2)}M`;
  if (count >= 10_000) return `${(count / 1000).toFixed(2)}K`;
  return count.toLocaleString('en');
}

/** A count to the last one, where it is compared with another. */
export function exactText(count: number): string {
  return count.toLocaleString('en');
}

/** A size in bytes, in powers of 1024. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** A share from 0 to 1 as per cent. */
export function percentText(share: number): string {
  return `${(share * 100).toFixed(share === 0 || share === 1 ? 0 : 1)} %`;
}

/** A latency, which is often less than a millisecond: "0.24 ms", "3.1 ms", "420 ms", "1.2 s". */
export function latencyText(ms: number): string {
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  return ms < 10 ? `${ms.toFixed(1)} ms` : durationText(ms / 1000);
}

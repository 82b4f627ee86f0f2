const UNITS = ['K', 'M', 'G', 'T'];

/** Bytes as Redis writes them: `0B`, `512B`, `1.50K`, `64.00M`. */
export function readableBytes(bytes: number): string {
  let value = bytes;
  let unit = 'B';
  for (const next of UNITS) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return unit === 'B' ? `${value}B` : `${value.toFixed(2)}${unit}`;
}

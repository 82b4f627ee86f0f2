/** Median and 99th percentile in milliseconds, which are often parts of one. */
export function latencyText(p50: number, p99: number): string {
  return `${numberText(p50)} / ${numberText(p99)} ms`;
}

function numberText(milliseconds: number): string {
  return milliseconds < 10 ? milliseconds.toFixed(2) : Math.round(milliseconds).toLocaleString('en');
}

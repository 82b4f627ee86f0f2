/** Milliseconds inside the sandbox, which are often a part of one. */
export function latencyText(milliseconds: number): string {
  return `${milliseconds < 10 ? milliseconds.toFixed(2) : Math.round(milliseconds).toLocaleString('en')} ms`;
}

/** What stands in a text in place of a secret. */
export const REDACTED = '[REDACTED]';

/** Shorter values stand in too many texts by chance. */
const SHORTEST = 4;
/** Values that are kept, old ones of rotated secrets included; the oldest go first. */
const KEPT_VALUES = 1000;

/** Takes secrets out of texts: as they are, and as JSON, URLs and base64 write them. What is cut in two by who writes is not found. */
export class Redactor {
  readonly #values = new Map<string, readonly string[]>();
  #forms: readonly string[] = [];

  /** Keeps a value that no text may hold from now on. */
  add(value: string): void {
    if (value.length < SHORTEST || this.#values.has(value)) return;
    const oldest = this.#values.size >= KEPT_VALUES ? this.#values.keys().next().value : undefined;
    if (oldest !== undefined) this.#values.delete(oldest);
    this.#values.set(value, [
      value,
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value.toWellFormed()),
      Buffer.from(value).toString('base64'),
    ]);
    // The longest first, or a part of it would keep the rest from being found.
    this.#forms = [...new Set([...this.#values.values()].flat())].sort((one, other) => other.length - one.length);
  }

  redact(text: string): string {
    let clean = text;
    for (const form of this.#forms) clean = clean.replaceAll(form, REDACTED);
    return clean;
  }
}

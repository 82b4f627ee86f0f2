import { list } from './markdown.ts';

/** Where the figures of a document come from: each source is an artifact or a set of examples, named by its digest. */
export class Sources {
  readonly #sources = new Map<string, string>();

  /** The mark that stands behind a figure, as `[2]`. The same source has the same mark. */
  cite(what: string, digest: string): string {
    const key = `${what}: sha256 ${digest}`;
    if (!this.#sources.has(key)) this.#sources.set(key, digest);
    return `[${[...this.#sources.keys()].indexOf(key) + 1}]`;
  }

  /** The section that ends a document. */
  section(): string {
    return `## Sources\n\nA figure with a mark was measured in this run, on what the mark names.\n\n${list([...this.#sources.keys()].map((key, index) => `[${index + 1}] ${key}`))}`;
  }
}

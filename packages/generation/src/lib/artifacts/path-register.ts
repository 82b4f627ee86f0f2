import { foldName } from './artifact-path.ts';

/** The paths of one result so far; tells when two of them would be one file, or a file and a folder, on some file system. */
export class PathRegister {
  /** Folded path → the spelling that came first. */
  readonly #files = new Map<string, string>();
  readonly #folders = new Map<string, string>();

  /** Adds a path, or says why it cannot stand beside the ones before. The same spelling may come again. */
  add(names: readonly string[]): string | undefined {
    const path = names.join('/');
    const key = names.map(foldName).join('/');
    const twin = this.#files.get(key);
    if (twin !== undefined && twin !== path) return `the path differs only in case or Unicode form from "${twin}"`;
    if (this.#folders.has(key)) return `the path is also a folder of "${this.#folders.get(key)}"`;
    const folders = names.slice(0, -1).map((_, index) =>
      names
        .slice(0, index + 1)
        .map(foldName)
        .join('/'),
    );
    const blocking = folders.find((folder) => this.#files.has(folder));
    if (blocking !== undefined) return `a folder of the path is also the file "${this.#files.get(blocking)}"`;
    this.#files.set(key, path);
    for (const folder of folders) if (!this.#folders.has(folder)) this.#folders.set(folder, path);
    return undefined;
  }
}

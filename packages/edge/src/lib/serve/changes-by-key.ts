/** Changes of things with keys: those of one key are done one after the other, those of others at the same time. */
export class ChangesByKey {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Does a change as soon as those asked for before it are over, whether they succeeded or not. */
  run<Result>(key: string, change: () => Promise<Result>): Promise<Result> {
    const result = (this.#last.get(key) ?? Promise.resolve()).then(change, change);
    this.#last.set(key, result);
    const forget = (): void => {
      if (this.#last.get(key) === result) this.#last.delete(key);
    };
    result.then(forget, forget);
    return result;
  }

  /** Resolves when all that has been asked for is over. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}

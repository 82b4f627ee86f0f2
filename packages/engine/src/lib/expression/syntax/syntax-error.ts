/** The source is not jq. */
export class JqSyntaxError extends Error {
  override readonly name = 'JqSyntaxError';

  constructor(reason: string, at: number) {
    super(`${reason} (at character ${at + 1})`);
  }
}

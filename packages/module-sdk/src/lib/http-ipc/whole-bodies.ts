/** Bodies of answers that our own helpers made: they need not be read back out of their streams, which costs more than all else. */
const WHOLE = new WeakMap<Response, Uint8Array>();

/** An answer with a text. */
export function textResponse(text: string, init: { status: number; headers: Record<string, string> }): Response {
  const bytes = Buffer.from(text);
  const response = new Response(bytes, init);
  WHOLE.set(response, bytes);
  return response;
}

/** The body of an answer when it is known and nobody has read it. */
export function wholeBodyOf(response: Response): Uint8Array | undefined {
  return response.bodyUsed ? undefined : WHOLE.get(response);
}

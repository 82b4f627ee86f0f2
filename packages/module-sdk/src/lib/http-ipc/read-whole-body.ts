import type { WholeBody } from './whole-body.ts';

type Fetched = Request | Response;

/** What reads a body, and how a whole one is read. */
const READS: Readonly<Record<string, (whole: WholeBody, headers: Headers) => unknown>> = {
  text: (whole) => whole.text(),
  json: (whole) => JSON.parse(whole.text()) as unknown,
  bytes: (whole) => whole.bytes(),
  arrayBuffer: (whole) => whole.bytes().buffer,
  blob: (whole, headers) => new Response(whole.bytes(), { headers }).blob(),
  formData: (whole, headers) => new Response(whole.bytes(), { headers }).formData(),
};

/**
 * Has the members of a kind of `Request` or `Response` that read its body read its whole body, where it has one, and not the stream of the class that it extends. By
 * properties of the prototype, for TypeScript knows those members as properties, which accessors and methods of a class cannot override.
 */
export function readWholeBody<T extends Fetched>(prototype: T, wholeOf: (self: T) => WholeBody | undefined): void {
  const inherited = Object.getPrototypeOf(prototype) as Record<string, () => unknown>;
  for (const [name, read] of Object.entries(READS))
    Object.defineProperty(prototype, name, {
      async value(this: T) {
        const whole = wholeOf(this);
        return whole === undefined ? inherited[name]?.call(this) : read(whole, this.headers);
      },
    });
  Object.defineProperties(prototype, {
    body: {
      get(this: T) {
        const whole = wholeOf(this);
        return whole === undefined ? Reflect.get(inherited, 'body', this) : whole.stream;
      },
    },
    bodyUsed: {
      get(this: T) {
        const whole = wholeOf(this);
        return whole === undefined ? Reflect.get(inherited, 'bodyUsed', this) : whole.isUsed;
      },
    },
  });
}

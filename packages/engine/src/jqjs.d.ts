declare module '@michaelhomer/jqjs' {
  import type { Json } from '@loopwright/protocol';
  /** Compiles a jq program; the filter yields its results one by one. Throws a text or an Error for a wrong program. */
  export function compile(program: string): (input: Json) => Iterable<Json>;
}

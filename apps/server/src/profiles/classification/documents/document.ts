/** A document before it is written: its name and its text. */
export interface DraftDocument {
  readonly name: string;
  readonly content: string;
}

/** A document of data, indented for people. */
export function dataDocument(name: string, value: object): DraftDocument {
  return { name, content: `${JSON.stringify(value, null, 2)}\n` };
}

import { type JsonObject, jsonObjectSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { KNOWN_DOCUMENTS, isKnownDocument } from './known-documents.ts';

const nameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.(?:md|json)$/, 'is no name of a Markdown or JSON document');
const sectionsSchema = z
  .record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), z.string().min(1).max(500))
  .refine((sections) => Object.keys(sections).length >= 1 && Object.keys(sections).length <= 30, 'has not 1 to 30 sections');

/** A document with its sections (Markdown) or its JSON Schema. */
const describedOutputSchema = z.union([
  z.strictObject({ name: nameSchema.regex(/\.md$/), title: z.string().min(1).max(200), sections: sectionsSchema }),
  z.strictObject({ name: nameSchema.regex(/\.json$/), schema: jsonObjectSchema }),
]);

/** What an agent shall write: the name of a document that everybody knows, or one that the definition describes. */
export const agentOutputSchema = z.union([
  z.string().refine(isKnownDocument, `is none of the known documents: ${Object.keys(KNOWN_DOCUMENTS).join(', ')}`),
  describedOutputSchema,
]);

/** A document with sections: each is a text of its own in the answer, and a heading in the file. */
interface SectionedDocument {
  readonly name: string;
  readonly title: string;
  /** What each section says, by its key. */
  readonly sections: Readonly<Record<string, string>>;
}
/** A document of data. */
interface DataDocument {
  readonly name: string;
  readonly schema: JsonObject;
}
/** A document that an agent writes. */
export type AgentDocument = SectionedDocument | DataDocument;

/** The document that an output of a definition means. */
export function documentOf(output: z.infer<typeof agentOutputSchema>): AgentDocument {
  if (typeof output !== 'string') return output;
  const known = KNOWN_DOCUMENTS[output];
  if (known === undefined) throw new RangeError(`Cannot write "${output}": nobody knows the document`);
  return known;
}

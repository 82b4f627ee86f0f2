import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { messageOf } from '@loopwright/protocol/message-of';
import type { Contents } from './read-contents.ts';
import type { Validation, Validator } from './survey.ts';

/** Checks documents of the workspace against the schemas of a policy; runs in the process of the survey, which is killed when a schema takes too long. */
export function validateDocuments(
  validators: readonly Validator[],
  contentsOf: (path: string) => Contents | undefined,
): Validation[] {
  return validators.map(({ id, file, jsonSchema }) => {
    const contents = contentsOf(file);
    if (contents === undefined) return { id, exists: false, errors: ['the file is not there'] };
    if (contents.text === null) return { id, exists: true, errors: [contents.unread ?? 'it is no text'] };
    return { id, exists: true, errors: jsonSchema === undefined ? [] : errorsOf(contents.text, jsonSchema) };
  });
}

function errorsOf(text: string, schema: Readonly<Record<string, unknown>>): string[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return [`it is not JSON: ${messageOf(error)}`.slice(0, 400)];
  }
  try {
    const isOld = typeof schema['$schema'] === 'string' && schema['$schema'].includes('draft-07');
    const options = { allErrors: true, strict: false, validateFormats: false, addUsedSchema: false };
    const check = (isOld ? new Ajv(options) : new Ajv2020(options)).compile({ ...schema });
    if (check(document)) return [];
    return (check.errors ?? [])
      .slice(0, 50)
      .map(({ instancePath, message }) => `${instancePath || '/'} ${message ?? 'is wrong'}`.slice(0, 400));
  } catch (error) {
    return [`the schema of the gate cannot be used: ${messageOf(error)}`.slice(0, 400)];
  }
}

import type { ModelTool } from '@loopwright/models';
import { LOOP_LIMITS } from '../loop/limits.ts';

/** How a model gives its files. */
export const SUBMIT_FILES: ModelTool = {
  name: 'submit_files',
  description: 'Gives all files of the answer. Every file that you want to keep has to be in it, whole.',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['summary', 'files'],
    properties: {
      summary: { type: 'string', description: 'What the files do, in a few sentences', maxLength: 2000 },
      files: {
        type: 'array',
        minItems: 1,
        maxItems: LOOP_LIMITS.files,
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['path', 'content'],
          properties: {
            path: { type: 'string', description: 'Relative, "/" between names', maxLength: LOOP_LIMITS.pathCharacters },
            content: { type: 'string', description: 'The whole content of the file' },
            purpose: { type: 'string', description: 'What the file is for', maxLength: 500 },
          },
        },
      },
    },
  },
};

/** How a model calls granted tools: by a program whose prints are all that comes back. */
export const RUN_PROGRAM: ModelTool = {
  name: 'run_program',
  description:
    'Runs a TypeScript program that may call the granted tools as asynchronous functions of "tools". Only what it prints with print(…) comes back, so filter and sum up in the program.',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['code'],
    properties: {
      code: { type: 'string', description: 'Statements of an asynchronous function; no imports', maxLength: 100_000 },
    },
  },
};

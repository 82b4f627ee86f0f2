import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type FunctionCatalogue, type WorkflowDefinition, loadDefinition } from '@loopwright/engine';
import { PlatformError, messageOf } from '@loopwright/protocol';

/** The definitions that come with the server. */
export const BUNDLED_WORKFLOWS = join(import.meta.dirname, 'definitions');

/** Reads every `.yaml`, `.yml` and `.json` of a folder as a definition. Throws INVALID_DEFINITION naming the file; a folder that cannot be read is INVALID_CONFIGURATION. */
export function loadWorkflows(folder: string, functions: FunctionCatalogue): WorkflowDefinition[] {
  return namesIn(folder).map((name) => {
    const file = join(folder, name);
    try {
      return loadDefinition(readFileSync(file, 'utf8'), functions);
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      const details = { ...error.details, file };
      throw new PlatformError(error.code, `${error.message} (in "${file}": ${JSON.stringify(error.details?.['issues'] ?? [])})`, {
        details,
        cause: error,
      });
    }
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.(?:ya?ml|json)$/.test(name))
      .sort();
  } catch (error) {
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot read the folder of workflows "${folder}": ${messageOf(error)}`, {
      cause: error,
    });
  }
}

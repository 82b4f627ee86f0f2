import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CatalogueReader, type FunctionCatalogue, type WorkflowDefinition, loadWithCatalogues } from '@loopwright/engine';
import { PlatformError, messageOf } from '@loopwright/protocol';
import { weaveDefinition } from '../runs/profile/weave-definition.ts';

/** The definitions that come with the server. */
export const BUNDLED_WORKFLOWS = join(import.meta.dirname, 'definitions');

/** The profiles that come with the server: definitions whose top-level tasks are phases. */
export const BUNDLED_PROFILES = join(import.meta.dirname, '../profiles/definitions');

/**
 * Reads every `.yaml`, `.yml` and `.json` of a folder as a definition, with the functions of catalogues that it calls and, if it is a profile, the waits of its phases. Throws INVALID_DEFINITION naming the file; a
 * folder that cannot be read is INVALID_CONFIGURATION.
 */
export async function loadWorkflows(
  folder: string,
  functions: FunctionCatalogue,
  readCatalogue: CatalogueReader,
): Promise<WorkflowDefinition[]> {
  const definitions: WorkflowDefinition[] = [];
  for (const name of namesIn(folder)) {
    const file = join(folder, name);
    try {
      const written = await loadWithCatalogues(await readFile(file, 'utf8'), functions, readCatalogue);
      definitions.push(weaveDefinition(written, functions));
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error;
      const details = { ...error.details, file };
      throw new PlatformError(error.code, `${error.message} (in "${file}": ${JSON.stringify(error.details?.['issues'] ?? [])})`, {
        details,
        cause: error,
      });
    }
  }
  return definitions;
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

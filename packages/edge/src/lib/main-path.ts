import { fileURLToPath } from 'node:url';

/**
 * The file that runs an edge as a module: spawn it with Node (and `--conditions=loopwright-source` when working from source) and speak
 * the module protocol with it.
 */
export function edgeMainPath(): string {
  return fileURLToPath(new URL(`../main.${import.meta.filename.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url));
}

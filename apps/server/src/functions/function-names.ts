/** The functions that the server gives to definitions, besides the engine's own. */
export const FUNCTION_NAMES = [
  'prepare',
  'generate',
  'evaluate',
  'compare',
  'promote',
  'module',
  'check',
  'checkpoint',
  'agent',
  'induction',
] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

import { type FunctionCatalogue, type WorkflowDefinition, loadWovenDefinition } from '@loopwright/engine';
import { CHECKPOINT_TASKS } from '../../checkpoints/checkpoint-tasks.ts';
import { weavePhases } from './weave-phases.ts';

/**
 * The definition as it is registered: a profile with the waits of its phases, any other as it is. It was checked as it was written, so that what is wrong
 * is pointed to where its author wrote it. Throws INVALID_DEFINITION.
 */
export function weaveDefinition(definition: WorkflowDefinition, functions: FunctionCatalogue): WorkflowDefinition {
  // Only where something keeps checkpoints: the functions of a server that has none cannot be called.
  const woven = weavePhases(definition.source, Object.hasOwn(functions, 'checkpoint') ? CHECKPOINT_TASKS : {});
  return woven === definition.source ? definition : loadWovenDefinition(woven, functions);
}

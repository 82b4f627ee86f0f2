import { type Json, PlatformError } from '@loopwright/protocol';
import type { WorkflowDefinition } from '../definition/definition.ts';
import type { SchemaValidator } from '../interpreter/schema-validator.ts';

/** Checks what an execution is to start with against the schema of its workflow. Throws VALIDATION_ERROR with every issue. */
export function checkInput(schemas: SchemaValidator, { name, document }: WorkflowDefinition, input: Json): void {
  const issues = schemas
    .issues(document.input?.schema, input)
    .map(({ pointer, message }) => ({ pointer: `/input${pointer}`, message }));
  if (issues.length === 0) return;
  const summary = issues.map(({ pointer, message }) => `${pointer} ${message}`).join('; ');
  throw new PlatformError('VALIDATION_ERROR', `Cannot start "${name}": ${summary}`, { details: { issues } });
}

import type { WorkflowEngine } from '../engine-port.ts';
import type { FunctionCatalogue } from '../interpreter/call-function.ts';

/** A place where an engine keeps what it has: opened again, it is the same place. One engine at a time is open over it. */
export interface ConformanceWorld extends AsyncDisposable {
  /** Opens an engine; the suite registers definitions and calls `recover`, and closes it. */
  open(functions: FunctionCatalogue): Promise<WorkflowEngine>;
  /** How the same engine is opened in a process of its own: a module that calls {@link runConformanceChild}, and what that one gets. */
  readonly child: { readonly module: string; readonly world: string };
}

/** What the suite needs of an engine. */
export interface ConformanceHarness {
  /** Makes a new, empty place. The suite disposes it. */
  world(): Promise<ConformanceWorld>;
  /** How many executions and steps the bigger cases have, so that they take seconds on this engine. */
  readonly size: { readonly killed: number; readonly steps: number };
}

import type { GrantRole } from './roles.ts';

/** What a user may in one project. */
export interface GrantTable {
  readonly user_id: string;
  readonly project_id: string;
  readonly role: GrantRole;
  readonly granted_by: string;
  readonly granted_at: number;
}

/** A project that a set of examples was sent for. */
export interface ExampleProjectTable {
  readonly digest: string;
  readonly project_id: string;
  readonly sent_by: string;
  readonly sent_at: number;
}

/** The project whose executions made a program first. */
export interface ProgramProjectTable {
  readonly name: string;
  readonly project_id: string;
  readonly claimed_at: number;
}

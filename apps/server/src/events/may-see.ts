import type { Principal } from '../identity/principal.ts';

/** Whether somebody may see what belongs to a project. Asked for each event, so it answers from memory. */
export type MaySee = (principal: Principal, projectId: string) => boolean;

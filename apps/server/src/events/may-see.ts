import type { Principal } from '../identity/principal.ts';

/** Whether somebody may see what belongs to a project. Asked for each event, so it answers from memory. */
export type MaySee = (principal: Principal, projectId: string) => boolean;

/** Every role may look, on each project for which a principal has one: whoever was let in has one on all of them. */
export const maySee: MaySee = ({ projects, role }, projectId) => (projects.get(projectId) ?? role) !== undefined;

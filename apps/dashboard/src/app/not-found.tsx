import { Link } from '@tanstack/react-router';
import type { ReactElement } from 'react';
import { EmptyState } from '../shared/ui/states.tsx';

/** A path that has no page. */
export function NotFound(): ReactElement {
  return (
    <EmptyState isPage title="There is no such page" action={<Link to="/orchestrator/runs">All runs</Link>}>
      The address may be mistyped, or of another version of Loopwright.
    </EmptyState>
  );
}

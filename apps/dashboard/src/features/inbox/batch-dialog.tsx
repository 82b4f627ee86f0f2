import type { InboxEntry } from '@loopwright/protocol';
import type { ReactElement } from 'react';
import { Button } from '../../shared/ui/button.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';

/** Decides several acceptances at once. */
export function BatchDialog({ entries, onClose }: { entries: readonly InboxEntry[]; onClose: () => void }): ReactElement {
  return (
    <Dialog
      title={`Decide ${entries.length} together`}
      isOpen
      onClose={onClose}
      actions={<Button onClick={onClose}>Cancel</Button>}
    >
      <p>…</p>
    </Dialog>
  );
}

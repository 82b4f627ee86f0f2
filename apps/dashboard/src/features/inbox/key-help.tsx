import type { ReactElement } from 'react';
import { Button } from '../../shared/ui/button.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { KEY_HELP } from './use-inbox-keys.ts';

/** What the keys do. */
export function KeyHelp({ onClose }: { onClose: () => void }): ReactElement {
  return (
    <Dialog title="Keys of the inbox" isOpen onClose={onClose} actions={<Button onClick={onClose}>Close</Button>}>
      <dl className="facts">
        {KEY_HELP.map(([keys, what]) => (
          <div key={keys} className="key-row">
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

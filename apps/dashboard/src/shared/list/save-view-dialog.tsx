import { type ReactElement, useState } from 'react';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';

/** Asks for the name under which a view is saved. */
export function SaveViewDialog({
  shown,
  onSave,
  onClose,
}: {
  /** What the view shows, in words. */
  shown: string;
  onSave: (name: string) => void;
  onClose: () => void;
}): ReactElement {
  const [name, setName] = useState('');
  const save = (): void => {
    if (name.trim() !== '') onSave(name.trim());
  };
  return (
    <Dialog
      title="Save this view"
      isOpen
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={name.trim() === ''} onClick={save}>
            Save
          </Button>
        </>
      }
    >
      <p className="muted">Shows {shown}.</p>
      <TextField
        label="Name"
        maxLength={60}
        value={name}
        onText={setName}
        onKeyDown={({ key }) => (key === 'Enter' ? save() : undefined)}
      />
    </Dialog>
  );
}

import { messageOf } from '@loopwright/protocol';
import { useMutation } from '@tanstack/react-query';
import type { ReactElement, ReactNode } from 'react';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { showToast } from './toasts.tsx';

/** Something that a dialog does, and how far it is. */
export interface Doing {
  readonly run: () => void;
  readonly isPending: boolean;
  readonly error: unknown;
}

/** Does the work when asked; says so and closes the dialog when it is done. An error stays in the dialog. */
export function useDone(work: () => Promise<unknown>, { text, onClose }: { text: string; onClose: () => void }): Doing {
  const { mutate, isPending, error } = useMutation({
    meta: { quiet: true },
    mutationFn: work,
    onSuccess: () => {
      showToast(text);
      onClose();
    },
  });
  return { run: () => mutate(), isPending, error };
}

/** A dialog that asks before something is done, and shows why it could not be done. */
export function AskDialog({
  title,
  verb,
  act,
  onClose,
  isDanger = false,
  isOff = false,
  children,
}: {
  title: string;
  verb: string;
  act: Doing;
  onClose: () => void;
  isDanger?: boolean;
  /** Whether something that is needed is missing. */
  isOff?: boolean;
  children: ReactNode;
}): ReactElement {
  return (
    <Dialog
      title={title}
      isOpen
      isAlert={isDanger}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Leave it</Button>
          <Button look={isDanger ? 'danger' : 'primary'} disabled={act.isPending || isOff} onClick={act.run}>
            {verb}
          </Button>
        </>
      }
    >
      {children}
      {act.error === null ? null : (
        <p className="field-error" role="alert">
          {messageOf(act.error)}
        </p>
      )}
    </Dialog>
  );
}

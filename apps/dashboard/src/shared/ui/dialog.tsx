import type { ReactElement, ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useFocusBack } from './opener.ts';
import './overlay.css';

/** A dialog in front of the page: keeps the focus, closes with Escape, and gives the focus back. Load it with what opens it. */
export function Dialog({
  title,
  isOpen,
  onClose,
  children,
  actions,
  isAlert = false,
}: {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  /** The buttons, the one that does it last. */
  actions: ReactNode;
  /** Whether it warns of something that cannot be taken back. */
  isAlert?: boolean;
}): ReactElement {
  useFocusBack();
  return (
    <ModalOverlay
      className="overlay"
      isOpen={isOpen}
      onOpenChange={(open) => (open ? undefined : onClose())}
      isDismissable={!isAlert}
    >
      <Modal className="modal">
        <AriaDialog ref={focusAtOnce} className="dialog" role={isAlert ? 'alertdialog' : 'dialog'}>
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
          <div className="dialog-actions">{actions}</div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

/** React Aria takes the click that a key makes for one of a screen reader, and leaves the focus nowhere for half a second: Escape would do nothing so long. */
function focusAtOnce(dialog: HTMLElement | null): void {
  if (dialog !== null && !dialog.contains(document.activeElement)) dialog.focus({ preventScroll: true });
}

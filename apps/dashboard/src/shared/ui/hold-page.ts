let held = 0;

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** Lets the browser ask before the page is left, because something that was decided here is not sent yet; gives what ends that. */
export function holdPage(): () => void {
  let isHeld = true;
  held += 1;
  if (held === 1) window.addEventListener('beforeunload', ask);
  return () => {
    if (!isHeld) return;
    isHeld = false;
    held -= 1;
    if (held === 0) window.removeEventListener('beforeunload', ask);
  };
}

/** Looks again, for some seconds at the most, until something is so; says whether it is. The policy of the pages forbids Playwright's own way. */
export async function until(isSo: () => Promise<boolean>, tries = 250): Promise<boolean> {
  for (let at = 0; at < tries; at += 1) {
    if (await isSo()) return true;
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
  return isSo();
}

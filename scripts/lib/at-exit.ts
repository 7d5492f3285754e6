const works = new Set<() => void>();
let listens = false;

/**
 * Does what cannot wait when this process ends, however it ends but by SIGKILL. One listener does all of it: Node takes more
 * than ten for a leak.
 * @param work Must be done when it returns: nothing that it starts goes on.
 * @returns What calls it off.
 */
export function atExit(work: () => void): () => void {
  if (!listens) process.once("exit", doAll);
  listens = true;
  works.add(work);
  return () => void works.delete(work);
}

function doAll(): void {
  for (const work of works) {
    try {
      work();
    } catch (error) {
      // The others must be done all the same.
      console.error(error);
    }
  }
}
